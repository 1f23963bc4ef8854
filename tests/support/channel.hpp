#pragma once
// One accepted socket, plain or TLS, non-blocking. Internal to the test servers.

#include <cstddef>
#include <string>
#include <string_view>

struct ssl_ctx_st;
struct ssl_st;

namespace lian::test {

class Channel {
 public:
  enum class Result { ok, again, closed };

  /// Owns `fd`; speaks TLS when a context is given.
  Channel(int fd, ssl_ctx_st* tls);
  ~Channel();
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;

  int fd() const { return fd_; }
  /// True once a TLS handshake is done (at once without TLS); closed when it failed.
  Result handshake();
  Result read(std::string& into);
  /// Writes once; `written` says how much went out.
  Result write(std::string_view bytes, std::size_t& written);
  /// What ALPN chose, "" without TLS.
  std::string protocol() const;
  /// The last TLS step waits for the socket to take bytes.
  bool wants_write() const { return wants_write_; }

  /// Orderly end of the sending side; the socket stays until the peer ends its own.
  void finish(bool close_notify);
  /// RST.
  void reset();

 private:
  Result after_tls(int outcome);

  int fd_;
  ssl_st* tls_ = nullptr;
  bool ready_ = false;
  bool wants_write_ = false;
};

}  // namespace lian::test
