#include "support/raw_server.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <stdexcept>
#include <thread>

#include "support/connection.hpp"
#include "support/server_log.hpp"

namespace lian::test {
namespace {

using Accepting = ServerOptions::Accepting;

int checked(int result, const char* what) {
  if (result < 0) throw std::runtime_error(std::string("test server: ") + what + " failed");
  return result;
}

sockaddr_in loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

int new_socket() {
  return checked(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), "socket");
}

int port_of(int fd) {
  sockaddr_in address{};
  socklen_t length = sizeof address;
  checked(getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length), "getsockname");
  return ntohs(address.sin_port);
}

int choose_protocol(SSL*, const unsigned char** out, unsigned char* out_length,
                    const unsigned char* in, unsigned int in_length, void* wants_http2) {
  static const unsigned char h2[] = "\x02h2\x08http/1.1";
  const bool http2 = *static_cast<const bool*>(wants_http2);
  const unsigned char* wanted = http2 ? h2 : h2 + 3;
  const unsigned int wanted_length = http2 ? 12 : 9;
  unsigned char* chosen = nullptr;
  const int result =
      SSL_select_next_proto(&chosen, out_length, wanted, wanted_length, in, in_length);
  *out = chosen;
  return result == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_NOACK;
}

struct Peer {
  Peer(int fd, SSL_CTX* tls, int ordinal) : channel(fd, tls), number(ordinal) {}

  Channel channel;
  std::unique_ptr<Connection> connection;
  int number;
};

}  // namespace

class RawServer::Loop final : public Answerer {
 public:
  Loop(RequestHandler handler, ServerOptions options)
      : handler_(std::move(handler)), options_(options) {
    if (options_.tls) make_tls();
    open_listener();
    wake_ = checked(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC), "eventfd");
    thread_ = std::thread([this] { run(); });
  }

  ~Loop() override {
    stop_ = true;
    wake();
    thread_.join();
    for (int fd : blockers_) close(fd);
    close(listener_);
    close(wake_);
    SSL_CTX_free(tls_);
  }
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  int port() const { return port_; }
  const ServerOptions& options() const { return options_; }
  const Certificates* certificates() const { return certificates_.get(); }
  const ServerLog& log() const { return log_; }

  void ask_release() {
    release_ = true;
    wake();
  }

  void ask_close() {
    close_all_ = true;
    wake();
  }

  Reply answer(Request request) override {
    log_.add(request);
    try {
      return handler_(request);
    } catch (const std::exception& error) {
      log_.problem(std::string("the handler threw: ") + error.what());
      return Reply::http(500, {{"Content-Type", "text/plain"}}, error.what());
    }
  }

  void problem(std::string text) override { log_.problem(std::move(text)); }

  void sent(std::size_t bytes) override {
    log_.change([&](ServerCounts& counts) { counts.bytes_sent += bytes; });
  }

  void replied() override {
    log_.change([](ServerCounts& counts) { ++counts.replies; });
  }

  void stalled(int change) override {
    log_.change([&](ServerCounts& counts) { counts.stalled += change; });
  }

  void streams(int change, int open_on_connection) override {
    log_.change([&](ServerCounts& counts) {
      counts.open_streams += change;
      counts.peak_streams = std::max(counts.peak_streams, open_on_connection);
    });
  }

  void stream_cancelled() override {
    log_.change([](ServerCounts& counts) { ++counts.cancelled_streams; });
  }

 private:
  void make_tls() {
    certificates_ = std::make_unique<Certificates>(options_.certificate);
    tls_ = SSL_CTX_new(TLS_server_method());
    if (tls_ == nullptr) throw std::runtime_error("test server: no TLS context");
    certificates_->install(tls_);
    SSL_CTX_set_mode(tls_, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_alpn_select_cb(tls_, choose_protocol, &options_.http2);
  }

  void open_listener() {
    listener_ = new_socket();
    const sockaddr_in address = loopback(0);
    const auto* any = reinterpret_cast<const sockaddr*>(&address);
    checked(bind(listener_, any, sizeof address), "bind");
    const bool never = options_.accepting == Accepting::never;
    checked(listen(listener_, never ? 0 : 1024), "listen");
    port_ = port_of(listener_);
    if (never) fill_queue();
  }

  // A queue of length 0 still takes one or two connections; these take their places.
  void fill_queue() {
    const sockaddr_in address = loopback(port_);
    for (int count = 0; count < 4; ++count) {
      blockers_.push_back(new_socket());
      const auto* any = reinterpret_cast<const sockaddr*>(&address);
      (void)connect(blockers_.back(), any, sizeof address);
    }
  }

  void wake() {
    const uint64_t one = 1;
    (void)!write(wake_, &one, sizeof one);
  }

  void run() {
    sigset_t pipe;
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);  // SSL_write has no MSG_NOSIGNAL
    pthread_sigmask(SIG_BLOCK, &pipe, nullptr);
    while (!stop_) {
      wait_for_events();
      obey();
      serve_peers();
      if (waiting_[1].revents != 0) accept_all();
    }
    while (!peers_.empty()) drop(peers_.size() - 1);
  }

  // Entries 0 and 1 are the wake-up and the listener; entry n + 2 is peer n.
  void wait_for_events() {
    const bool accepts = options_.accepting != Accepting::never;
    waiting_.assign({{wake_, POLLIN, 0}, {accepts ? listener_ : -1, POLLIN, 0}});
    auto due = Clock::time_point::max();
    for (const auto& peer : peers_) {
      const bool connected = peer->connection != nullptr;
      const bool writes =
          peer->channel.wants_write() || (connected && peer->connection->wants_write());
      const int events = POLLIN | (writes ? POLLOUT : 0);
      waiting_.push_back({peer->channel.fd(), static_cast<short>(events), 0});
      if (connected) due = std::min(due, peer->connection->due());
    }
    poll(waiting_.data(), waiting_.size(), timeout_until(due));
  }

  static int timeout_until(Clock::time_point due) {
    if (due == Clock::time_point::max()) return -1;
    const auto left = std::chrono::ceil<Milliseconds>(due - Clock::now()).count();
    return static_cast<int>(std::clamp<long long>(left, 0, 60000));
  }

  void obey() {
    if (waiting_[0].revents == 0) return;
    uint64_t count = 0;
    (void)!read(wake_, &count, sizeof count);
    if (release_.exchange(false)) {
      for (auto& peer : peers_) {
        if (peer->connection) peer->connection->release();
      }
    }
    if (close_all_.exchange(false)) {
      while (!peers_.empty()) drop(peers_.size() - 1);
    }
  }

  void serve_peers() {
    const auto now = Clock::now();
    for (std::size_t index = peers_.size(); index-- > 0;) {
      Peer& peer = *peers_[index];
      const bool readable = (waiting_[index + 2].revents & ~POLLOUT) != 0;
      const bool alive = peer.connection ? serve(peer, readable, now) : handshake(peer, now);
      if (!alive) drop(index);
    }
  }

  bool handshake(Peer& peer, Clock::time_point now) {
    const auto result = peer.channel.handshake();
    if (result != Channel::Result::ok) return result == Channel::Result::again;
    const bool http2 = options_.tls ? peer.channel.protocol() == "h2" : options_.http2;
    peer.connection =
        http2 ? make_http2(peer.channel, *this, peer.number, options_.max_concurrent_streams)
              : make_http1(peer.channel, *this, peer.number, options_.ignore_expect);
    return serve(peer, true, now);
  }

  bool serve(Peer& peer, bool readable, Clock::time_point now) {
    while (readable) {
      std::string bytes;
      const auto result = peer.channel.read(bytes);
      if (!bytes.empty() && !peer.connection->receive(bytes)) return false;
      if (result == Channel::Result::closed) return false;
      readable = result == Channel::Result::ok;
    }
    return peer.connection->advance(now);
  }

  void accept_all() {
    while (true) {
      const int fd = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (fd < 0) return;
      const int on = 1;
      setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      add(fd);
    }
  }

  void add(int fd) {
    auto peer = std::make_unique<Peer>(fd, tls_, ++accepted_);
    if (options_.accepting == Accepting::reset) peer->channel.reset();
    const bool kept = options_.accepting == Accepting::serve;
    log_.change([&](ServerCounts& counts) {
      ++counts.accepted;
      counts.open += kept ? 1 : 0;
      counts.peak_open = std::max(counts.peak_open, counts.open);
    });
    if (!kept) return;
    peers_.push_back(std::move(peer));
    if (!handshake(*peers_.back(), Clock::now())) drop(peers_.size() - 1);
  }

  void drop(std::size_t index) {
    std::swap(peers_[index], peers_.back());
    peers_.back()->connection.reset();
    peers_.pop_back();
    log_.change([](ServerCounts& counts) { --counts.open; });
  }

  RequestHandler handler_;
  ServerOptions options_;
  std::unique_ptr<Certificates> certificates_;
  SSL_CTX* tls_ = nullptr;
  int listener_ = -1;
  int wake_ = -1;
  int port_ = 0;
  int accepted_ = 0;
  std::vector<int> blockers_;
  std::vector<pollfd> waiting_;
  std::vector<std::unique_ptr<Peer>> peers_;
  ServerLog log_;
  std::atomic<bool> stop_{false};
  std::atomic<bool> release_{false};
  std::atomic<bool> close_all_{false};
  std::thread thread_;
};

RawServer::RawServer(RequestHandler handler, ServerOptions options)
    : loop_(std::make_unique<Loop>(std::move(handler), options)) {}

RawServer::RawServer(std::vector<Reply> replies, ServerOptions options)
    : RawServer(
          [replies = std::move(replies)](const Request& request) {
            const auto index = static_cast<std::size_t>(request.number - 1);
            return replies.at(std::min(index, replies.size() - 1));
          },
          options) {}

RawServer::~RawServer() = default;

int RawServer::port() const { return loop_->port(); }

std::string RawServer::url() const {
  const std::string host = loop_->options().tls ? "https://localhost:" : "http://127.0.0.1:";
  return host + std::to_string(port());
}

std::string RawServer::ca_file() const {
  const Certificates* certificates = loop_->certificates();
  if (certificates == nullptr) throw std::logic_error("this server has no TLS");
  return certificates->ca_file();
}

std::vector<Request> RawServer::requests() const { return loop_->log().requests(); }
ServerCounts RawServer::counts() const { return loop_->log().counts(); }
std::vector<std::string> RawServer::problems() const { return loop_->log().problems(); }
void RawServer::release_stalled() { loop_->ask_release(); }
void RawServer::close_connections() { loop_->ask_close(); }

bool RawServer::wait_until(const std::function<bool(const ServerCounts&)>& condition,
                           Milliseconds limit) const {
  return loop_->log().wait_until(condition, limit);
}

bool RawServer::wait_for_open(int connections, Milliseconds limit) const {
  return wait_until([&](const ServerCounts& counts) { return counts.open == connections; }, limit);
}

bool RawServer::wait_for_requests(int requests, Milliseconds limit) const {
  return wait_until([&](const ServerCounts& counts) { return counts.requests >= requests; }, limit);
}

bool RawServer::wait_for_stalled(int replies, Milliseconds limit) const {
  return wait_until([&](const ServerCounts& counts) { return counts.stalled >= replies; }, limit);
}

}  // namespace lian::test
