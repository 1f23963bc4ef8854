#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "lian/core/http.hpp"

namespace lian {
inline namespace v0 {

class Runtime;

/// The client's side of the opening handshake (RFC 6455, section 4.1) and the reply to it. Knows
/// nothing of sockets. Not thread-safe.
class WebSocketHandshake {
 public:
  WebSocketHandshake(Runtime& runtime, const HttpRequest& request, std::size_t max_header_bytes);

  /// The request as it goes out.
  const std::string& head() const noexcept { return head_; }

  /// Reads the header of the reply from `bytes`; true when it is whole, and what follows it is left
  /// in `bytes`. Interim replies are skipped. Throws Error{network}, LimitError.
  bool read_reply(std::string& bytes);
  int status() const noexcept { return status_; }
  const HttpHeaders& headers() const noexcept { return headers_; }
  /// Throws Error{network} unless a reply of status 101 is the answer to this handshake.
  void check_accepted() const;

 private:
  void read_header(std::string_view text);

  std::string host_, key_, head_;
  std::size_t max_header_bytes_;
  HttpHeaders headers_;
  int status_ = 0;
};

/// The value of Sec-WebSocket-Accept that answers a key.
std::string websocket_accept(std::string_view key);

}  // namespace v0
}  // namespace lian
