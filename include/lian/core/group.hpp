#pragma once

#include <coroutine>
#include <cstddef>
#include <exception>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

#include "lian/core/coroutine_warnings.hpp"
#include "lian/core/task.hpp"

LIAN_COROUTINES_BEGIN

namespace lian {
inline namespace v0 {
namespace detail {

/// Awaitable: a new cancel scope below the awaiting coroutine's.
class ChildScope {
 public:
  bool await_ready() const noexcept { return false; }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> handle) {
    scope_ = ScopeRef::adopt(CancelScope::make(scope_of(handle)));
    return false;
  }
  ScopeRef await_resume() noexcept { return std::move(scope_); }

 private:
  ScopeRef scope_;
};

class Group;

/// A coroutine that a Group owns and that reports its end to it.
class GroupChild {
 public:
  struct promise_type : PromiseBase {
    GroupChild get_return_object() noexcept {
      return GroupChild(std::coroutine_handle<promise_type>::from_promise(*this));
    }
    std::suspend_always initial_suspend() const noexcept { return {}; }
    struct Final {
      bool await_ready() const noexcept { return false; }
      void await_suspend(std::coroutine_handle<promise_type> handle) const noexcept;
      void await_resume() const noexcept {}
    };
    Final final_suspend() const noexcept { return {}; }
    void return_void() const noexcept {}
    void unhandled_exception() const noexcept { std::terminate(); }
    Group* group = nullptr;
  };
  GroupChild(GroupChild&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  GroupChild& operator=(GroupChild&&) = delete;
  ~GroupChild() {
    if (handle_) handle_.destroy();
  }

 private:
  friend class Group;
  explicit GroupChild(std::coroutine_handle<promise_type> handle) noexcept : handle_(handle) {}
  std::coroutine_handle<promise_type> handle_;
};

/// Coroutines that run side by side on one loop and end before their parent goes on. The first
/// error cancels the others, which are awaited before it is thrown. Lives in the parent's frame.
class Group {
 public:
  explicit Group(ScopeRef scope) noexcept : scope_(std::move(scope)) {}
  Group(const Group&) = delete;
  Group& operator=(const Group&) = delete;

  void start(GroupChild child) {
    auto handle = child.handle_;
    handle.promise().group = this;
    handle.promise().scope = scope_;
    ++pending_;
    children_.push_back(std::move(child));
    handle.resume();
  }
  void fail(std::exception_ptr error) noexcept {
    if (error_) return;
    error_ = std::move(error);
    cancel();
  }
  void cancel() noexcept { scope_->cancel(ErrorKind::cancelled, "cancelled: it is not needed"); }
  bool failed() const noexcept { return error_ != nullptr; }

  /// Awaitable: until every child has ended; throws the first error.
  class All {
   public:
    explicit All(Group& group) noexcept : group_(&group) {}
    bool await_ready() const noexcept { return group_->pending_ == 0; }
    void await_suspend(std::coroutine_handle<> parent) const noexcept { group_->parent_ = parent; }
    void await_resume() const {
      if (group_->error_) std::rethrow_exception(std::exchange(group_->error_, nullptr));
    }

   private:
    Group* group_;
  };
  All all() noexcept { return All(*this); }

 private:
  friend GroupChild::promise_type::Final;
  ScopeRef scope_;
  std::vector<GroupChild> children_;
  std::size_t pending_ = 0;
  std::coroutine_handle<> parent_;
  std::exception_ptr error_;
};

inline void GroupChild::promise_type::Final::await_suspend(
    std::coroutine_handle<promise_type> handle) const noexcept {
  Group& owner = *handle.promise().group;
  if (--owner.pending_ == 0 && owner.parent_) owner.parent_.resume();
}

struct Unit {
  friend bool operator==(const Unit&, const Unit&) = default;
};
template <class T>
using NotVoid = std::conditional_t<std::is_void_v<T>, Unit, T>;

// `group` and `out` live in the frame that owns the child.
template <class T>
GroupChild run_into(Group* group, Task<T> task, std::optional<NotVoid<T>>* out) {
  try {
    if constexpr (std::is_void_v<T>) {
      co_await std::move(task);
      out->emplace();
    } else {
      out->emplace(co_await std::move(task));
    }
  } catch (...) {
    group->fail(std::current_exception());
  }
}

}  // namespace detail
}  // namespace v0
}  // namespace lian

LIAN_COROUTINES_END
