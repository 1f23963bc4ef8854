#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <optional>
#include <utility>

#include "lian/core/coroutine_warnings.hpp"
#include "lian/core/loop.hpp"
#include "lian/core/stream.hpp"
#include "lian/core/task.hpp"

LIAN_COROUTINES_BEGIN

namespace lian {
inline namespace v0 {

namespace detail {

/// The part of a channel that does not know the element type: a lock, a count and two queues of
/// waiting coroutines.
class LIAN_API ChannelCore {
 public:
  enum class Side { send, receive };
  explicit ChannelCore(std::size_t capacity);
  ~ChannelCore();
  ChannelCore(const ChannelCore&) = delete;
  ChannelCore& operator=(const ChannelCore&) = delete;

  void lock() noexcept;
  void unlock() noexcept;
  /// With the lock held: whether that side can go on, be it because the channel is closed.
  bool can(Side side) const noexcept;
  bool closed() const noexcept;
  std::size_t size() const noexcept;
  /// With the lock held: notes an element more or less and wakes the other side.
  void added() noexcept;
  void removed() noexcept;
  void close() noexcept;

  class LIAN_API Turn final : public Wait {
   public:
    Turn(std::shared_ptr<ChannelCore> core, Side side) noexcept
        : core_(std::move(core)), side_(side) {}
    ~Turn();
    void await_resume();

   private:
    friend class ChannelCore;
    friend struct ChannelTicket;
    bool attach() override;
    void detach() noexcept override;
    std::shared_ptr<ChannelCore> core_;
    Side side_;
    std::shared_ptr<struct ChannelTicket> ticket_;
  };

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace detail

/// A bounded queue between coroutines, also of different threads. Handles share one channel.
template <class T>
class Channel {
 public:
  /// Throws Error{config} when `capacity` is 0.
  explicit Channel(std::size_t capacity) : shared_(std::make_shared<Shared>(capacity)) {}

  /// Puts an element in, waiting while the channel is full. False when it is closed.
  [[nodiscard]] Task<bool> send(T item) const { return send_to(shared_, std::move(item)); }
  /// Puts an element in at once, even into a full channel. False when it is closed.
  bool offer(T item) const {
    const Locked locked(*shared_->core);
    if (shared_->core->closed()) return false;
    shared_->items.push_back(std::move(item));
    shared_->core->added();
    return true;
  }
  /// Waits until the channel is no longer full, or closed: false.
  [[nodiscard]] Task<bool> room() const { return wait_for_room(shared_); }
  /// Takes the oldest element, waiting while there is none. Empty when the channel is closed and
  /// everything has been taken.
  [[nodiscard]] Task<std::optional<T>> receive() const { return receive_from(shared_); }
  /// No more elements; who waits to send gets false, who receives gets the rest and then nothing.
  void close() const {
    shared_->core->lock();
    shared_->core->close();
    shared_->core->unlock();
  }

 private:
  using Side = detail::ChannelCore::Side;
  struct Shared {
    explicit Shared(std::size_t capacity) : core(std::make_shared<detail::ChannelCore>(capacity)) {}
    std::shared_ptr<detail::ChannelCore> core;
    std::deque<T> items;
  };

  static Task<bool> send_to(std::shared_ptr<Shared> shared, T item) {
    while (true) {
      if (const std::optional<bool> sent = try_send(*shared, item)) co_return *sent;
      detail::ChannelCore::Turn turn(shared->core, Side::send);
      co_await turn;
    }
  }
  static Task<bool> wait_for_room(std::shared_ptr<Shared> shared) {
    while (true) {
      if (const std::optional<bool> open = has_room(*shared)) co_return *open;
      detail::ChannelCore::Turn turn(shared->core, Side::send);
      co_await turn;
    }
  }
  static std::optional<bool> has_room(const Shared& shared) {
    const Locked locked(*shared.core);
    if (!shared.core->can(Side::send)) return std::nullopt;
    return !shared.core->closed();
  }
  static Task<std::optional<T>> receive_from(std::shared_ptr<Shared> shared) {
    std::optional<T> item;
    while (!try_receive(*shared, item)) {
      detail::ChannelCore::Turn turn(shared->core, Side::receive);
      co_await turn;
    }
    co_return item;
  }
  static std::optional<bool> try_send(Shared& shared, T& item) {
    const Locked locked(*shared.core);
    if (!shared.core->can(Side::send)) return std::nullopt;
    if (shared.core->closed()) return false;
    shared.items.push_back(std::move(item));
    shared.core->added();
    return true;
  }
  static bool try_receive(Shared& shared, std::optional<T>& item) {
    const Locked locked(*shared.core);
    if (!shared.core->can(Side::receive)) return false;
    if (shared.items.empty()) return true;
    item.emplace(std::move(shared.items.front()));
    shared.items.pop_front();
    shared.core->removed();
    return true;
  }
  class Locked {
   public:
    explicit Locked(detail::ChannelCore& core) noexcept : core_(core) { core_.lock(); }
    ~Locked() { core_.unlock(); }
    Locked(const Locked&) = delete;
    Locked& operator=(const Locked&) = delete;

   private:
    detail::ChannelCore& core_;
  };

  std::shared_ptr<Shared> shared_;
};

namespace detail {
// What comes through a channel, until it is closed and empty.
template <class T>
Stream<T> read_channel(Channel<T> channel) {
  while (true) {
    Task<std::optional<T>> receiving = channel.receive();
    std::optional<T> item = co_await std::move(receiving);
    if (!item) co_return;
    co_yield *item;
  }
}
}  // namespace detail

}  // namespace v0
}  // namespace lian

LIAN_COROUTINES_END
