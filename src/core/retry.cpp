#include "lian/core/retry.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "core/runtime_access.hpp"

namespace lian {
inline namespace v0 {
namespace detail {

namespace {

constexpr double longest_hint_seconds = 120;

bool may_pass(const std::exception& failure) {
  const auto* error = dynamic_cast<const Error*>(&failure);
  if (!error) return true;
  if (const auto* api = dynamic_cast<const ApiError*>(error); api && api->should_retry)
    return *api->should_retry;
  switch (error->kind()) {
    case ErrorKind::cancelled:
    case ErrorKind::authentication:
    case ErrorKind::permission:
    case ErrorKind::not_found:
    case ErrorKind::quota:
    case ErrorKind::invalid_request:
    case ErrorKind::context_length:
    case ErrorKind::content_filter:
    case ErrorKind::unsupported:
    case ErrorKind::limit:
    case ErrorKind::config:
      return false;
    default:
      return true;
  }
}

bool is_cancelled(const std::exception& failure) {
  const auto* error = dynamic_cast<const Error*>(&failure);
  return error && error->kind() == ErrorKind::cancelled;
}

std::optional<double> hint(const std::exception& failure) {
  const auto* api = dynamic_cast<const ApiError*>(&failure);
  return api ? api->retry_after_seconds : std::nullopt;
}

}  // namespace

void check_attempts(int attempts) {
  if (attempts >= 1) return;
  throw Error(ErrorKind::config,
              fmt::format("with_retry needs at least 1 attempt, got {}", attempts));
}

double wait_seconds(const RetryOptions& options, const Context& context, int failures,
                    std::optional<double> asked) {
  using Seconds = std::chrono::duration<double>;
  if (!options.wait_exponential_jitter()) return 0;
  if (asked) return *asked;
  const double ceiling = std::min(Seconds(options.max_wait()).count(),
                                  std::ldexp(Seconds(options.initial_wait()).count(), failures));
  return ceiling * random_unit(context);
}

RetryLoop::RetryLoop(const RetryOptions& options, Context context, std::string step, StepKind kind)
    : options_(options),
      context_(std::move(context)),
      step_(std::move(step)),
      kind_(kind),
      attempts_(context_.tries() == 1 ? 1 : options.stop_after_attempt()) {}

RetryLoop::~RetryLoop() = default;

RetryOptions::Duration RetryLoop::next(std::exception_ptr failure) {
  context_.check();  // a deadline or a stop is not a failure of the step
  const std::optional<RetryOptions::Duration> wait = wait_after(failure);
  if (!wait) std::rethrow_exception(failure);
  tell(failure, *wait);
  return *wait;
}

std::optional<RetryOptions::Duration> RetryLoop::wait_after(const std::exception_ptr& failure) {
  if (++failures_ >= attempts_) return std::nullopt;
  std::optional<double> asked;
  try {
    std::rethrow_exception(failure);
  } catch (const std::exception& error) {
    if (is_cancelled(error)) return std::nullopt;
    const ErrorFilter& filter = options_.retry_if();
    if (!(filter ? filter.accepts(error) : may_pass(error))) return std::nullopt;
    asked = hint(error);
  } catch (...) {
    if (options_.retry_if()) return std::nullopt;  // no std::exception to show it
  }
  if (asked && *asked > longest_hint_seconds) return std::nullopt;
  const double seconds = wait_seconds(options_, context_, failures_ - 1, asked);
  const auto wait =
      std::chrono::duration_cast<RetryOptions::Duration>(std::chrono::duration<double>(seconds));
  if (context_.deadline() && Clock::now() + wait > *context_.deadline()) return std::nullopt;
  return wait;
}

void RetryLoop::tell(const std::exception_ptr& failure, RetryOptions::Duration wait) const {
  if (!context_.observed()) return;
  Event event;
  event.type = EventType::retry;
  event.kind = kind_;
  event.name = step_;
  const auto emit = [&](std::string_view what, const Error* error) {
    const std::string message =
        fmt::format("attempt {} of {} failed ({}); next attempt in {:.2f} s", failures_, attempts_,
                    what, std::chrono::duration<double>(wait).count());
    event.message = message;
    event.error = error;
    context_.emit(event);
  };
  try {
    std::rethrow_exception(failure);
  } catch (const Error& error) {
    emit(error.message(), &error);
  } catch (const std::exception& error) {
    emit(error.what(), nullptr);
  } catch (...) {
    emit("an exception that is no std::exception", nullptr);
  }
}

}  // namespace detail
}  // namespace v0
}  // namespace lian
