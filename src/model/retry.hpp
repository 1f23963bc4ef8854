#pragma once

#include <chrono>
#include <exception>
#include <string>
#include <string_view>

#include "lian/core/context.hpp"

namespace lian {
inline namespace v0 {

/// Metadata that the tries of `with_retry` share: the id of their call.
inline constexpr std::string_view call_metadata = "lian.call";

/// Decides what follows a failed request. One owner of tries: the context says how many there are.
/// Full jitter: the wait is uniform in [0, min(0.5 s · 2^n, 8 s)); the server's hint counts instead
/// where it is at most 120 s. Lives for one call, and no longer than the names it is given.
class RetryPlan {
 public:
  RetryPlan(const Context& context, std::string_view step, std::string_view host);
  ~RetryPlan();
  RetryPlan(const RetryPlan&) = delete;
  RetryPlan& operator=(const RetryPlan&) = delete;

  /// How long to wait before the next try; tells the handlers. Rethrows `failure` when there is to
  /// be none: tries or quota used up, a failure that stays, a wait beyond the deadline.
  std::chrono::nanoseconds next(std::exception_ptr failure);
  /// The call has worked.
  void succeeded() noexcept;

 private:
  const Context context_;
  std::string_view step_, host_;
  int tries_left_, failures_ = 0, quota_taken_ = 0;
};

}  // namespace v0
}  // namespace lian
