#include "model/engine_support.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <stdexcept>

namespace lian::test {

namespace {

int bound(int& port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (fd < 0 || ::bind(fd, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0)
    throw std::runtime_error("cannot bind a socket of 127.0.0.1");
  port = ntohs(address.sin_port);
  return fd;
}

}  // namespace

SilentListener::SilentListener() : fd_(bound(port_)) {
  if (::listen(fd_, 16) != 0) throw std::runtime_error("cannot listen");
}

SilentListener::~SilentListener() { ::close(fd_); }

int closed_port() {
  int port = 0;
  ::close(bound(port));
  return port;
}

}  // namespace lian::test
