#include "support/ws_wire.hpp"

#include <openssl/evp.h>
#include <openssl/sha.h>

#include <cstdint>

namespace lian::test {

std::string ws_frame(std::string_view payload, WsFrame frame) {
  std::string bytes;
  bytes += static_cast<char>((frame.last ? 0x80U : 0U) | frame.reserved << 4U |
                             static_cast<unsigned>(frame.kind));
  const unsigned mask = frame.masked ? 0x80U : 0U;
  const std::size_t size = payload.size();
  const unsigned length_bytes = size < 126 ? 0 : size < 65536 ? 2 : 8;
  bytes += static_cast<char>(mask | (length_bytes == 0 ? static_cast<unsigned>(size)
                                                       : length_bytes == 2 ? 126U : 127U));
  for (unsigned i = length_bytes; i-- > 0;) bytes += static_cast<char>(size >> 8U * i & 0xFFU);
  if (!frame.masked) return bytes.append(payload);
  constexpr std::string_view key = "k3y!";
  bytes += key;
  for (std::size_t i = 0; i < size; ++i) bytes += static_cast<char>(payload[i] ^ key[i % 4]);
  return bytes;
}

std::string ws_fragments(std::string_view payload, std::size_t bytes) {
  std::string out;
  for (std::size_t at = 0; at < payload.size(); at += bytes) {
    WsFrame frame;
    frame.kind = at == 0 ? WsKind::text : WsKind::more;
    frame.last = at + bytes >= payload.size();
    out += ws_frame(payload.substr(at, bytes), frame);
  }
  return out;
}

std::string ws_close(unsigned status, std::string_view reason) {
  WsFrame frame;
  frame.kind = WsKind::close;
  std::string payload{static_cast<char>(status >> 8U), static_cast<char>(status & 0xFFU)};
  return ws_frame(payload.append(reason), frame);
}

std::string ws_accept(std::string_view key) {
  const std::string text = std::string(key) + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  unsigned char digest[SHA_DIGEST_LENGTH];
  SHA1(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest);
  unsigned char coded[4 * SHA_DIGEST_LENGTH];
  const int size = EVP_EncodeBlock(coded, digest, SHA_DIGEST_LENGTH);
  return std::string(reinterpret_cast<const char*>(coded), static_cast<std::size_t>(size));
}

Reply ws_opening(const Request& request) {
  const bool right = request.method == "GET" && same_name(request.header("Upgrade"), "websocket") &&
                     same_name(request.header("Connection"), "Upgrade") &&
                     request.header("Sec-WebSocket-Version") == "13" &&
                     request.header("Sec-WebSocket-Key").size() == 24 &&
                     !request.has_header("Sec-WebSocket-Protocol") && request.has_header("Host");
  if (!right) return Reply::http(400, {}, "no opening of a WebSocket");
  return Reply::raw(
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Accept: " +
      ws_accept(request.header("Sec-WebSocket-Key")) + "\r\n\r\n");
}

}  // namespace lian::test
