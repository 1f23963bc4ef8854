#include "model/retry.hpp"

#include <utility>

#include <fmt/format.h>

#include "core/runtime_access.hpp"
#include "net/retry_after.hpp"
#include "net/runtime_state.hpp"

namespace lian {
inline namespace v0 {

namespace {

constexpr int retry_price = 5, timeout_price = 10, clean_refund = 1;

bool passes_with_time(int status) {
  switch (status) {
    case 408:
    case 409:
    case 429:
    case 500:
    case 502:
    case 503:
    case 504:
    case 529:
      return true;
    default:
      return false;
  }
}

bool may_pass(const Error& error) {
  // An error inside a reply of status 200 is judged by its kind.
  if (const auto* api = dynamic_cast<const ApiError*>(&error); api && api->status >= 300) {
    if (api->kind() == ErrorKind::quota) return false;
    return api->should_retry.value_or(passes_with_time(api->status));
  }
  switch (error.kind()) {
    case ErrorKind::network:
    case ErrorKind::truncated:
    case ErrorKind::timeout:
      return true;
    default:
      return error.kind() == ErrorKind::server || error.kind() == ErrorKind::overloaded ||
             error.kind() == ErrorKind::rate_limited;
  }
}

std::optional<double> hint(const Error& error) {
  const auto* api = dynamic_cast<const ApiError*>(&error);
  return api ? api->retry_after_seconds : std::nullopt;
}

}  // namespace

RetryPlan::RetryPlan(const Context& context, std::string_view step, std::string_view host,
                     RetryOptions options)
    : context_(context),
      options_(std::move(options)),
      step_(step),
      host_(host),
      tries_left_(context.tries()) {}

RetryPlan::~RetryPlan() = default;

bool RetryPlan::worth_a_try(const Error& failure) const {
  return options_.retry_if() ? options_.retry_if().accepts(failure) : may_pass(failure);
}

std::chrono::nanoseconds RetryPlan::next(std::exception_ptr failure) {
  context_.check();  // a deadline or a stop is not a failure of the provider
  try {
    std::rethrow_exception(failure);
  } catch (const Error& error) {
    if (--tries_left_ <= 0 || !worth_a_try(error)) throw;
    const std::optional<double> asked = hint(error);
    if (asked && *asked > kMaxRetryAfterSeconds) throw;
    RetryQuota& quota = context_.runtime().state().retry_quota;
    const int price = error.kind() == ErrorKind::timeout ? timeout_price : retry_price;
    if (!quota.take(host_, price)) throw;
    quota_taken_ += price;

    const double seconds = detail::wait_seconds(options_, context_, failures_, asked);
    const auto wait = std::chrono::duration_cast<std::chrono::nanoseconds>(
        std::chrono::duration<double>(seconds));
    if (context_.deadline() && Clock::now() + wait > *context_.deadline()) throw;
    ++failures_;
    if (context_.observed()) {
      const std::string message =
          fmt::format("try {} of {} failed ({}); next try in {:.2f} s", failures_,
                      failures_ + tries_left_, error.message(), seconds);
      Event event;
      event.type = EventType::retry;
      event.kind = StepKind::chat_model;
      event.name = step_;
      event.error = &error;
      event.message = message;
      context_.emit(event);
    }
    return wait;
  }
}

void RetryPlan::succeeded() noexcept {
  RetryQuota& quota = context_.runtime().state().retry_quota;
  quota.give(host_, quota_taken_ > 0 ? quota_taken_ : clean_refund);
  quota_taken_ = 0;
}

}  // namespace v0
}  // namespace lian
