#include "lian/callback/usage_handler.hpp"

#include <mutex>

namespace lian {
inline namespace v0 {

struct UsageHandler::State {
  explicit State(Prices model_prices) : prices(std::move(model_prices)) {}
  const Prices prices;
  mutable std::mutex mutex;
  Usage total;
  std::map<std::string, Usage> by_model;
  std::size_t runs = 0, without_usage = 0;
};

UsageHandler::UsageHandler() : UsageHandler(Prices()) {}
UsageHandler::UsageHandler(Prices prices) : state_(std::make_unique<State>(std::move(prices))) {}
UsageHandler::~UsageHandler() = default;

void UsageHandler::on_event(const Event& event) {
  if (event.type != EventType::end || event.kind != StepKind::chat_model) return;
  const auto* message = event.data.as<AIMessage>();
  if (!message) return;
  const std::lock_guard lock(state_->mutex);
  ++state_->runs;
  if (!message->usage) {
    ++state_->without_usage;
    return;
  }
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
  state_->runs = state_->without_usage = 0;
}

std::size_t UsageHandler::runs_without_usage() const {
  const std::lock_guard lock(state_->mutex);
  return state_->without_usage;
}

std::map<std::string, double> UsageHandler::cost_by_model() const {
  const std::lock_guard lock(state_->mutex);
  std::map<std::string, double> costs;
  for (const auto& [model, usage] : state_->by_model) {
    const auto price = state_->prices.find(model);
    if (price != state_->prices.end()) costs.emplace(model, price->second.of(usage));
  }
  return costs;
}

double UsageHandler::cost() const {
  double sum = 0;
  for (const auto& [model, cost] : cost_by_model()) sum += cost;
  return sum;
}

std::vector<std::string> UsageHandler::unpriced_models() const {
  const std::lock_guard lock(state_->mutex);
  std::vector<std::string> models;
  for (const auto& [model, usage] : state_->by_model)
    if (!state_->prices.contains(model)) models.push_back(model);
  return models;
}

}  // namespace v0
}  // namespace lian
