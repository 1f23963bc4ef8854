#pragma once

#include <coroutine>
#include <exception>
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

#include "lian/core/coroutine_warnings.hpp"
#include "lian/core/task.hpp"

LIAN_COROUTINES_BEGIN

namespace lian {
inline namespace v0 {

template <class T>
class Stream;

namespace detail {

template <class T>
struct StreamPromise : PromiseBase {
  enum class State { idle, running, ready };

  struct Handover {
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<StreamPromise> handle) const noexcept {
      StreamPromise& promise = handle.promise();
      promise.state = State::ready;
      if (std::exchange(promise.consumer_waits, false)) promise.consumer.resume();
    }
    void await_resume() const noexcept {}
  };

  Stream<T> get_return_object() noexcept;
  std::suspend_always initial_suspend() const noexcept { return {}; }
  Handover final_suspend() noexcept {
    current = nullptr;
    finished = true;
    return {};
  }
  Handover yield_value(T& value) noexcept {
    current = std::addressof(value);
    return {};
  }
  Handover yield_value(T&& value) noexcept {
    current = std::addressof(value);
    return {};
  }
  void return_void() const noexcept {}
  void unhandled_exception() noexcept { error = std::current_exception(); }
  [[noreturn]] void raise() {
    const std::exception_ptr thrown = std::exchange(error, nullptr);
    try {
      std::rethrow_exception(thrown);
    } catch (Error& known) {
      if (name && !known.passing()) name(step, known);
      if (labelled) known.passing(passes_on);
      throw;
    }
  }

  // The consumer's scope is another one than before: what this coroutine waits for goes along.
  void follow(CancelScope* consumer_scope) {
    ScopeRef next(consumer_scope);
    if (scope.get() == outer.get())
      scope = next;
    else
      scope->move_branch(outer.get(), next.get());
    outer = std::move(next);
  }

  ScopeRef outer;
  T* current = nullptr;
  void (*name)(const void* step, Error& error) = nullptr;
  const void* step = nullptr;
  bool labelled = false, passes_on = false;
  std::coroutine_handle<> consumer;
  std::exception_ptr error;
  State state = State::idle;
  bool consumer_waits = false, finished = false;
};

}  // namespace detail

/// A sequence that comes over time, written as a coroutine with `co_yield`. Lazy, move-only; one
/// thread at a time. Destroying it at any point frees all it holds. Abandoning a `next()` half-way
/// loses no element.
///
///     while (auto* piece = co_await stream.next()) use(*piece);
template <class T>
class [[nodiscard]] Stream {
 public:
  using value_type = T;
  using promise_type = detail::StreamPromise<T>;

  Stream() noexcept = default;
  Stream(Stream&& other) noexcept
      : keep_(std::move(other.keep_)), handle_(std::exchange(other.handle_, nullptr)) {}
  Stream& operator=(Stream&& other) noexcept {
    if (this != &other) {
      reset();
      handle_ = std::exchange(other.handle_, nullptr);
      keep_ = std::move(other.keep_);
    }
    return *this;
  }
  ~Stream() { reset(); }

  class Next {
   public:
    explicit Next(std::coroutine_handle<promise_type> producer) noexcept : producer_(producer) {}
    Next(Next&& other) noexcept : producer_(std::exchange(other.producer_, nullptr)) {}
    Next& operator=(Next&&) = delete;
    ~Next() {
      if (waiting_ && producer_) producer_.promise().consumer_waits = false;
    }
    bool await_ready() const noexcept {
      if (!producer_) return true;
      const promise_type& promise = producer_.promise();
      return promise.finished || promise.state == promise_type::State::ready;
    }
    template <class Promise>
    bool await_suspend(std::coroutine_handle<Promise> consumer) {
      return start(consumer, detail::scope_of(consumer));
    }
    /// The element, owned by the producer and valid until the next call; may be moved from. Null at
    /// the end. Throws what the producer throws, once.
    T* await_resume() {
      waiting_ = false;
      if (!producer_) return nullptr;
      promise_type& promise = producer_.promise();
      promise.state = promise_type::State::idle;
      if (promise.error) promise.raise();
      return promise.current;
    }
    bool start(std::coroutine_handle<> consumer, detail::CancelScope* scope) {
      using State = typename promise_type::State;
      promise_type& promise = producer_.promise();
      promise.consumer = consumer;
      if (promise.state == State::idle) {
        if (promise.outer.get() != scope) promise.follow(scope);
        promise.state = State::running;
        producer_.resume();
        if (promise.state == State::ready) return false;
      }
      promise.consumer_waits = waiting_ = true;
      return true;
    }

   private:
    std::coroutine_handle<promise_type> producer_;
    bool waiting_ = false;
  };

  /// Awaitable: the next element or null at the end.
  Next next() noexcept { return Next(handle_); }
  explicit operator bool() const noexcept { return handle_ != nullptr; }
  /// Names the step that an error of this stream comes from.
  void label(void (*name)(const void* step, Error& error), const void* step) noexcept {
    handle_.promise().name = name;
    handle_.promise().step = step;
  }
  bool named() const noexcept { return handle_.promise().name != nullptr; }
  /// Whether what reads this stream is a step behind it, which is not to name the error as its own.
  void pass_errors_on(bool value) noexcept {
    handle_.promise().labelled = true;
    handle_.promise().passes_on = value;
  }
  /// Keeps `owner`, too, alive as long as the stream.
  void keep(std::shared_ptr<const void> owner) {
    if (keep_)
      owner = std::make_shared<std::pair<std::shared_ptr<const void>, std::shared_ptr<const void>>>(
          std::move(owner), std::move(keep_));
    keep_ = std::move(owner);
  }

 private:
  friend promise_type;
  explicit Stream(std::coroutine_handle<promise_type> handle) noexcept : handle_(handle) {}
  void reset() noexcept {
    if (auto handle = std::exchange(handle_, nullptr)) handle.destroy();
    keep_.reset();
  }
  std::shared_ptr<const void> keep_;
  std::coroutine_handle<promise_type> handle_;
};

namespace detail {
template <class T>
Stream<T> StreamPromise<T>::get_return_object() noexcept {
  return Stream<T>(std::coroutine_handle<StreamPromise>::from_promise(*this));
}
template <class T>
struct is_stream : std::false_type {};
template <class T>
struct is_stream<Stream<T>> : std::true_type {};
}  // namespace detail

/// The elements of a vector as a stream.
template <class T>
Stream<T> stream_of(std::vector<T> items) {
  for (T& item : items) co_yield item;
}

/// One element as a stream.
template <class T>
Stream<T> stream_of_one(T item) {
  co_yield item;
}

namespace detail {
// The same elements from a stream of its own.
template <class T>
Stream<T> forward_stream(Stream<T> stream) {
  while (T* item = co_await stream.next()) co_yield *item;
}
}  // namespace detail

/// All elements of a stream.
template <class T>
Task<std::vector<T>> collect(Stream<T> stream) {
  std::vector<T> items;
  while (T* item = co_await stream.next()) items.push_back(std::move(*item));
  co_return items;
}

}  // namespace v0
}  // namespace lian

LIAN_COROUTINES_END
