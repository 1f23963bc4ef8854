#pragma once

#include <chrono>

#include "lian/core/loop.hpp"

namespace lian {
inline namespace v0 {

/// Awaitable: suspends the coroutine until a time; the loop goes on meanwhile. Throws
/// Error{cancelled or timeout} when its scope is ended. `co_await lian::sleep(100ms);`
class LIAN_API Sleep final : public detail::Wait, private detail::Timer {
 public:
  explicit Sleep(Clock::time_point until) noexcept : until_(until) {}
  ~Sleep() override { detach(); }
  void await_resume() const { check(); }

 private:
  bool attach() override;
  void detach() noexcept override;
  void expired() noexcept override;
  Clock::time_point until_;
};

inline Sleep sleep(std::chrono::nanoseconds duration) {
  const auto now = Clock::now();
  const bool far = duration > Clock::time_point::max() - now;
  return Sleep(far ? Clock::time_point::max()
                   : now + std::chrono::duration_cast<Clock::duration>(duration));
}
inline Sleep sleep_until(Clock::time_point until) { return Sleep(until); }

}  // namespace v0
}  // namespace lian
