#pragma once

#include <exception>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include "lian/core/coroutine_warnings.hpp"
#include "lian/core/loop.hpp"
#include "lian/core/task.hpp"

LIAN_COROUTINES_BEGIN

namespace lian {
inline namespace v0 {

namespace detail {

/// A piece of blocking work. `work` runs on a thread of the pool, `run` on the loop's.
class LIAN_API Job : public Posted {
 public:
  void run() noexcept final;
  virtual void work() noexcept = 0;

 private:
  friend class OffloadWait;
  class OffloadWait* waiter_ = nullptr;  // loop's thread only
};

class LIAN_API OffloadWait : public Wait {
 public:
  explicit OffloadWait(std::shared_ptr<Job> job) noexcept : job_(std::move(job)) {}
  ~OffloadWait() { detach(); }
  void await_resume() const { check(); }

 private:
  friend class Job;
  bool attach() override;
  void detach() noexcept override { job_->waiter_ = nullptr; }
  std::shared_ptr<Job> job_;
};

template <class F, class R>
class FunctionJob final : public Job {
 public:
  explicit FunctionJob(F function) : function_(std::move(function)) {}
  void work() noexcept override {
    try {
      if constexpr (std::is_void_v<R>)
        function_();
      else
        result_.emplace(function_());
    } catch (...) {
      error_ = std::current_exception();
    }
  }
  R take() {
    if (error_) std::rethrow_exception(std::move(error_));
    if constexpr (!std::is_void_v<R>) return std::move(*result_);
  }

 private:
  struct Nothing {};
  F function_;
  std::exception_ptr error_;
  std::optional<std::conditional_t<std::is_void_v<R>, Nothing, R>> result_;
};

}  // namespace detail

/// Runs work that blocks on the Runtime's threads and gives its result; the loop goes on meanwhile.
/// Work that has started runs to its end even when nobody waits any more; its result is dropped.
/// The function must not touch anything that lives only as long as the awaiting coroutine.
template <class F>
Task<std::invoke_result_t<F&>> offload(F function) {
  using R = std::invoke_result_t<F&>;
  auto job = std::make_shared<detail::FunctionJob<F, R>>(std::move(function));
  detail::OffloadWait wait(job);
  co_await wait;
  co_return job->take();
}

}  // namespace v0
}  // namespace lian

LIAN_COROUTINES_END
