#include "lian/memory/filter_messages.hpp"

#include <algorithm>

#include "memory/tool_pairs.hpp"

namespace lian {
inline namespace v0 {
namespace {

template <class T>
bool has(const std::vector<T>& all, const T& one) {
  return std::find(all.begin(), all.end(), one) != all.end();
}

bool is_excluded_call(const Part& part, const MessageFilter::Words& ids) {
  if (const auto* call = std::get_if<ToolCall>(&part)) return has(ids, call->id);
  if (const auto* result = std::get_if<ToolResult>(&part)) return has(ids, result->call_id);
  return false;
}

// Takes the excluded calls and results out of a message; says whether anything is left to keep.
bool without_calls(Message& message, const MessageFilter& filter) {
  const bool call = holds_call(message), result = holds_result(message);
  if (!call && !result) return !filter.excludes_all_tool_calls() || message.role != Role::tool;
  if (filter.excludes_all_tool_calls()) return false;
  const std::size_t taken = std::erase_if(message.parts, [&](const Part& part) {
    return is_excluded_call(part, filter.excluded_tool_calls());
  });
  if (taken == 0) return true;
  return call ? holds_call(message) : !message.parts.empty();
}

bool passes(const Message& message, const MessageFilter& filter) {
  if (has(filter.exclude_names(), message.name) || has(filter.exclude_types(), message.role) ||
      has(filter.exclude_ids(), message.id))
    return false;
  if (filter.include_names().empty() && filter.include_types().empty() &&
      filter.include_ids().empty())
    return true;
  return has(filter.include_names(), message.name) || has(filter.include_types(), message.role) ||
         has(filter.include_ids(), message.id);
}

}  // namespace

Messages filter_messages(Messages messages, const MessageFilter& filter) {
  std::vector<bool> kept;
  for (Message& message : messages) kept.push_back(without_calls(message, filter));
  messages = kept_of(std::move(messages), kept);
  kept.clear();
  for (const Message& message : messages) kept.push_back(passes(message, filter));
  drop_torn(messages, kept);
  return kept_of(std::move(messages), kept);
}

Runnable<Messages, Messages> filter_messages(MessageFilter filter) {
  return step([filter = std::move(filter)](
                  Messages messages) { return filter_messages(std::move(messages), filter); },
              "filter_messages");
}

}  // namespace v0
}  // namespace lian
