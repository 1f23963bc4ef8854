#pragma once

#include <chrono>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "lian/core/coroutine_warnings.hpp"
#include "lian/core/decorator.hpp"
#include "lian/core/runnable.hpp"
#include "lian/core/sleep.hpp"

LIAN_COROUTINES_BEGIN

namespace lian {
inline namespace v0 {

/// Settings of `with_retry`; chained setters. Regular value.
class LIAN_API RetryOptions {
 public:
  using Duration = std::chrono::nanoseconds;

  /// How often the step is run at most. Below 1 is Error{config} when the step is made.
  RetryOptions(int stop_after_attempt = 3) : attempts_(stop_after_attempt) {}
  RetryOptions& stop_after_attempt(int v) { return attempts_ = v, *this; }
  /// Which exceptions are worth another attempt. Default: all but those of lian that stay as they
  /// are (cancelled, authentication, permission, not_found, quota, invalid_request, context_length,
  /// content_filter, unsupported, limit, config).
  RetryOptions& retry_if(ErrorFilter filter) { return filter_ = std::move(filter), *this; }
  template <class... E>
  RetryOptions& retry_if_exception_type() {
    return retry_if(ErrorFilter::of<E...>());
  }
  /// Waits between attempts: uniform in [0, min(initial · 2^n, max)), or what the provider asks for
  /// where that is at most 120 s (a longer one is thrown). Default true; false: no waits.
  RetryOptions& wait_exponential_jitter(bool v) { return waits_ = v, *this; }
  RetryOptions& initial_wait(Duration v) { return initial_ = v, *this; }  ///< default 0.5 s
  RetryOptions& max_wait(Duration v) { return max_ = v, *this; }          ///< default 8 s

  int stop_after_attempt() const noexcept { return attempts_; }
  const ErrorFilter& retry_if() const noexcept { return filter_; }
  bool wait_exponential_jitter() const noexcept { return waits_; }
  Duration initial_wait() const noexcept { return initial_; }
  Duration max_wait() const noexcept { return max_; }

 private:
  int attempts_;
  bool waits_ = true;
  Duration initial_ = std::chrono::milliseconds(500), max_ = std::chrono::seconds(8);
  ErrorFilter filter_;
};

namespace detail {

/// How long to wait after `failures` earlier ones; `asked`: by the provider, in seconds.
LIAN_API double wait_seconds(const RetryOptions& options, const Context& context, int failures,
                             std::optional<double> asked);

/// Decides what follows a failed attempt. Lives for one run, no longer than its options.
class LIAN_API RetryLoop {
 public:
  /// Inside another owner of tries this one makes one attempt.
  RetryLoop(const RetryOptions& options, Context context, std::string step, StepKind kind);
  RetryLoop(const RetryLoop&) = delete;
  RetryLoop& operator=(const RetryLoop&) = delete;
  ~RetryLoop();

  /// What an attempt is given: a model in it makes one request.
  Context once() const { return context_.with_tries(1); }
  /// How long to wait before the next attempt; tells the handlers. Rethrows `failure` when there is
  /// to be none.
  RetryOptions::Duration next(std::exception_ptr failure);

 private:
  std::optional<RetryOptions::Duration> wait_after(const std::exception_ptr& failure);
  void tell(const std::exception_ptr& failure, RetryOptions::Duration wait) const;

  const RetryOptions& options_;
  const Context context_;
  const std::string step_;
  const StepKind kind_;
  const int attempts_;
  int failures_ = 0;
};

template <class In, class Out>
class RetryStep final : public Decorator<In, Out> {
 public:
  RetryStep(std::shared_ptr<const Step<In, Out>> inner, RetryOptions options)
      : Decorator<In, Out>(std::move(inner)), options_(std::move(options)) {
    check_attempts(options_.stop_after_attempt());
  }

  Task<Out> run(In in, Context context) const override {
    RetryLoop retries(options_, std::move(context), this->name(), this->kind());
    const Context once = retries.once();
    while (true) {
      std::exception_ptr failure;
      try {
        Task<Out> task = run_inner(this->inner_.get(), in, once);
        co_return co_await std::move(task);
      } catch (...) {
        failure = std::current_exception();
      }
      Sleep sleeping = lian::sleep(retries.next(failure));
      co_await sleeping;
    }
  }

  Stream<Piece<Out>> transform(Stream<Piece<In>> in, Context context) const override {
    Task<In> joining = join<In>(std::move(in));
    const In whole = co_await std::move(joining);
    RetryLoop retries(options_, std::move(context), this->name(), this->kind());
    const Context once = retries.once();
    bool handed = false;
    while (true) {
      std::exception_ptr failure;
      try {
        Stream<Piece<Out>> pieces = transform_inner(*this->inner_, split_stream<In>(whole), once);
        while (Piece<Out>* piece = co_await pieces.next()) {
          handed = true;
          co_yield *piece;
        }
        co_return;
      } catch (...) {
        failure = std::current_exception();
      }
      if (handed) std::rethrow_exception(failure);
      Sleep sleeping = lian::sleep(retries.next(failure));
      co_await sleeping;
    }
  }

 private:
  RetryOptions options_;
};

}  // namespace detail

template <class In, class Out>
Runnable<In, Out> Runnable<In, Out>::with_retry() const {
  return with_retry(RetryOptions());
}

template <class In, class Out>
Runnable<In, Out> Runnable<In, Out>::with_retry(RetryOptions options) const {
  return Runnable(std::make_shared<detail::RetryStep<In, Out>>(step_, std::move(options)));
}

}  // namespace v0
}  // namespace lian

LIAN_COROUTINES_END
