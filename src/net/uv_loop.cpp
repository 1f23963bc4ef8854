#include "net/uv_loop.hpp"

#include <sys/timerfd.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>

#include <fmt/format.h>

#include "net/curl_multi.hpp"

namespace lian {
inline namespace v0 {

class UvLoop::Letters : public detail::Mailbox {
 public:
  explicit Letters(uv_async_t* async) : async_(async) {}

  void post(std::shared_ptr<detail::Posted> item) override {
    const std::lock_guard lock(mutex_);
    if (!async_) return;  // the loop is gone, and with it everything that waited on it
    items_.push_back(std::move(item));
    uv_async_send(async_);
  }
  void close() {
    const std::lock_guard lock(mutex_);
    async_ = nullptr;
    items_.clear();
  }
  void deliver() {
    std::vector<std::shared_ptr<detail::Posted>> items;
    {
      const std::lock_guard lock(mutex_);
      items.swap(items_);
    }
    for (const auto& item : items) item->run();
  }

 private:
  std::mutex mutex_;
  uv_async_t* async_;
  std::vector<std::shared_ptr<detail::Posted>> items_;
};

namespace {
void require_ok(int status, const char* what) {
  if (status >= 0) return;
  if (status == UV_EMFILE || status == UV_ENFILE)
    throw LimitError(fmt::format("cannot make an event loop ({}): too many open files; raise the "
                                 "limit with 'ulimit -n' or keep fewer streams open",
                                 what),
                     "RLIMIT_NOFILE", static_cast<std::uint64_t>(sysconf(_SC_OPEN_MAX)));
  throw Error(ErrorKind::config,
              fmt::format("cannot make an event loop ({}): {}", what, uv_strerror(status)));
}
}  // namespace

UvLoop::UvLoop(Runtime& runtime) : Loop(runtime) {
  require_ok(uv_loop_init(&uv_), "uv_loop_init");
  const int status = uv_async_init(&uv_, &async_, [](uv_async_t*) {});
  if (status < 0) {
    uv_loop_close(&uv_);
    require_ok(status, "uv_async_init");
  }
  uv_timer_init(&uv_, &timer_);
  letters_ = std::make_shared<Letters>(&async_);
  mailbox_ = letters_;
}

UvLoop::~UvLoop() {
  letters_->close();
  curls_.clear();
  if (timerfd_ >= 0) {
    uv_close(reinterpret_cast<uv_handle_t*>(&timerfd_poll_), nullptr);
    ::close(timerfd_);
  }
  uv_close(reinterpret_cast<uv_handle_t*>(&timer_), nullptr);
  uv_close(reinterpret_cast<uv_handle_t*>(&async_), nullptr);
  uv_run(&uv_, UV_RUN_DEFAULT);
  uv_loop_close(&uv_);
}

CurlMulti& UvLoop::curl() {
  for (const auto& curl : curls_)
    if (curl->has_room()) return *curl;
  return *curls_.emplace_back(std::make_unique<CurlMulti>(*this));
}

std::size_t UvLoop::exchanges() const noexcept {
  std::size_t sum = 0;
  for (const auto& curl : curls_) sum += curl->exchanges();
  return sum;
}

// After a peak; one more than is in use stays.
void UvLoop::drop_idle_curls() noexcept {
  const auto idle = [this](std::size_t back) { return curls_[curls_.size() - back]->idle(); };
  while (curls_.size() > 2 && idle(1) && idle(2)) curls_.pop_back();
}

void UvLoop::arm_timer() noexcept {
  timer_stale_ = false;
  if (!has_timers()) {
    if (timer_armed_) uv_timer_stop(&timer_);
    timer_armed_ = false;
    return;
  }
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(next_timer() - Clock::now());
  const auto ms = static_cast<std::uint64_t>(std::max<std::int64_t>(left.count(), 0));
  uv_update_time(&uv_);
  // Stopping the loop keeps uv_run from waiting on when the timer fires before the poll.
  uv_timer_start(&timer_, [](uv_timer_t* timer) { uv_stop(timer->loop); }, ms, 0);
  timer_armed_ = true;
}

void UvLoop::turn(bool wait) {
  if (wait && (timer_stale_ || (has_timers() && !uv_is_active(reinterpret_cast<uv_handle_t*>(&timer_)))))
    arm_timer();
  if (wait && has_timers() && next_timer() <= Clock::now()) wait = false;
  uv_run(&uv_, wait ? UV_RUN_ONCE : UV_RUN_NOWAIT);
  letters_->deliver();
  for (const auto& curl : curls_) curl->reap();
  drop_idle_curls();
}

int UvLoop::fd() {
  if (timerfd_ < 0) {
    timerfd_ = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    if (timerfd_ < 0) require_ok(-errno, "timerfd_create");
    uv_poll_init(&uv_, &timerfd_poll_, timerfd_);
    timerfd_poll_.data = this;
    uv_poll_start(&timerfd_poll_, UV_READABLE, [](uv_poll_t* handle, int, int) {
      std::uint64_t fired = 0;
      const auto fd = static_cast<UvLoop*>(handle->data)->timerfd_;
      [[maybe_unused]] const auto n = ::read(fd, &fired, sizeof fired);
    });
    uv_run(&uv_, UV_RUN_NOWAIT);  // libuv adds descriptors to its epoll set only here
    uv_async_send(&async_);       // and may have taken a wake-up that was poll's
    arm_timerfd();
  }
  return uv_backend_fd(&uv_);
}

void UvLoop::first_run(std::coroutine_handle<> handle) {
  to_start_.push_back(handle);
  uv_async_send(&async_);
}

void UvLoop::poll() {
  do {
    for (const std::coroutine_handle<> handle : std::exchange(to_start_, {})) handle.resume();
    run_once();
    watches_changed_ = false;
    turn(false);  // puts new descriptors into the epoll set
  } while (has_ready() || watches_changed_ || !to_start_.empty());
  arm_timerfd();
}

void UvLoop::arm_timerfd() noexcept {
  if (timerfd_ < 0) return;
  itimerspec spec{};
  if (has_timers()) {
    const auto left = std::max<std::chrono::nanoseconds>(next_timer() - Clock::now(),
                                                         std::chrono::nanoseconds(1));
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(left);
    spec.it_value.tv_sec = static_cast<time_t>(seconds.count());
    spec.it_value.tv_nsec = static_cast<long>((left - seconds).count());
  }
  timerfd_settime(timerfd_, 0, &spec, nullptr);
}

}  // namespace v0
}  // namespace lian
