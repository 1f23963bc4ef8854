#pragma once

#include <cstddef>
#include <iterator>
#include <memory>
#include <utility>

#include "lian/core/runtime.hpp"
#include "lian/core/stream.hpp"

namespace lian {
inline namespace v0 {

namespace detail {

/// A consumer that is no coroutine: resuming its handle sets a flag.
class Signal {
 public:
  struct promise_type : PromiseBase {
    Signal get_return_object() noexcept {
      return Signal(std::coroutine_handle<promise_type>::from_promise(*this));
    }
    std::suspend_never initial_suspend() const noexcept { return {}; }
    std::suspend_always final_suspend() const noexcept { return {}; }
    void return_void() const noexcept {}
    void unhandled_exception() const noexcept {}
  };
  static Signal make(bool* flag) {
    while (true) {
      co_await std::suspend_always();
      *flag = true;
    }
  }
  Signal(Signal&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Signal& operator=(Signal&&) = delete;
  ~Signal() {
    if (handle_) handle_.destroy();
  }
  std::coroutine_handle<> handle() const noexcept { return handle_; }

 private:
  explicit Signal(std::coroutine_handle<promise_type> handle) noexcept : handle_(handle) {}
  std::coroutine_handle<promise_type> handle_;
};

}  // namespace detail

/// A stream read by a plain loop: keeps its event loop leased until destroyed and drives it while a
/// piece is awaited. May be moved to, or destroyed on, another thread; never used from two at once.
/// Single pass: `begin()` once. Destroying it half-read ends the run and frees its connection.
template <class T>
class PieceRange {
  struct State {
    State(Stream<T> pieces, Runtime& runtime) : lease(runtime), stream(std::move(pieces)) {}
    ~State() {
      const detail::Driving driving(lease.loop());
      stream = Stream<T>();
    }
    T* next() {
      const detail::Driving driving(lease.loop());
      typename Stream<T>::Next awaiting = stream.next();
      if (!awaiting.await_ready()) {
        flag = false;
        if (awaiting.start(signal.handle(), nullptr)) lease.loop().run_until(flag);
      }
      return awaiting.await_resume();
    }
    detail::Lease lease;
    Stream<T> stream;
    bool flag = false;
    detail::Signal signal = detail::Signal::make(&flag);
  };

 public:
  PieceRange(Stream<T> pieces, Runtime& runtime)
      : state_(std::make_unique<State>(std::move(pieces), runtime)) {}

  class iterator {
   public:
    using iterator_category = std::input_iterator_tag;
    using value_type = T;
    using difference_type = std::ptrdiff_t;
    using pointer = T*;
    using reference = T&;
    iterator() = default;
    explicit iterator(State* state) : state_(state) { ++*this; }
    T& operator*() const noexcept { return *piece_; }
    T* operator->() const noexcept { return piece_; }
    iterator& operator++() {
      piece_ = state_->next();
      return *this;
    }
    void operator++(int) { ++*this; }
    friend bool operator==(const iterator& it, std::default_sentinel_t) noexcept {
      return it.piece_ == nullptr;
    }

   private:
    State* state_ = nullptr;
    T* piece_ = nullptr;
  };
  /// Waits for the first piece. Throws what the run throws.
  iterator begin() { return iterator(state_.get()); }
  std::default_sentinel_t end() const noexcept { return {}; }
  /// The next piece, valid until the next call, or null at the end.
  T* next() { return state_->next(); }

 private:
  std::unique_ptr<State> state_;
};

}  // namespace v0
}  // namespace lian
