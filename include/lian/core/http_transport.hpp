#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>

#include "lian/core/function.hpp"
#include "lian/core/http.hpp"
#include "lian/core/stream.hpp"
#include "lian/core/task.hpp"

namespace lian {
inline namespace v0 {

/// Times and sizes that one HTTP exchange must keep; exceeding one is Error{timeout} or LimitError.
/// Chained setters. Regular value.
class LIAN_API HttpLimits {
 public:
  using Duration = std::chrono::milliseconds;
  HttpLimits() = default;
  /// Until the connection, TLS included, stands. Default 5 s.
  HttpLimits& connect_timeout(Duration v) { return connect_timeout_ = v, *this; }
  /// Until the first byte of the reply. Default 600 s.
  HttpLimits& first_byte_timeout(Duration v) { return first_byte_timeout_ = v, *this; }
  /// Silence between bytes of the reply; time in which the reader does not read does not count.
  /// Default 120 s.
  HttpLimits& idle_timeout(Duration v) { return idle_timeout_ = v, *this; }
  /// Default 256 KiB.
  HttpLimits& max_header_bytes(std::size_t v) { return max_header_bytes_ = v, *this; }
  /// After decompression. Default 256 MiB.
  HttpLimits& max_body_bytes(std::size_t v) { return max_body_bytes_ = v, *this; }
  /// One line or event of a streamed reply. Default 16 MiB.
  HttpLimits& max_event_bytes(std::size_t v) { return max_event_bytes_ = v, *this; }

  Duration connect_timeout() const noexcept { return connect_timeout_; }
  Duration first_byte_timeout() const noexcept { return first_byte_timeout_; }
  Duration idle_timeout() const noexcept { return idle_timeout_; }
  std::size_t max_header_bytes() const noexcept { return max_header_bytes_; }
  std::size_t max_body_bytes() const noexcept { return max_body_bytes_; }
  std::size_t max_event_bytes() const noexcept { return max_event_bytes_; }

 private:
  Duration connect_timeout_ = std::chrono::seconds(5);
  Duration first_byte_timeout_ = std::chrono::seconds(600);
  Duration idle_timeout_ = std::chrono::seconds(120);
  std::size_t max_header_bytes_ = std::size_t{256} << 10;
  std::size_t max_body_bytes_ = std::size_t{256} << 20;
  std::size_t max_event_bytes_ = std::size_t{16} << 20;
};

/// A reply whose body is still coming. Destroying it ends the exchange and frees its connection.
struct LIAN_API HttpResponse {
  HttpResponse(int response_status, HttpHeaders response_headers, Stream<std::string> response_body)
      : status(response_status),
        headers(std::move(response_headers)),
        body(std::move(response_body)) {}
  int status;
  HttpHeaders headers;
  /// Decoded bytes as they come. Ends only when the message ended as HTTP says; a cut connection is
  /// Error{network}, a missing tail is Error{truncated}.
  Stream<std::string> body;
  /// To be called when the reader has all it needs, before dropping `body`: the transport may then
  /// read what is left, so that the connection stays usable. Empty when there is nothing to do.
  Function<void()> complete;
};

/// Sends requests. lian's own is libcurl; a program may put a recording or a fake in its place.
/// Thread-safe; every exchange runs on the loop it is awaited on.
class LIAN_API HttpTransport {
 public:
  virtual ~HttpTransport();
  /// Sends one request; done when the reply's header is there. Follows no redirect. Throws
  /// Error{network, timeout, limit, invalid_request}.
  virtual Task<HttpResponse> send(HttpRequest request, HttpLimits limits) = 0;
  /// Sends one request and reads the whole reply. Throws as `send` and the body do, with one
  /// exception: of a reply that is an error (status 300 and above) what came of the body counts, at
  /// most 64 KiB, so that a cut body does not hide the status. Default: by `send`.
  virtual Task<HttpReply> fetch(HttpRequest request, HttpLimits limits);
};

}  // namespace v0
}  // namespace lian
