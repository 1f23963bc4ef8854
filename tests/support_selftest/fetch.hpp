#pragma once
// A bare libcurl client, so that the test servers are judged by code that is not ours.

#include <curl/curl.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace lian::test {

struct Fetched {
  CURLcode code = CURLE_OK;
  long status = 0;
  long http_version = 0;
  std::string head;
  std::string body;
};

struct FetchOptions {
  std::string post;                  ///< non-empty: POST
  std::vector<std::string> headers;  ///< "Name: value"
  std::string ca_file;
  bool http2 = false;
  bool chunked_upload = false;
  long timeout_ms = 10000;
  std::function<void(const std::string&)> on_body;  ///< sees the body so far
};

/// One transfer, prepared but not started; `easy()` may be driven by a multi handle.
class Transfer {
 public:
  Transfer(const std::string& url, FetchOptions options);
  CURL* easy() { return easy_.get(); }
  /// Reads status and version after the transfer is over.
  Fetched finish(CURLcode code);

 private:
  static size_t on_head(char* data, size_t size, size_t count, void* user);
  static size_t on_body(char* data, size_t size, size_t count, void* user);

  FetchOptions options_;
  Fetched fetched_;
  std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> easy_;
  std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)> list_;
};

Fetched fetch(const std::string& url, FetchOptions options = FetchOptions());
/// Starts all at once on one multi handle, multiplexed if the server allows.
std::vector<Fetched> fetch_all(const std::vector<std::string>& urls, const FetchOptions& options);

}  // namespace lian::test
