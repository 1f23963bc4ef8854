#include "support/channel.hpp"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

namespace lian::test {

Channel::Channel(int fd, ssl_ctx_st* tls) : fd_(fd), ready_(tls == nullptr) {
  if (tls == nullptr) return;
  tls_ = SSL_new(tls);
  SSL_set_fd(tls_, fd);
  SSL_set_accept_state(tls_);
}

Channel::~Channel() {
  SSL_free(tls_);
  if (fd_ >= 0) close(fd_);
}

Channel::Result Channel::after_tls(int outcome) {
  const int error = SSL_get_error(tls_, outcome);
  ERR_clear_error();
  wants_write_ = error == SSL_ERROR_WANT_WRITE;
  if (error == SSL_ERROR_NONE) return Result::ok;
  if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) return Result::again;
  return Result::closed;
}

Channel::Result Channel::handshake() {
  if (ready_) return Result::ok;
  const Result result = after_tls(SSL_do_handshake(tls_));
  ready_ = result == Result::ok;
  return result;
}

Channel::Result Channel::read(std::string& into) {
  if (fd_ < 0) return Result::closed;
  char buffer[16384];
  if (tls_ != nullptr) {
    const int count = SSL_read(tls_, buffer, sizeof buffer);
    if (count <= 0) return after_tls(count);
    into.append(buffer, static_cast<std::size_t>(count));
    return Result::ok;
  }
  const ssize_t count = recv(fd_, buffer, sizeof buffer, 0);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return Result::again;
  if (count <= 0) return Result::closed;
  into.append(buffer, static_cast<std::size_t>(count));
  return Result::ok;
}

Channel::Result Channel::write(std::string_view bytes, std::size_t& written) {
  written = 0;
  if (fd_ < 0) return Result::closed;
  if (tls_ != nullptr) {
    const int count = SSL_write(tls_, bytes.data(), static_cast<int>(bytes.size()));
    if (count <= 0) return after_tls(count);
    written = static_cast<std::size_t>(count);
    return Result::ok;
  }
  const ssize_t count = send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) {
    wants_write_ = true;
    return Result::again;
  }
  wants_write_ = false;
  if (count < 0) return Result::closed;
  written = static_cast<std::size_t>(count);
  return Result::ok;
}

std::string Channel::protocol() const {
  if (tls_ == nullptr) return "";
  const unsigned char* name = nullptr;
  unsigned int length = 0;
  SSL_get0_alpn_selected(tls_, &name, &length);
  return std::string(reinterpret_cast<const char*>(name), length);
}

void Channel::finish(bool close_notify) {
  if (tls_ != nullptr && close_notify && ready_) SSL_shutdown(tls_);
  ERR_clear_error();
  shutdown(fd_, SHUT_WR);
}

void Channel::reset() {
  const linger at_once{1, 0};
  setsockopt(fd_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  close(fd_);
  fd_ = -1;
}

}  // namespace lian::test
