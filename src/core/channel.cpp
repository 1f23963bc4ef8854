#include "lian/core/channel.hpp"

#include <algorithm>
#include <mutex>

namespace lian {
inline namespace v0 {
namespace detail {

// One waiter's place. `told` is guarded by the channel's lock; `waiter` belongs to its loop.
struct ChannelTicket : Posted {
  void run() noexcept override {
    if (waiter) waiter->wake();
  }
  ChannelCore::Turn* waiter = nullptr;
  Loop* loop = nullptr;
  std::shared_ptr<Mailbox> mailbox;
  bool told = false;
};

struct ChannelCore::State {
  using Tickets = std::deque<std::shared_ptr<ChannelTicket>>;

  Tickets& waiting(Side side) noexcept { return side == Side::send ? senders : receivers; }
  static void tell_one(Tickets& tickets) noexcept {
    if (tickets.empty()) return;
    const auto ticket = std::move(tickets.front());
    tickets.pop_front();
    ticket->told = true;
    if (ticket->loop == Loop::current())
      ticket->run();
    else
      ticket->mailbox->post(ticket);
  }

  std::mutex mutex;
  std::size_t capacity, size = 0;
  bool closed = false;
  Tickets senders, receivers;
};

ChannelCore::ChannelCore(std::size_t capacity) : state_(std::make_unique<State>()) {
  if (capacity == 0) throw Error(ErrorKind::config, "a Channel needs room for at least one element");
  state_->capacity = capacity;
}
ChannelCore::~ChannelCore() = default;

void ChannelCore::lock() noexcept { state_->mutex.lock(); }
void ChannelCore::unlock() noexcept { state_->mutex.unlock(); }
bool ChannelCore::closed() const noexcept { return state_->closed; }
std::size_t ChannelCore::size() const noexcept { return state_->size; }

bool ChannelCore::can(Side side) const noexcept {
  if (state_->closed) return true;
  return side == Side::send ? state_->size < state_->capacity : state_->size > 0;
}

void ChannelCore::added() noexcept {
  ++state_->size;
  State::tell_one(state_->receivers);
}

void ChannelCore::removed() noexcept {
  --state_->size;
  State::tell_one(state_->senders);
}

void ChannelCore::close() noexcept {
  state_->closed = true;
  while (!state_->senders.empty()) State::tell_one(state_->senders);
  while (!state_->receivers.empty()) State::tell_one(state_->receivers);
}

bool ChannelCore::Turn::attach() {
  const std::lock_guard lock(core_->state_->mutex);
  if (core_->can(side_)) return false;
  ticket_ = std::make_shared<ChannelTicket>();
  ticket_->waiter = this;
  ticket_->loop = &loop();
  ticket_->mailbox = loop().mailbox();
  core_->state_->waiting(side_).push_back(ticket_);
  return true;
}

// A turn that was told and is given up goes to the next one.
void ChannelCore::Turn::detach() noexcept {
  if (!ticket_) return;
  ticket_->waiter = nullptr;
  const std::lock_guard lock(core_->state_->mutex);
  if (ticket_->told)
    State::tell_one(core_->state_->waiting(side_));
  else
    std::erase(core_->state_->waiting(side_), ticket_);
  ticket_.reset();
}

ChannelCore::Turn::~Turn() { detach(); }

void ChannelCore::Turn::await_resume() {
  check();
  if (ticket_) ticket_->waiter = nullptr;
  ticket_.reset();
}

}  // namespace detail
}  // namespace v0
}  // namespace lian
