#pragma once

#include <cstddef>
#include <memory>
#include <utility>

#include "lian/core/loop.hpp"

namespace lian {
inline namespace v0 {

/// Lets at most `permits` holders in at once; others wait in order. Handles share one semaphore and
/// may be used from many threads and loops.
///
/// A coroutine never waits for a permit that is held by something suspended further out on its own
/// thread, which could not go on: it is let in beyond the number instead. So is one inside a nested
/// blocking call when the holder's thread is in a nested call as well: they might wait for each
/// other.
///
///     auto acquire = semaphore.acquire();
///     auto permit = co_await acquire;
class LIAN_API Semaphore {
 public:
  /// Throws Error{config} when `permits` is 0.
  explicit Semaphore(std::size_t permits);

  /// Gives its place back when destroyed.
  class LIAN_API Permit {
   public:
    Permit() = default;
    Permit(Permit&& other) noexcept
        : state_(std::move(other.state_)), place_(std::move(other.place_)) {}
    Permit& operator=(Permit&& other) noexcept {
      std::swap(state_, other.state_);
      std::swap(place_, other.place_);
      return *this;
    }
    ~Permit() { release(); }
    void release() noexcept;
    explicit operator bool() const noexcept { return state_ != nullptr; }

   private:
    friend class Semaphore;
    std::shared_ptr<struct SemaphoreState> state_;
    std::shared_ptr<detail::LoopPlace> place_;
  };

  class LIAN_API Acquire final : public detail::Wait {
   public:
    explicit Acquire(std::shared_ptr<SemaphoreState> state) noexcept : state_(std::move(state)) {}
    ~Acquire();
    Permit await_resume();

   private:
    friend struct SemaphoreState;
    bool attach() override;
    void detach() noexcept override;
    std::shared_ptr<SemaphoreState> state_;
    std::shared_ptr<struct SemaphoreTicket> ticket_;
    std::shared_ptr<detail::LoopPlace> place_;
  };
  /// Awaitable: a permit. Throws Error{cancelled or timeout} when its scope is ended.
  Acquire acquire() const { return Acquire(state_); }
  /// A permit if one is free, else an empty one; does not wait.
  Permit try_acquire() const;
  std::size_t available() const noexcept;

 private:
  std::shared_ptr<SemaphoreState> state_;
};

}  // namespace v0
}  // namespace lian
