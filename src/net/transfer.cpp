#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdint>

#include <fmt/format.h>

#include "lian/core/runtime.hpp"
#include "net/curl_multi.hpp"
#include "net/environment.hpp"
#include "net/runtime_state.hpp"
#include "net/url.hpp"
#include "net/uv_loop.hpp"

namespace lian {
inline namespace v0 {

namespace {

constexpr std::size_t pause_above = std::size_t{256} << 10;  // bytes nobody has read yet

// libcurl does not always say so when it ran out of descriptors, e.g. while reading certificates.
bool out_of_descriptors() {
  const int fd = ::dup(STDIN_FILENO);
  if (fd >= 0) ::close(fd);
  return fd < 0 && (errno == EMFILE || errno == ENFILE);
}

std::uint64_t descriptor_limit() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  return limit.rlim_cur;
}

// Without its scheme and what it may hold of a password.
std::string place_of(const std::string& proxy) {
  const std::size_t login = proxy.rfind('@'), scheme = proxy.find("://");
  if (login != proxy.npos) return proxy.substr(login + 1);
  return scheme == proxy.npos ? proxy : proxy.substr(scheme + 3);
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.back() == '\r' || text.back() == '\n' || text.back() == ' ' ||
                           text.back() == '\t'))
    text.remove_suffix(1);
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  return text;
}

}  // namespace

Transfer::Transfer(CurlMulti& multi, HttpRequest request, std::shared_ptr<const Target> target,
                   HttpLimits limits)
    : multi_(&multi), request_(std::move(request)), target_(std::move(target)), limits_(limits) {
  ++multi_->transfers_;
}

Transfer::~Transfer() {
  stop();
  multi_->remove(*this);
  multi_->give_buffer(std::move(bytes_));
  --multi_->transfers_;
}

void Transfer::start() {
  started_ = last_byte_ = Clock::now();
  Timer::start(*multi_->loop_, started_ + limits_.first_byte_timeout());
}

bool Transfer::News::attach() {
  transfer_->waiter_ = this;
  return true;
}

void Transfer::News::detach() noexcept {
  if (transfer_->waiter_ == this) transfer_->waiter_ = nullptr;
}

void Transfer::tell() noexcept {
  if (waiter_) std::exchange(waiter_, nullptr)->wake();
}

// Silence is judged when the timer fires, not re-armed for every byte.
void Transfer::expired() noexcept {
  if (draining_) return fail(nullptr);
  if (paused_ || (connected_ && !waiter_)) {  // nobody reads now
    last_byte_ = Clock::now();
    Timer::start(*multi_->loop_, last_byte_ + limits_.idle_timeout());
    return;
  }
  const auto limit = got_byte_ ? limits_.idle_timeout() : limits_.first_byte_timeout();
  const auto due = (got_byte_ ? last_byte_ : started_) + limit;
  if (Clock::now() < due) {
    Timer::start(*multi_->loop_, due);
    return;
  }
  fail(std::make_exception_ptr(Error(
      ErrorKind::timeout,
      fmt::format("{} sent {} for {} ms ({})", host_of(request_.url),
                  got_byte_ ? "nothing more" : "no reply", limit.count(),
                  got_byte_ ? "idle_timeout" : "first_byte_timeout"))));
}

void Transfer::fail(std::exception_ptr error) noexcept {
  if (ended_) return;
  stop();
  multi_->remove(*this);
  error_ = std::move(error);
  ended_ = true;
  tell();
}

void Transfer::finished(CURLcode code) noexcept {
  stop();
  if (!error_ && code != CURLE_OK) error_ = error_of(code);
  if (!error_ && !header_done_)
    error_ = std::make_exception_ptr(Error(
        ErrorKind::network,
        fmt::format("{} closed the connection inside the header of its reply",
                    host_of(request_.url))));
  multi_->remove(*this);
  ended_ = true;
  tell();
}

void Transfer::came(Clock::time_point now) noexcept {
  last_byte_ = now;
  if (!std::exchange(got_byte_, true) && last_byte_ + limits_.idle_timeout() < when())
    Timer::start(*multi_->loop_, last_byte_ + limits_.idle_timeout());
}

std::size_t Transfer::on_header(std::string_view line) {
  header_bytes_ += line.size();
  came(multi_->now_);
  if (header_bytes_ > limits_.max_header_bytes()) {
    error_ = header_too_large(limits_.max_header_bytes());
    return 0;
  }
  if (line.starts_with("HTTP/")) {
    headers_.clear();
    const std::size_t space = line.find(' ');
    status_ = 0;
    if (space != line.npos && space + 4 <= line.size())
      std::from_chars(line.data() + space + 1, line.data() + space + 4, status_);
    return line.size();
  }
  if (trim(line).empty()) {
    if (header_done_) return line.size();                     // the end of trailers
    if (status_ < 200 && status_ != 101) return line.size();  // an interim reply
    error_ = judge_header();
    if (error_) return 0;
    header_done_ = true;
    if (request_.stream) drop_sent();
    if (request_.stream || status_ >= 300) tell();
    return line.size();
  }
  if (header_done_) return line.size();  // trailers carry nothing we use
  if (line[0] == ' ' || line[0] == '\t') return line.size();  // goes on with a field: no field
  const std::size_t colon = line.find(':');
  if (colon == line.npos || colon == 0) return line.size();
  if (line[colon - 1] == ' ' || line[colon - 1] == '\t') {
    error_ = refused("a header field with a blank before its colon");
    return 0;
  }
  try {
    headers_.add(std::string(trim(line.substr(0, colon))),
                 std::string(trim(line.substr(colon + 1))));
  } catch (...) {
    error_ = std::current_exception();
    return 0;
  }
  return line.size();
}

// A stream is long; what libcurl has sent it does not read again.
void Transfer::drop_sent() noexcept {
  curl_off_t sent = 0;
  const auto body = static_cast<curl_off_t>(request_.body.size());
  if (curl_easy_getinfo(handle_->easy(), CURLINFO_SIZE_UPLOAD_T, &sent) != CURLE_OK || sent < body)
    return;
  request_.body = std::string();
  request_.headers = HttpHeaders();
  header_lines_.drop();
}

std::exception_ptr Transfer::refused(std::string_view what) const {
  return std::make_exception_ptr(
      Error(ErrorKind::network, fmt::format("{} sent {}", host_of(request_.url), what)));
}

std::exception_ptr Transfer::header_too_large(std::size_t limit) const {
  return std::make_exception_ptr(
      LimitError(fmt::format("the reply of {} has a header of more than {} bytes",
                             host_of(request_.url), limit),
                 "max_header_bytes", limit));
}

// Two different lengths mean that somebody on the way disagrees about where the reply ends; libcurl
// reads a length that is no number as none.
std::exception_ptr Transfer::judge_header() const {
  if (status_ == 101) return refused("another protocol (101 Switching Protocols), not a reply");
  const std::string* length = nullptr;
  for (const auto& [name, value] : headers_.fields()) {
    if (name.size() != 14 || curl_strequal(name.c_str(), "content-length") == 0) continue;
    if (length && *length != value) return refused("two different Content-Length fields");
    std::int64_t number = -1;
    const auto [end, status] =
        std::from_chars(value.data(), value.data() + value.size(), number);
    if (status != std::errc() || end != value.data() + value.size() || number < 0)
      return refused("a Content-Length that is no length");
    length = &value;
  }
  return nullptr;
}

std::size_t Transfer::on_bytes(std::string_view bytes) {
  if (bytes_.size() >= pause_above) {
    paused_ = true;
    return CURL_WRITEFUNC_PAUSE;
  }
  if (draining_) return bytes.size();
  last_byte_ = multi_->now_;
  if (bytes_.empty()) bytes_ = multi_->take_buffer(bytes.size());
  bytes_.append(bytes);
  tell();
  return bytes.size();
}

std::string Transfer::take() {
  std::string bytes = std::exchange(bytes_, std::string());
  if (!std::exchange(paused_, false)) return bytes;
  last_byte_ = multi_->now_ = Clock::now();
  if (handle_) curl_easy_pause(handle_->easy(), CURLPAUSE_CONT);
  return bytes;
}

void Transfer::check_end() const {
  if (error_) std::rethrow_exception(error_);
}

std::exception_ptr Transfer::error_of(CURLcode code) const {
  const std::string host = host_of(request_.url);
  const std::string detail = handle_->message(code);
  const bool before_reply = !got_byte_ && code != CURLE_OPERATION_TIMEDOUT;
  if (socket_error_ == EMFILE || socket_error_ == ENFILE || (before_reply && out_of_descriptors()))
    return std::make_exception_ptr(
        LimitError(fmt::format("cannot connect to {}: the limit of {} open files is reached; raise "
                               "it with 'ulimit -n' or set RuntimeOptions::max_connections",
                               host, descriptor_limit()),
                   "RLIMIT_NOFILE", descriptor_limit()));
  const auto network = [&](ErrorKind kind, std::string text) {
    return std::make_exception_ptr(Error(kind, std::move(text)));
  };
  switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
      return network(ErrorKind::network,
                     fmt::format("cannot find the address of {}: check the base URL and the "
                                 "network ({})", host, detail));
    case CURLE_COULDNT_RESOLVE_PROXY:
      return network(ErrorKind::network, fmt::format("cannot find the address of the proxy for {} "
                                                     "({})", host, detail));
    case CURLE_COULDNT_CONNECT:
      if (const std::string& proxy = target_->proxy(); !proxy.empty())
        return network(ErrorKind::network,
                       fmt::format("cannot connect to the proxy {} on the way to {}: is it running "
                                   "and its address right? ({})",
                                   place_of(proxy), host, detail));
      return network(ErrorKind::network,
                     fmt::format("cannot connect to {}: is the server running and the base URL "
                                 "right? ({})", host, detail));
    case CURLE_OPERATION_TIMEDOUT:
      return network(ErrorKind::timeout,
                     fmt::format("no connection to {} within {} ms (connect_timeout)", host,
                                 limits_.connect_timeout().count()));
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CACERT_BADFILE:
      return network(ErrorKind::network, fmt::format("no trusted TLS connection to {}: {}", host,
                                                     detail));
    case CURLE_ABORTED_BY_CALLBACK:
      return network(ErrorKind::network,
                     fmt::format("{} closed the connection before its reply", host));
    case CURLE_OUT_OF_MEMORY:  // libcurl's word for one line above its own limit
      if (got_byte_ && !header_done_) return header_too_large(CURL_MAX_HTTP_HEADER);
      return network(ErrorKind::network, "libcurl ran out of memory");
    case CURLE_PARTIAL_FILE:
      return network(ErrorKind::network,
                     fmt::format("{} closed the connection in the middle of its reply ({})", host,
                                 detail));
    default:
      return network(ErrorKind::network, fmt::format("the exchange with {} failed: {}", host,
                                                     detail));
  }
}

}  // namespace v0
}  // namespace lian
