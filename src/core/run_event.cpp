#include "lian/core/run_event.hpp"

#include <algorithm>
#include <mutex>
#include <unordered_map>

#include <fmt/format.h>

namespace lian {
inline namespace v0 {

namespace {

std::string_view type_name(StepKind kind) noexcept {
  switch (kind) {
    case StepKind::chain:
    case StepKind::function:
    case StepKind::agent:
      return "chain";
    case StepKind::text_model:
      return "llm";
    default:
      return to_string(kind);
  }
}

std::string_view verb(EventType type) noexcept {
  switch (type) {
    case EventType::start:
      return "start";
    case EventType::piece:
      return "stream";
    case EventType::end:
      return "end";
    default:
      return "error";
  }
}

bool has(const std::vector<std::string>& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

bool has_any(const std::vector<std::string>& words, const std::vector<std::string>* of) {
  return of && std::any_of(of->begin(), of->end(),
                           [&](const std::string& word) { return has(words, word); });
}

}  // namespace

std::string event_name(EventType type, StepKind kind) {
  switch (type) {
    case EventType::retry:
      return "on_retry";
    case EventType::warning:
      return "on_warning";
    case EventType::custom:
      return "on_custom_event";
    case EventType::agent_action:
      return "on_agent_action";
    default:
      return fmt::format("on_{}_{}", type_name(kind), verb(type));
  }
}

bool EventFilter::passes(const Event& event) const {
  const bool all = include_names_.empty() && include_types_.empty() && include_tags_.empty();
  const std::string_view type = type_name(event.kind);
  if (!all && !has(include_names_, event.name) && !has(include_types_, type) &&
      !has_any(include_tags_, event.tags))
    return false;
  return !has(exclude_names_, event.name) && !has(exclude_types_, type) &&
         !has_any(exclude_tags_, event.tags);
}

namespace detail {

// The parents of the runs that are under way.
struct RunEventQueue::Runs {
  std::vector<RunId> ancestors(RunId parent) const {
    std::vector<RunId> ids;
    while (parent != 0) {
      const auto run = parents.find(parent);
      if (run == parents.end()) break;
      ids.push_back(parent);
      parent = run->second;
    }
    std::reverse(ids.begin(), ids.end());
    return ids;
  }
  void note(const Event& event) {
    if (event.type == EventType::start) parents.emplace(event.run_id, event.parent_id);
    if (event.type == EventType::end || event.type == EventType::error) parents.erase(event.run_id);
  }
  std::mutex mutex;
  std::unordered_map<RunId, RunId> parents;
};

RunEventQueue::RunEventQueue(EventFilter filter)
    : filter_(std::move(filter)), events_(events_in_flight), runs_(std::make_unique<Runs>()) {}
RunEventQueue::~RunEventQueue() = default;

void RunEventQueue::on_event(const Event& event) {
  const std::lock_guard lock(runs_->mutex);
  runs_->note(event);
  if (!filter_.passes(event)) return;
  RunEvent kept;
  kept.event = event_name(event.type, event.kind);
  kept.type = event.type;
  kept.kind = event.kind;
  kept.name = event.name;
  kept.run_id = event.run_id;
  kept.parent_ids = runs_->ancestors(event.parent_id);
  if (event.tags) kept.tags = *event.tags;
  if (event.metadata) kept.metadata = *event.metadata;
  kept.time_us = event.time_us;
  kept.data = event.data.keep();
  kept.message = event.message;
  if (event.error) {
    kept.error = event.error->copy();
    if (kept.message.empty()) kept.message = event.error->message();
  }
  events_.offer(std::move(kept));
}

}  // namespace detail

}  // namespace v0
}  // namespace lian
