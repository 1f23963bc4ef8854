#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include <uv.h>

#include "lian/core/loop.hpp"

namespace lian {
inline namespace v0 {

class CurlMulti;

/// The loop on libuv. Timers live in the base class's heap; one uv_timer only bounds the waiting,
/// so that bytes that are there are always read before a timer is judged.
class UvLoop final : public detail::Loop {
 public:
  explicit UvLoop(Runtime& runtime);
  ~UvLoop() override;

  static UvLoop& require() { return static_cast<UvLoop&>(Loop::require()); }
  uv_loop_t* uv() noexcept { return &uv_; }
  /// The HTTP connections that the next exchange of this loop is to use. There are several sets of
  /// them when many exchanges run: libcurl looks through all of a set for each exchange.
  CurlMulti& curl();
  /// The exchanges that run now.
  std::size_t exchanges() const noexcept;

  /// For a foreign loop: a descriptor that is readable when `poll` has something to do.
  int fd();
  void poll();
  /// To be called when a descriptor is watched anew: libuv tells the kernel only at its next turn.
  void watches_changed() noexcept { watches_changed_ = true; }
  /// Queues a coroutine to be started by the next `poll`.
  void first_run(std::coroutine_handle<> handle);

 private:
  class Letters;
  void turn(bool wait) override;
  void timers_changed() noexcept override { timer_stale_ = true; }
  void arm_timer() noexcept;
  void arm_timerfd() noexcept;
  void drop_idle_curls() noexcept;

  uv_loop_t uv_{};
  uv_timer_t timer_{};
  uv_async_t async_{};
  uv_poll_t timerfd_poll_{};
  int timerfd_ = -1;
  bool timer_stale_ = false, timer_armed_ = false, watches_changed_ = false;
  std::vector<std::coroutine_handle<>> to_start_;
  std::shared_ptr<Letters> letters_;
  std::vector<std::unique_ptr<CurlMulti>> curls_;
};

}  // namespace v0
}  // namespace lian
