#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <curl/curl.h>

#include "lian/core/http_transport.hpp"
#include "lian/core/loop.hpp"
#include "net/easy_handle.hpp"
#include "net/header_lines.hpp"

namespace lian {
inline namespace v0 {

class CurlMulti;
class UvLoop;

/// One HTTP exchange on one loop. libcurl's callbacks only collect bytes and queue the coroutine
/// that waits; nothing is resumed inside of them. Destroying it removes it from libcurl at once.
class Transfer : private detail::Timer {
 public:
  Transfer(CurlMulti& multi, HttpRequest request, std::shared_ptr<const Target> target,
           HttpLimits limits);
  ~Transfer() override;

  /// Waits until there is something new: the header, bytes, the end, or what was watched for.
  class News : public detail::Wait {
   public:
    explicit News(Transfer& transfer) noexcept : transfer_(&transfer) {}
    ~News() { detach(); }
    void await_resume() const { check(); }

   private:
    friend class Transfer;
    bool attach() override;
    void detach() noexcept override;
    Transfer* transfer_;
  };

  // Of a request that asks for a WebSocket libcurl makes the connection and no more: what goes over
  // it is the caller's, who reads until there is nothing, then waits for news.

  /// Whether the connection stands, TLS and proxy included.
  bool connected() const noexcept { return connected_; }
  enum class Got { bytes, nothing, end };
  /// Appends the bytes at hand. Throws what ended the exchange, Error{network}.
  Got receive(std::string& out);
  /// Sends what goes out without waiting and drops it from the front of `bytes`.
  void send(std::string& bytes);
  /// Has the next news come when the connection is readable or writable.
  void watch(bool readable, bool writable);

  bool has_header() const noexcept { return header_done_; }
  bool ended() const noexcept { return ended_; }
  int status() const noexcept { return status_; }
  HttpHeaders take_headers() noexcept { return std::move(headers_); }
  /// The bytes that came; lets a paused transfer go on.
  std::string take();
  /// The reader has all it needs: when dropped, the exchange may end by itself within a second, so
  /// that its connection stays usable.
  void drain_when_dropped() noexcept { drain_ = true; }
  bool drains() const noexcept { return drain_ && !ended_; }
  bool has_bytes() const noexcept { return !bytes_.empty(); }
  /// Throws what ended the exchange, unless it ended well.
  void check_end() const;
  const HttpRequest& request() const noexcept { return request_; }
  std::size_t max_body_bytes() const noexcept { return limits_.max_body_bytes(); }

 private:
  friend class CurlMulti;
  friend class EasyHandle;
  void start();
  void expired() noexcept override;
  void finished(CURLcode code) noexcept;
  void stands() noexcept;
  void came(Clock::time_point now) noexcept;
  void fail(std::exception_ptr error) noexcept;
  void tell() noexcept;
  void drop_sent() noexcept;
  /// libcurl sends a request again by itself when a warm connection turns out dead; how often a
  /// request is sent is the caller's to decide.
  bool may_send() noexcept { return !std::exchange(sent_, true); }
  std::size_t on_header(std::string_view line);
  std::size_t on_bytes(std::string_view bytes);
  std::exception_ptr error_of(CURLcode code) const;
  std::exception_ptr refused(std::string_view what) const;
  std::exception_ptr judge_header() const;
  std::exception_ptr header_too_large(std::size_t limit) const;

  CurlMulti* multi_;
  std::unique_ptr<EasyHandle> handle_;  // while libcurl has the exchange
  HttpRequest request_;
  std::shared_ptr<const Target> target_;
  HttpLimits limits_;
  HeaderLines header_lines_;
  HttpHeaders headers_;
  std::string bytes_;
  std::exception_ptr error_;
  News* waiter_ = nullptr;
  Clock::time_point started_, last_byte_;
  std::size_t header_bytes_ = 0;
  int status_ = 0, socket_error_ = 0;
  bool queued_ = false, header_done_ = false, ended_ = false, paused_ = false, got_byte_ = false,
       drain_ = false, draining_ = false, sent_ = false, connected_ = false;
  curl_socket_t socket_ = CURL_SOCKET_BAD;  // of a connection that stands
};

/// A multi handle of libcurl's, driven by its loop through the multi-socket interface. Keeps
/// connections and easy handles warm.
class CurlMulti {
 public:
  explicit CurlMulti(UvLoop& loop);
  ~CurlMulti();
  CurlMulti(const CurlMulti&) = delete;
  CurlMulti& operator=(const CurlMulti&) = delete;

  std::unique_ptr<Transfer> start(HttpRequest request, HttpLimits limits);
  /// Hands finished exchanges to their waiters. The loop calls it after libcurl has returned.
  void reap();
  /// Reads an exchange to its end, at most a second, then drops it.
  void drain(std::unique_ptr<Transfer> transfer) noexcept;
  /// Buffers that have grown go from exchange to exchange: a large one costs page faults anew. An
  /// exchange has one only while bytes are at hand, so that ten thousand silent streams hold none.
  std::string take_buffer(std::size_t bytes);
  void give_buffer(std::string buffer) noexcept;
  /// Whether another exchange is to come here. A limit of connections is one for all, so there is
  /// one set of them then.
  bool has_room() const noexcept { return max_active_ > 0 || active_ < usual_exchanges; }
  std::size_t exchanges() const noexcept { return active_; }
  /// Whether nobody refers to it.
  bool idle() const noexcept { return transfers_ == 0; }
  /// The size of libcurl's own buffer for one exchange: less when many are open at once, least for
  /// streams, whose bytes come a few at a time.
  long receive_bytes(bool stream) const noexcept;

 private:
  static constexpr std::size_t usual_exchanges = 256;
  friend class Transfer;
  class Wakeup;
  struct Socket;
  friend class EasyHandle;
  std::unique_ptr<EasyHandle> take_handle();
  void give_handle(std::unique_ptr<EasyHandle> handle) noexcept;
  void finish_draining();
  void add(Transfer& transfer);
  void remove(Transfer& transfer) noexcept;
  void begin(Transfer& transfer);
  void act(curl_socket_t socket, int events) noexcept;
  int on_socket(curl_socket_t socket, int what, Socket* known);
  void hand_over() noexcept;
  void on_ready(Socket& socket, int status, int happened) noexcept;
  static void rest(Socket& socket) noexcept;
  int on_timer(long ms);
  void forget(curl_socket_t socket) noexcept;
  Socket* socket_at(curl_socket_t fd);
  void watch(Transfer& transfer, int events);
  void watch(Socket& socket, int events);
  void unwatch(curl_socket_t fd) noexcept;
  void start_queued();
  std::shared_ptr<const Target> target_of(const std::string& url);

  UvLoop* loop_;
  CURLM* multi_;
  std::unique_ptr<Wakeup> wakeup_;
  std::vector<std::unique_ptr<EasyHandle>> spare_;
  std::vector<std::string> spare_buffers_;
  std::vector<Transfer*> queue_;  // waits for a free connection, first come first served
  std::vector<Socket*> sockets_;
  std::vector<std::unique_ptr<Transfer>> draining_;
  std::map<std::string, std::shared_ptr<const Target>> targets_;
  std::size_t transfers_ = 0, active_ = 0, max_active_;
  std::uint64_t turn_ = 1;
  Clock::time_point now_;  // when libcurl was last called: a clock read a byte costs more than the byte
  bool acting_ = false, kicked_ = false;
};

/// HttpTransport on libcurl: exchanges run on the loop they are awaited on.
class CurlTransport final : public HttpTransport {
 public:
  Task<HttpResponse> send(HttpRequest request, HttpLimits limits) override;
  Task<HttpReply> fetch(HttpRequest request, HttpLimits limits) override;
};

}  // namespace v0
}  // namespace lian
