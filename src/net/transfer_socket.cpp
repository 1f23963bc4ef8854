// A transfer whose connection libcurl has made and left to its user: WebSockets.

#include <array>

#include <fmt/format.h>
#include <uv.h>

#include "net/curl_multi.hpp"
#include "net/url.hpp"
#include "net/uv_loop.hpp"

namespace lian {
inline namespace v0 {

namespace {
constexpr std::size_t slice_bytes = std::size_t{16} << 10;
}

void Transfer::stands() noexcept {
  connected_ = curl_easy_getinfo(handle_->easy(), CURLINFO_ACTIVESOCKET, &socket_) == CURLE_OK &&
               socket_ != CURL_SOCKET_BAD;
  if (!connected_)
    return fail(std::make_exception_ptr(
        Error(ErrorKind::network, "libcurl made no connection to " + host_of(request_.url))));
  tell();
}

Transfer::Got Transfer::receive(std::string& out) {
  check_end();
  std::array<char, slice_bytes> bytes;
  std::size_t count = 0;
  const CURLcode code = curl_easy_recv(handle_->easy(), bytes.data(), bytes.size(), &count);
  if (code == CURLE_AGAIN) return Got::nothing;
  if (code != CURLE_OK)
    throw Error(ErrorKind::network, fmt::format("the connection to {} broke: {}",
                                                host_of(request_.url), curl_easy_strerror(code)));
  if (count == 0) return Got::end;
  came(Clock::now());
  out.append(bytes.data(), count);
  return Got::bytes;
}

void Transfer::send(std::string& bytes) {
  check_end();
  std::size_t sent = 0;
  while (sent < bytes.size()) {
    std::size_t count = 0;
    const CURLcode code =
        curl_easy_send(handle_->easy(), bytes.data() + sent, bytes.size() - sent, &count);
    if (code == CURLE_AGAIN || (code == CURLE_OK && count == 0)) break;
    if (code != CURLE_OK)
      throw Error(ErrorKind::network,
                  fmt::format("the connection to {} broke while a message was sent: {}",
                              host_of(request_.url), curl_easy_strerror(code)));
    sent += count;
  }
  bytes.erase(0, sent);
}

void Transfer::watch(bool readable, bool writable) {
  check_end();
  multi_->watch(*this, (readable ? UV_READABLE : 0) | (writable ? UV_WRITABLE : 0));
}

}  // namespace v0
}  // namespace lian
