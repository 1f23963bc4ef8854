#include "net/curl_multi.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>

#include "lian/core/runtime.hpp"
#include "net/environment.hpp"
#include "net/fetch.hpp"
#include "net/runtime_state.hpp"
#include "net/url.hpp"
#include "net/uv_loop.hpp"

namespace lian {
inline namespace v0 {

namespace {
constexpr std::size_t max_spare_handles = 128;
constexpr std::size_t max_targets = 64;
constexpr std::size_t all_receive_bytes = std::size_t{256} << 10;
constexpr long min_stream_bytes = 1024, min_receive_bytes = 4096, max_receive_bytes = 64L << 10;
constexpr std::size_t max_spare_buffers = 8;
constexpr std::size_t min_spare_buffer = std::size_t{4} << 10, max_spare_buffer = std::size_t{1} << 20;
}  // namespace

// A descriptor libcurl wants watched. Kept until it is closed, and watched for the next reply's
// bytes while its connection rests, so that a request on a warm connection needs no system call to
// be watched.
struct CurlMulti::Socket {
  uv_poll_t poll{};
  CurlMulti* multi = nullptr;
  curl_socket_t fd = -1;
  int events = 0;       // what libuv watches it for
  bool rests = false;   // libcurl does not want it watched
  std::uint64_t turn = 0;
  Transfer* reader = nullptr;  // who uses the connection instead of libcurl
};

class CurlMulti::Wakeup : public detail::Timer {
 public:
  explicit Wakeup(CurlMulti& multi) noexcept : multi_(&multi) {}

 private:
  void expired() noexcept override {
    multi_->act(CURL_SOCKET_TIMEOUT, 0);
    multi_->reap();
  }
  CurlMulti* multi_;
};

CurlMulti::CurlMulti(UvLoop& loop)
    : loop_(&loop),
      multi_(curl_multi_init()),
      wakeup_(std::make_unique<Wakeup>(*this)),
      max_active_(loop.runtime().options().max_connections()) {
  spare_.reserve(max_spare_handles);
  spare_buffers_.reserve(max_spare_buffers);
  if (!multi_) throw Error(ErrorKind::config, "libcurl could not be started");
  curl_multi_setopt(multi_, CURLMOPT_SOCKETDATA, this);
  curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION,
                    +[](CURL*, curl_socket_t fd, int what, void* self, void* known) {
                      return static_cast<CurlMulti*>(self)->on_socket(fd, what,
                                                                      static_cast<Socket*>(known));
                    });
  curl_multi_setopt(multi_, CURLMOPT_TIMERDATA, this);
  curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, +[](CURLM*, long ms, void* self) {
    return static_cast<CurlMulti*>(self)->on_timer(ms);
  });
  curl_multi_setopt(multi_, CURLMOPT_PIPELINING, CURLPIPE_MULTIPLEX);
  // Warm connections count as well: libcurl closes one before it opens one too many.
  if (max_active_ > 0)
    curl_multi_setopt(multi_, CURLMOPT_MAX_TOTAL_CONNECTIONS, static_cast<long>(max_active_));
}

CurlMulti::~CurlMulti() {
  draining_.clear();
  spare_.clear();
  curl_multi_cleanup(multi_);
  for (const Socket* socket : sockets_)
    if (socket) forget(socket->fd);
}

std::unique_ptr<EasyHandle> CurlMulti::take_handle() {
  if (spare_.empty()) return std::make_unique<EasyHandle>(*this);
  std::unique_ptr<EasyHandle> handle = std::move(spare_.back());
  spare_.pop_back();
  return handle;
}

void CurlMulti::give_handle(std::unique_ptr<EasyHandle> handle) noexcept {
  handle->end();
  if (spare_.size() < max_spare_handles) spare_.push_back(std::move(handle));
}

std::string CurlMulti::take_buffer(std::size_t bytes) {
  std::string buffer;
  if (!spare_buffers_.empty()) {
    buffer = std::move(spare_buffers_.back());
    spare_buffers_.pop_back();
  }
  buffer.reserve(bytes + parser_padding);
  return buffer;
}

long CurlMulti::receive_bytes(bool stream) const noexcept {
  const auto share = static_cast<long>(all_receive_bytes / std::max<std::size_t>(loop_->exchanges(), 1));
  return std::clamp(share, stream ? min_stream_bytes : min_receive_bytes, max_receive_bytes);
}

void CurlMulti::give_buffer(std::string buffer) noexcept {
  if (buffer.capacity() < min_spare_buffer || buffer.capacity() > max_spare_buffer) return;
  if (spare_buffers_.size() >= max_spare_buffers) return;
  buffer.clear();
  spare_buffers_.push_back(std::move(buffer));
}

std::shared_ptr<const Target> CurlMulti::target_of(const std::string& url) {
  const auto it = targets_.find(url);
  if (it != targets_.end()) return it->second;
  check_http_url(url);
  if (targets_.size() >= max_targets) targets_.clear();
  const Runtime& runtime = loop_->runtime();
  auto target = std::make_shared<const Target>(
      url, proxy_for(url, runtime.options(), runtime.state().proxies));
  return targets_.emplace(url, std::move(target)).first->second;
}

std::unique_ptr<Transfer> CurlMulti::start(HttpRequest request, HttpLimits limits) {
  std::shared_ptr<const Target> target = target_of(request.url);
  auto transfer = std::make_unique<Transfer>(*this, std::move(request), std::move(target), limits);
  finish_draining();
  add(*transfer);
  reap();
  return transfer;
}

// What came for the draining exchanges while nobody drove the loop: their connections are free then.
void CurlMulti::finish_draining() {
  if (draining_.empty()) return;
  uv_run(loop_->uv(), UV_RUN_NOWAIT);
  reap();
}

void CurlMulti::add(Transfer& transfer) {
  if (max_active_ > 0 && active_ >= max_active_) {
    transfer.queued_ = true;
    queue_.push_back(&transfer);
    return;
  }
  begin(transfer);
}

void CurlMulti::begin(Transfer& transfer) {
  transfer.handle_ = take_handle();
  ++active_;
  transfer.handle_->begin(transfer);
  transfer.start();
  kicked_ = false;
  acting_ = true;
  const CURLMcode code = curl_multi_add_handle(multi_, transfer.handle_->easy());
  acting_ = false;
  if (code != CURLM_OK)
    throw Error(ErrorKind::network, std::string("libcurl: ") + curl_multi_strerror(code));
  if (kicked_) act(CURL_SOCKET_TIMEOUT, 0);
}

void CurlMulti::remove(Transfer& transfer) noexcept {
  if (std::exchange(transfer.queued_, false)) {
    std::erase(queue_, &transfer);
    return;
  }
  std::unique_ptr<EasyHandle> handle = std::move(transfer.handle_);
  if (!handle) return;
  if (transfer.connected_) unwatch(transfer.socket_);
  curl_multi_remove_handle(multi_, handle->easy());
  give_handle(std::move(handle));
  --active_;
  start_queued();
}

void CurlMulti::start_queued() {
  while (!queue_.empty() && active_ < max_active_) {
    Transfer& next = *queue_.front();
    queue_.erase(queue_.begin());
    next.queued_ = false;
    try {
      begin(next);
    } catch (...) {
      next.fail(std::current_exception());
    }
  }
}

// Runs libcurl; what it asks to have run at once is run before returning.
void CurlMulti::act(curl_socket_t socket, int events) noexcept {
  now_ = Clock::now();
  int running = 0;
  for (int rounds = 0; rounds < 8; ++rounds) {
    kicked_ = false;
    acting_ = true;
    curl_multi_socket_action(multi_, socket, events, &running);
    acting_ = false;
    if (!kicked_) return;
    socket = CURL_SOCKET_TIMEOUT;
    events = 0;
  }
  wakeup_->start(*loop_, Clock::now());
}

int CurlMulti::on_timer(long ms) {
  if (ms < 0) {
    wakeup_->stop();
  } else if (ms == 0 && acting_) {
    wakeup_->stop();
    kicked_ = true;
  } else {
    wakeup_->start(*loop_, Clock::now() + std::chrono::milliseconds(ms));
  }
  return 0;
}

// Before its number belongs to another descriptor of the process.
void CurlMulti::forget(curl_socket_t fd) noexcept {
  const auto slot = static_cast<std::size_t>(fd);
  if (slot >= sockets_.size() || !sockets_[slot]) return;
  Socket* socket = std::exchange(sockets_[slot], nullptr);
  uv_close(reinterpret_cast<uv_handle_t*>(&socket->poll),
           [](uv_handle_t* handle) { delete static_cast<Socket*>(handle->data); });
}

void CurlMulti::rest(Socket& socket) noexcept {
  socket.rests = true;
  if (socket.events == UV_READABLE) return;
  socket.events = 0;
  uv_poll_stop(&socket.poll);
}

void CurlMulti::on_ready(Socket& socket, int status, int happened) noexcept {
  if (socket.reader) {
    socket.events = 0;
    uv_poll_stop(&socket.poll);
    return socket.reader->tell();
  }
  if (socket.rests) {  // closed by the other side, or bytes nobody asked for
    socket.events = 0;
    uv_poll_stop(&socket.poll);
    return;
  }
  // libuv polls on while a thousand descriptors are ready: what is read must be taken in between.
  if (std::exchange(socket.turn, turn_) == turn_) return;
  const int flags = status < 0 ? CURL_CSELECT_ERR
                               : ((happened & UV_READABLE) ? CURL_CSELECT_IN : 0) |
                                     ((happened & UV_WRITABLE) ? CURL_CSELECT_OUT : 0);
  act(socket.fd, flags);
  hand_over();  // now: libcurl looks for each ended exchange among all that nobody has collected
}

// Null when libuv refuses the descriptor.
CurlMulti::Socket* CurlMulti::socket_at(curl_socket_t fd) {
  const auto slot = static_cast<std::size_t>(fd);
  if (sockets_.size() <= slot) sockets_.resize(slot + 1);
  if (sockets_[slot]) return sockets_[slot];
  auto made = std::make_unique<Socket>();
  made->multi = this;
  made->fd = fd;
  if (uv_poll_init_socket(loop_->uv(), &made->poll, fd) != 0) return nullptr;
  made->poll.data = made.get();
  return sockets_[slot] = made.release();
}

// Tells the transfer once.
void CurlMulti::watch(Transfer& transfer, int events) {
  Socket* socket = socket_at(transfer.socket_);
  if (!socket) throw Error(ErrorKind::network, "libuv cannot watch a connection");
  socket->reader = &transfer;
  watch(*socket, events);
}

void CurlMulti::watch(Socket& socket, int events) {
  socket.rests = false;
  if (socket.events == events) return;
  socket.events = events;
  uv_poll_start(&socket.poll, events, [](uv_poll_t* handle, int status, int happened) {
    static_cast<Socket*>(handle->data)->multi->on_ready(*static_cast<Socket*>(handle->data), status,
                                                        happened);
  });
  loop_->watches_changed();
}

void CurlMulti::unwatch(curl_socket_t fd) noexcept {
  const auto slot = static_cast<std::size_t>(fd);
  if (slot >= sockets_.size() || !sockets_[slot] || !sockets_[slot]->reader) return;
  sockets_[slot]->reader = nullptr;
  sockets_[slot]->events = 0;
  uv_poll_stop(&sockets_[slot]->poll);
}

int CurlMulti::on_socket(curl_socket_t fd, int what, Socket* known) {
  if (what == CURL_POLL_REMOVE) {
    if (known) rest(*known);
    return 0;
  }
  if (!known) {
    known = socket_at(fd);
    if (!known) return -1;
    curl_multi_assign(multi_, fd, known);
  }
  const int events = ((what & CURL_POLL_IN) ? UV_READABLE : 0) |
                     ((what & CURL_POLL_OUT) ? UV_WRITABLE : 0);
  watch(*known, events);
  return 0;
}

void CurlMulti::reap() {
  ++turn_;
  hand_over();
  if (!draining_.empty())
    std::erase_if(draining_, [](const auto& transfer) { return transfer->ended(); });
}

void CurlMulti::hand_over() noexcept {
  int left = 0;
  while (CURLMsg* message = curl_multi_info_read(multi_, &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    char* owner = nullptr;
    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &owner);
    const CURLcode code = message->data.result;
    Transfer* transfer = reinterpret_cast<EasyHandle*>(owner)->owner();
    if (code == CURLE_OK && transfer->request_.websocket)
      transfer->stands();  // libcurl closes the connection when the handle is removed
    else
      transfer->finished(code);
  }
}

void CurlMulti::drain(std::unique_ptr<Transfer> transfer) noexcept {
  transfer->draining_ = true;
  give_buffer(transfer->take());
  transfer->Timer::start(*loop_, Clock::now() + std::chrono::seconds(1));
  draining_.push_back(std::move(transfer));
}

}  // namespace v0
}  // namespace lian
