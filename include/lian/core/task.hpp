#pragma once

#include <coroutine>
#include <exception>
#include <optional>
#include <type_traits>
#include <utility>

#include "lian/core/loop.hpp"

namespace lian {
inline namespace v0 {

template <class T = void>
class Task;

namespace detail {

// Hand-over by flag: the awaiting coroutine resumes the child as a plain call and suspends only if
// the child did not finish meanwhile; a child that finishes later resumes its waiter. No symmetric
// transfer: it is not a tail call in GCC's debug and sanitizer builds.
struct TaskPromiseBase : PromiseBase {
  std::suspend_always initial_suspend() const noexcept { return {}; }
  struct Final {
    bool await_ready() const noexcept { return false; }
    template <class Promise>
    void await_suspend(std::coroutine_handle<Promise> handle) const noexcept {
      TaskPromiseBase& promise = handle.promise();
      promise.done = true;
      if (promise.parent_waits) promise.parent.resume();
    }
    void await_resume() const noexcept {}
  };
  Final final_suspend() const noexcept { return {}; }
  void unhandled_exception() noexcept { error = std::current_exception(); }

  std::coroutine_handle<> parent;
  std::exception_ptr error;
  bool done = false, parent_waits = false;
};

template <class T>
struct TaskPromise : TaskPromiseBase {
  Task<T> get_return_object() noexcept;
  template <class U = T>
    requires std::is_convertible_v<U&&, T>
  void return_value(U&& value) {
    result.emplace(std::forward<U>(value));
  }
  T take() {
    if (error) std::rethrow_exception(std::move(error));
    return std::move(*result);
  }
  std::optional<T> result;
};

template <>
struct TaskPromise<void> : TaskPromiseBase {
  Task<void> get_return_object() noexcept;
  void return_void() const noexcept {}
  void take() {
    if (error) std::rethrow_exception(std::move(error));
  }
};

}  // namespace detail

/// A coroutine's result to be: lazy (runs when awaited), move-only, awaited once. Destroying it at
/// any suspension point frees all it holds and ends what it waits for. One thread at a time; runs
/// on the loop it is first awaited on. Errors are rethrown where it is awaited.
template <class T>
class [[nodiscard]] Task {
 public:
  using value_type = T;
  using promise_type = detail::TaskPromise<T>;

  Task() noexcept = default;
  Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Task& operator=(Task&& other) noexcept {
    if (this != &other) {
      reset();
      handle_ = std::exchange(other.handle_, nullptr);
    }
    return *this;
  }
  ~Task() { reset(); }

  explicit operator bool() const noexcept { return handle_ != nullptr; }

  class Awaiter {
   public:
    explicit Awaiter(Task& task) noexcept : task_(&task) {}
    bool await_ready() const noexcept { return task_->handle_.promise().done; }
    template <class Promise>
    bool await_suspend(std::coroutine_handle<Promise> parent) {
      promise_type& promise = task_->handle_.promise();
      promise.scope = detail::ScopeRef(detail::scope_of(parent));
      promise.parent = parent;
      task_->handle_.resume();
      if (promise.done) return false;
      promise.parent_waits = true;
      return true;
    }
    T await_resume() {
      const Task ended = std::move(*task_);  // what it held is free before the awaiting goes on
      return ended.handle_.promise().take();
    }

   private:
    Task* task_;
  };
  /// Starts the task and waits for it. Throws what the task throws.
  Awaiter operator co_await() && noexcept { return Awaiter(*this); }

 private:
  friend promise_type;
  explicit Task(std::coroutine_handle<promise_type> handle) noexcept : handle_(handle) {}
  void reset() noexcept {
    if (auto handle = std::exchange(handle_, nullptr)) handle.destroy();
  }
  std::coroutine_handle<promise_type> handle_;
};

namespace detail {
template <class T>
Task<T> TaskPromise<T>::get_return_object() noexcept {
  return Task<T>(std::coroutine_handle<TaskPromise>::from_promise(*this));
}
inline Task<void> TaskPromise<void>::get_return_object() noexcept {
  return Task<void>(std::coroutine_handle<TaskPromise>::from_promise(*this));
}

template <class T>
struct is_task : std::false_type {};
template <class T>
struct is_task<Task<T>> : std::true_type {
  using value_type = T;
};
}  // namespace detail

}  // namespace v0
}  // namespace lian
