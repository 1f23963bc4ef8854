#include "lian/core/fallbacks.hpp"

#include <fmt/format.h>

namespace lian {
inline namespace v0 {
namespace detail {

namespace {

bool is_cancelled(const std::exception& failure) {
  const auto* error = dynamic_cast<const Error*>(&failure);
  return error && error->kind() == ErrorKind::cancelled;
}

std::string message_of(const std::exception& failure) {
  const auto* error = dynamic_cast<const Error*>(&failure);
  return error ? error->message() : failure.what();
}

}  // namespace

FallbackLoop::FallbackLoop(const FallbackOptions& options, Context context)
    : options_(options), context_(std::move(context)) {}

FallbackLoop::~FallbackLoop() = default;

void FallbackLoop::failed(const std::string& step, const std::string& next) {
  try {
    throw;
  } catch (const std::exception& error) {
    if (is_cancelled(error)) throw;
    if (options_.handle_if() && !options_.handle_if().accepts(error)) throw;
    last_ = message_of(error);
  } catch (...) {
    if (options_.handle_if()) throw;  // no std::exception to show it
    last_ = "an exception that is no std::exception";
  }
  context_.check();
  if (!first_) first_ = std::current_exception();
  if (next.empty()) std::rethrow_exception(first_);
  context_.warn(step, fmt::format("failed ({}); falling back to {}", last_, next));
}

}  // namespace detail
}  // namespace v0
}  // namespace lian
