#include "lian/callback/usage_handler.hpp"

#include <mutex>

namespace lian {
inline namespace v0 {

struct UsageHandler::State {
  mutable std::mutex mutex;
  Usage total;
  std::map<std::string, Usage> by_model;
  std::size_t runs = 0;
};

UsageHandler::UsageHandler() : state_(std::make_unique<State>()) {}
UsageHandler::~UsageHandler() = default;

void UsageHandler::on_event(const Event& event) {
  if (event.type != EventType::end || event.kind != StepKind::chat_model) return;
  const auto* message = event.data.as<AIMessage>();
  if (!message) return;
  const std::lock_guard lock(state_->mutex);
  ++state_->runs;
  if (!message->usage) return;
  state_->total += *message->usage;
  state_->by_model[message->model.empty() ? std::string(event.name) : message->model] +=
      *message->usage;
}

Usage UsageHandler::total() const {
  const std::lock_guard lock(state_->mutex);
  return state_->total;
}
std::map<std::string, Usage> UsageHandler::by_model() const {
  const std::lock_guard lock(state_->mutex);
  return state_->by_model;
}
std::size_t UsageHandler::runs() const {
  const std::lock_guard lock(state_->mutex);
  return state_->runs;
}
void UsageHandler::reset() {
  const std::lock_guard lock(state_->mutex);
  state_->total = Usage();
  state_->by_model.clear();
  state_->runs = 0;
}

}  // namespace v0
}  // namespace lian
