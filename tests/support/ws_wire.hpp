#pragma once
// The server's side of WebSockets (RFC 6455) for tests, as bytes: right ones and wrong ones. A
// RawServer whose reply to an opening is `ws_opening` hands each frame that follows to its handler,
// as a Request whose method is "TEXT", "PING", "PONG" or "CLOSE" and whose body is the payload.

#include <cstddef>
#include <string>
#include <string_view>

#include "support/http_message.hpp"

namespace lian::test {

enum class WsKind : unsigned char { more = 0, text = 1, binary = 2, close = 8, ping = 9, pong = 10 };

struct WsFrame {
  WsKind kind = WsKind::text;
  bool last = true;     ///< of its message
  bool masked = false;  ///< wrong for a server
  unsigned reserved = 0;
};

std::string ws_frame(std::string_view payload, WsFrame frame = WsFrame());
/// One message in frames of that many bytes.
std::string ws_fragments(std::string_view payload, std::size_t bytes);
std::string ws_close(unsigned status = 1000, std::string_view reason = {});

std::string ws_accept(std::string_view key);
/// The 101 that answers the request; 400 when the request is no opening handshake.
Reply ws_opening(const Request& request);

}  // namespace lian::test
