#include "net/websocket_handshake.hpp"

#include <charconv>
#include <cstdint>

#include <fmt/format.h>
#include <openssl/evp.h>

#include "core/ascii.hpp"
#include "core/base64.hpp"
#include "core/runtime_access.hpp"
#include "lian/core/error.hpp"
#include "lian/core/version.hpp"
#include "net/url.hpp"

namespace lian {
inline namespace v0 {

namespace {

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  return text;
}

std::string sha1(std::string_view bytes) {
  unsigned char out[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  if (EVP_Digest(bytes.data(), bytes.size(), out, &size, EVP_sha1(), nullptr) != 1)
    throw Error(ErrorKind::config, "OpenSSL could not compute SHA-1, which WebSockets need");
  return std::string(reinterpret_cast<const char*>(out), size);
}

std::string fresh_key(Runtime& runtime) {
  std::string bytes;
  for (int i = 0; i < 2; ++i) {
    const std::uint64_t bits = detail::random_bits(runtime);
    bytes.append(reinterpret_cast<const char*>(&bits), sizeof bits);
  }
  return base64_encode(bytes);
}

// Whether one of the words of the fields of that name, which commas separate, is `word`.
bool has_word(const HttpHeaders& headers, std::string_view name, std::string_view word) {
  for (const auto& [field, value] : headers.fields()) {
    if (ascii_lower(field) != name) continue;
    std::string_view rest = value;
    while (!rest.empty()) {
      const std::string_view one = rest.substr(0, rest.find(','));
      rest.remove_prefix(std::min(rest.size(), one.size() + 1));
      if (ascii_lower(trim(one)) == word) return true;
    }
  }
  return false;
}

}  // namespace

std::string websocket_accept(std::string_view key) {
  return base64_encode(sha1(std::string(key) + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"));
}

WebSocketHandshake::WebSocketHandshake(Runtime& runtime, const HttpRequest& request,
                                       std::size_t max_header_bytes)
    : host_(host_of(request.url)), key_(fresh_key(runtime)), max_header_bytes_(max_header_bytes) {
  head_ = fmt::format(
      "GET {} HTTP/1.1\r\nHost: {}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Key: {}\r\nSec-WebSocket-Version: 13\r\nUser-Agent: lian/{}\r\n",
      target_of(request.url), host_, key_, version());
  for (const auto& [name, value] : request.headers.fields())
    head_.append(name).append(": ").append(value).append("\r\n");
  head_ += "\r\n";
}

bool WebSocketHandshake::read_reply(std::string& bytes) {
  while (true) {
    const std::size_t end = bytes.find("\r\n\r\n");
    if (std::min(end, bytes.size()) > max_header_bytes_)
      throw LimitError(
          fmt::format("the reply of {} has a header of more than {} bytes", host_, max_header_bytes_),
          "max_header_bytes", max_header_bytes_);
    if (end == bytes.npos) return false;
    read_header(std::string_view(bytes).substr(0, end));
    bytes.erase(0, end + 4);
    if (status_ >= 200 || status_ == 101) return true;
  }
}

void WebSocketHandshake::read_header(std::string_view text) {
  const auto refuse = [this] {
    throw Error(ErrorKind::network,
                host_ + " answered the opening of a WebSocket with what is no HTTP reply");
  };
  headers_.clear();
  const std::string_view first = text.substr(0, text.find("\r\n"));
  if (!first.starts_with("HTTP/1.") || first.size() < 12 || first[8] != ' ') refuse();
  if (std::from_chars(first.data() + 9, first.data() + 12, status_).ec != std::errc()) refuse();
  text.remove_prefix(first.size());
  while (text.starts_with("\r\n")) {
    text.remove_prefix(2);
    const std::string_view line = text.substr(0, text.find("\r\n"));
    text.remove_prefix(line.size());
    const std::size_t colon = line.find(':');
    if (colon == line.npos || colon == 0 || line.find_first_of("\r\n") != line.npos ||
        line.find('\0') != line.npos)
      refuse();
    headers_.add(std::string(line.substr(0, colon)), std::string(trim(line.substr(colon + 1))));
  }
}

void WebSocketHandshake::check_accepted() const {
  const auto refuse = [this](std::string_view why) {
    throw Error(ErrorKind::network,
                fmt::format("{} did not open a WebSocket: {}", host_, why));
  };
  if (!has_word(headers_, "upgrade", "websocket")) refuse("its Upgrade is not \"websocket\"");
  if (!has_word(headers_, "connection", "upgrade")) refuse("its Connection is not \"Upgrade\"");
  const std::string* accept = headers_.find("sec-websocket-accept");
  if (!accept || *accept != websocket_accept(key_))
    refuse("its Sec-WebSocket-Accept does not answer the key that was sent");
  if (headers_.find("sec-websocket-protocol") || headers_.find("sec-websocket-extensions"))
    refuse("it chose a protocol or an extension that was not offered");
}

}  // namespace v0
}  // namespace lian
