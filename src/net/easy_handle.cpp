#include "net/easy_handle.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "lian/core/error.hpp"
#include "lian/core/runtime.hpp"
#include "net/curl_multi.hpp"
#include "net/uv_loop.hpp"

namespace lian {
inline namespace v0 {

Target::Target(const std::string& url, std::string proxy)
    : text_(url), proxy_(std::move(proxy)), url_(curl_url()), tls_(false) {
  if (!url_ || curl_url_set(url_, CURLUPART_URL, url.c_str(), 0) != CURLUE_OK) {
    curl_url_cleanup(url_);
    throw Error(ErrorKind::network, "libcurl could not read a URL: out of memory");
  }
  tls_ = curl_strnequal(url.c_str(), "https:", 6) != 0;
}

Target::~Target() { curl_url_cleanup(url_); }

EasyHandle::EasyHandle(CurlMulti& multi) : multi_(&multi), easy_(curl_easy_init()) {
  if (!easy_) throw Error(ErrorKind::network, "libcurl could not make a handle: out of memory");
  curl_easy_setopt(easy_, CURLOPT_PRIVATE, this);
  curl_easy_setopt(easy_, CURLOPT_ERRORBUFFER, message_);
  curl_easy_setopt(easy_, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy_, CURLOPT_TCP_NODELAY, 1L);
  curl_easy_setopt(easy_, CURLOPT_TCP_KEEPALIVE, 1L);
  curl_easy_setopt(easy_, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(easy_, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy_, CURLOPT_NOPROXY, "");  // or libcurl would read the environment itself
#if LIBCURL_VERSION_NUM >= 0x075700
  curl_easy_setopt(easy_, CURLOPT_QUICK_EXIT, 1L);  // or a drop would wait for the resolver
#endif
  curl_easy_setopt(easy_, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  curl_easy_setopt(easy_, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  const std::string& ca_file = multi.loop_->runtime().options().ca_file();
  if (!ca_file.empty()) curl_easy_setopt(easy_, CURLOPT_CAINFO, ca_file.c_str());
  curl_easy_setopt(easy_, CURLOPT_WRITEDATA, this);
  curl_easy_setopt(easy_, CURLOPT_WRITEFUNCTION,
                   +[](char* data, std::size_t, std::size_t size, void* self) {
                     return static_cast<EasyHandle*>(self)->owner_->on_bytes({data, size});
                   });
  curl_easy_setopt(easy_, CURLOPT_HEADERDATA, this);
  curl_easy_setopt(easy_, CURLOPT_HEADERFUNCTION,
                   +[](char* data, std::size_t, std::size_t size, void* self) {
                     return static_cast<EasyHandle*>(self)->owner_->on_header({data, size});
                   });
  curl_easy_setopt(easy_, CURLOPT_PREREQDATA, this);
  curl_easy_setopt(easy_, CURLOPT_PREREQFUNCTION, +[](void* self, char*, char*, int, int) {
    return static_cast<EasyHandle*>(self)->owner_->may_send() ? CURL_PREREQFUNC_OK
                                                              : CURL_PREREQFUNC_ABORT;
  });
  curl_easy_setopt(easy_, CURLOPT_OPENSOCKETDATA, this);
  curl_easy_setopt(
      easy_, CURLOPT_OPENSOCKETFUNCTION,
      +[](void* self, curlsocktype, curl_sockaddr* address) -> curl_socket_t {
        const int fd = ::socket(address->family, address->socktype | SOCK_CLOEXEC,
                                address->protocol);
        if (fd < 0) static_cast<EasyHandle*>(self)->owner_->socket_error_ = errno;
        return fd < 0 ? CURL_SOCKET_BAD : fd;
      });
  // A connection outlives the handle that made it.
  curl_easy_setopt(easy_, CURLOPT_CLOSESOCKETDATA, &multi);
  curl_easy_setopt(easy_, CURLOPT_CLOSESOCKETFUNCTION, +[](void* all, curl_socket_t fd) {
    static_cast<CurlMulti*>(all)->forget(fd);
    return ::close(fd);
  });
}

EasyHandle::~EasyHandle() { curl_easy_cleanup(easy_); }

void EasyHandle::begin(Transfer& owner) {
  owner_ = &owner;
  message_[0] = '\0';
  const HttpRequest& request = owner.request_;
  go_to(owner.target_, request.websocket);
  send_by(request.method);
  if (request.method != "GET") {
    curl_easy_setopt(easy_, CURLOPT_POSTFIELDS, request.body.data());
    curl_easy_setopt(easy_, CURLOPT_POSTFIELDSIZE_LARGE,
                     static_cast<curl_off_t>(request.body.size()));
  }
  set(CURLOPT_CONNECTTIMEOUT_MS, connect_timeout_ms_,
      static_cast<long>(owner.limits_.connect_timeout().count()));
  set(CURLOPT_BUFFERSIZE, receive_bytes_, multi_->receive_bytes(request.stream));
  curl_easy_setopt(easy_, CURLOPT_HTTPHEADER, owner.header_lines_.list(request.headers));
}

void EasyHandle::end() noexcept {
  curl_easy_setopt(easy_, CURLOPT_HTTPHEADER, nullptr);
  owner_ = nullptr;
}

std::string EasyHandle::message(CURLcode code) const {
  return message_[0] != '\0' ? message_ : curl_easy_strerror(code);
}

void EasyHandle::set(CURLoption option, long& known, long value) {
  if (std::exchange(known, value) != value) curl_easy_setopt(easy_, option, value);
}

// `raw`: libcurl makes a connection of its own for this exchange, and no more.
void EasyHandle::go_to(const std::shared_ptr<const Target>& target, bool raw) {
  if (target == target_ && raw == raw_) return;
  target_ = target;
  raw_ = raw;
  curl_easy_setopt(easy_, CURLOPT_URL, target->text_.c_str());  // what its messages name
  curl_easy_setopt(easy_, CURLOPT_CURLU, target->url_);
  curl_easy_setopt(easy_, CURLOPT_PROXY, target->proxy_.c_str());
  // HTTP/2 needs TLS; offered without, libcurl lets all calls wait for the first one's reply.
  const bool many = target->tls_ && !raw;
  curl_easy_setopt(easy_, CURLOPT_HTTP_VERSION,
                   static_cast<long>(many ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1));
  curl_easy_setopt(easy_, CURLOPT_PIPEWAIT, many ? 1L : 0L);
  curl_easy_setopt(easy_, CURLOPT_CONNECT_ONLY, raw ? 1L : 0L);
  curl_easy_setopt(easy_, CURLOPT_FRESH_CONNECT, raw ? 1L : 0L);
  curl_easy_setopt(easy_, CURLOPT_HTTPPROXYTUNNEL, raw ? 1L : 0L);
}

void EasyHandle::send_by(const std::string& method) {
  if (method == method_) return;
  method_ = method;
  if (method == "GET") {
    curl_easy_setopt(easy_, CURLOPT_HTTPGET, 1L);
    curl_easy_setopt(easy_, CURLOPT_CUSTOMREQUEST, nullptr);
  } else {
    curl_easy_setopt(easy_, CURLOPT_POST, 1L);
    curl_easy_setopt(easy_, CURLOPT_CUSTOMREQUEST, method == "POST" ? nullptr : method.c_str());
  }
}

}  // namespace v0
}  // namespace lian
