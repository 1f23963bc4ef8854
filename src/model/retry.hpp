#pragma once

#include <chrono>
#include <exception>
#include <string>
#include <string_view>

#include "lian/core/retry.hpp"

namespace lian {
inline namespace v0 {

/// Metadata that the tries of `with_retry` share: the id of their call.
inline constexpr std::string_view call_metadata = "lian.call";

/// Decides what follows a failed request. One owner of tries: the context says how many there are.
/// Waits are those of `options`; default of its `retry_if`: what may pass with time. Lives for one
/// call, and no longer than the names it is given.
class RetryPlan {
 public:
  RetryPlan(const Context& context, std::string_view step, std::string_view host,
            RetryOptions options = RetryOptions());
  ~RetryPlan();
  RetryPlan(const RetryPlan&) = delete;
  RetryPlan& operator=(const RetryPlan&) = delete;

  /// How long to wait before the next try; tells the handlers. Rethrows `failure` when there is to
  /// be none: tries or quota used up, a failure that stays, a wait beyond the deadline.
  std::chrono::nanoseconds next(std::exception_ptr failure);
  /// The call has worked.
  void succeeded() noexcept;

 private:
  bool worth_a_try(const Error& failure) const;

  const Context context_;
  const RetryOptions options_;
  std::string_view step_, host_;
  int tries_left_, failures_ = 0, quota_taken_ = 0;
};

}  // namespace v0
}  // namespace lian
