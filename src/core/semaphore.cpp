#include "lian/core/semaphore.hpp"

#include <algorithm>
#include <deque>
#include <mutex>
#include <vector>

namespace lian {
inline namespace v0 {

// One waiter's place. `granted` is guarded by the semaphore's mutex; `waiter` belongs to its loop.
struct SemaphoreTicket : detail::Posted {
  void run() noexcept override;
  Semaphore::Acquire* waiter = nullptr;
  std::shared_ptr<detail::LoopPlace> place;
  std::shared_ptr<detail::Mailbox> mailbox;
  bool granted = false;
};

struct SemaphoreState {
  explicit SemaphoreState(std::size_t permits) : free(static_cast<std::ptrdiff_t>(permits)) {}

  static void wake(Semaphore::Acquire& waiter) noexcept { waiter.wake(); }

  // A nested waiter keeps its own outer loop from going on; so does a holder that stands still. Two
  // such could wait for each other, over any number of threads and semaphores.
  bool would_wait_in_vain(const detail::LoopPlace& waiter) const {
    return std::any_of(holders.begin(), holders.end(), [&](const auto& place) {
      return place->stands_still_here() || (waiter.nested() && place->stands_still());
    });
  }
  void take(const std::shared_ptr<detail::LoopPlace>& place) {
    --free;
    if (place) holders.push_back(place);
  }
  // The first waiter, but one whose thread is busy in a nested loop lets those behind it go first:
  // they may be what that loop waits for.
  std::shared_ptr<SemaphoreTicket> take_first() {
    auto it = std::find_if(queue.begin(), queue.end(),
                           [](const auto& ticket) { return !ticket->place->stands_still(); });
    if (it == queue.end()) it = queue.begin();
    auto ticket = std::move(*it);
    queue.erase(it);
    return ticket;
  }
  // Gives a place to the first waiter; call with the mutex held.
  void give(const std::shared_ptr<detail::LoopPlace>& place) noexcept {
    ++free;
    const auto it = std::find(holders.begin(), holders.end(), place);
    if (it != holders.end()) {
      *it = holders.back();
      holders.pop_back();
    }
    while (free > 0 && !queue.empty()) {
      const auto ticket = take_first();
      ticket->granted = true;
      take(ticket->place);
      const detail::Loop* here = detail::Loop::current();
      if (here && here->place() == ticket->place)
        ticket->run();
      else
        ticket->mailbox->post(ticket);
    }
  }

  std::mutex mutex;
  std::ptrdiff_t free;
  std::deque<std::shared_ptr<SemaphoreTicket>> queue;
  std::vector<std::shared_ptr<detail::LoopPlace>> holders;  // of each permit that is out
};

void SemaphoreTicket::run() noexcept {
  if (waiter) SemaphoreState::wake(*waiter);
}

Semaphore::Semaphore(std::size_t permits) {
  if (permits == 0) throw Error(ErrorKind::config, "a Semaphore needs at least one permit");
  state_ = std::make_shared<SemaphoreState>(permits);
}

void Semaphore::Permit::release() noexcept {
  const auto state = std::exchange(state_, nullptr);
  if (!state) return;
  const std::lock_guard lock(state->mutex);
  state->give(place_);
}

bool Semaphore::Acquire::attach() {
  place_ = loop().place();
  const std::lock_guard lock(state_->mutex);
  if ((state_->free > 0 && state_->queue.empty()) || state_->would_wait_in_vain(*place_)) {
    state_->take(place_);
    return false;
  }
  ticket_ = std::make_shared<SemaphoreTicket>();
  ticket_->waiter = this;
  ticket_->place = place_;
  ticket_->mailbox = loop().mailbox();
  state_->queue.push_back(ticket_);
  return true;
}

void Semaphore::Acquire::detach() noexcept {
  if (!ticket_) return;
  ticket_->waiter = nullptr;
  const std::lock_guard lock(state_->mutex);
  if (ticket_->granted)
    state_->give(place_);
  else
    std::erase(state_->queue, ticket_);
  ticket_.reset();
}

Semaphore::Acquire::~Acquire() { detach(); }

Semaphore::Permit Semaphore::Acquire::await_resume() {
  check();
  if (ticket_) ticket_->waiter = nullptr;
  ticket_.reset();
  Permit permit;
  permit.state_ = state_;
  permit.place_ = place_;
  return permit;
}

Semaphore::Permit Semaphore::try_acquire() const {
  const detail::Loop* loop = detail::Loop::current();
  const std::lock_guard lock(state_->mutex);
  Permit permit;
  if (state_->free <= 0 || !state_->queue.empty()) return permit;
  if (loop) permit.place_ = loop->place();
  state_->take(permit.place_);
  permit.state_ = state_;
  return permit;
}

std::size_t Semaphore::available() const noexcept {
  const std::lock_guard lock(state_->mutex);
  return static_cast<std::size_t>(std::max<std::ptrdiff_t>(state_->free, 0));
}

}  // namespace v0
}  // namespace lian
