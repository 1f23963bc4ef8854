#pragma once

#include <memory>
#include <string>

#include <curl/curl.h>

namespace lian {
inline namespace v0 {

class CurlMulti;
class Transfer;

/// Where requests go, read once for all of them: libcurl would take the URL apart and put it
/// together again for each.
class Target {
 public:
  /// `url` has passed check_http_url; `proxy` is empty for none.
  Target(const std::string& url, std::string proxy);
  ~Target();
  Target(const Target&) = delete;
  Target& operator=(const Target&) = delete;

  const std::string& proxy() const noexcept { return proxy_; }

 private:
  friend class EasyHandle;
  std::string text_, proxy_;
  CURLU* url_;
  bool tls_;
};

/// libcurl's handle of one exchange. Stays configured for the next one: only what differs is set.
class EasyHandle {
 public:
  explicit EasyHandle(CurlMulti& multi);
  ~EasyHandle();
  EasyHandle(const EasyHandle&) = delete;
  EasyHandle& operator=(const EasyHandle&) = delete;

  void begin(Transfer& owner);
  void end() noexcept;

  CURL* easy() const noexcept { return easy_; }
  Transfer* owner() const noexcept { return owner_; }
  /// What libcurl says of a failure.
  std::string message(CURLcode code) const;

 private:
  void set(CURLoption option, long& known, long value);
  void go_to(const std::shared_ptr<const Target>& target, bool raw);
  void send_by(const std::string& method);

  CurlMulti* multi_;
  CURL* easy_;
  Transfer* owner_ = nullptr;
  std::shared_ptr<const Target> target_;
  bool raw_ = false;
  std::string method_;
  long connect_timeout_ms_ = -1, receive_bytes_ = -1;
  char message_[CURL_ERROR_SIZE] = {};
};

}  // namespace v0
}  // namespace lian
