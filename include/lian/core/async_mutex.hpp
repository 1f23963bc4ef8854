#pragma once

#include "lian/core/semaphore.hpp"

namespace lian {
inline namespace v0 {

/// One holder at a time across awaits; others wait in order. As `Semaphore` with one permit,
/// including its rule for holders that are suspended further out on the same thread.
///
///     auto acquire = mutex.lock();
///     auto guard = co_await acquire;
class AsyncMutex {
 public:
  using Guard = Semaphore::Permit;
  AsyncMutex() : semaphore_(1) {}
  /// Awaitable: the guard that unlocks when destroyed.
  Semaphore::Acquire lock() const { return semaphore_.acquire(); }
  /// The guard if nobody holds the lock, else an empty one.
  Guard try_lock() const { return semaphore_.try_acquire(); }

 private:
  Semaphore semaphore_;
};

}  // namespace v0
}  // namespace lian
