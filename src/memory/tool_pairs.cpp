#include "memory/tool_pairs.hpp"

#include <algorithm>
#include <string_view>
#include <utility>
#include <variant>

namespace lian {
inline namespace v0 {
namespace {

template <class PartType>
bool holds(const Message& message) noexcept {
  return std::any_of(message.parts.begin(), message.parts.end(),
                     [](const Part& part) { return std::holds_alternative<PartType>(part); });
}

bool calls(const Message& message, std::string_view id) noexcept {
  return std::any_of(message.parts.begin(), message.parts.end(), [&](const Part& part) {
    const auto* call = std::get_if<ToolCall>(&part);
    return call != nullptr && call->id == id;
  });
}

// The message whose call `id` a result at `index` answers; `index` itself when there is none.
std::size_t caller_of(const Messages& messages, std::size_t index, std::string_view id) noexcept {
  for (std::size_t i = index; i-- > 0;) {
    if (calls(messages[i], id)) return i;
  }
  return index;
}

struct Pair {
  Pair(std::size_t call_in, std::size_t result_in) : call(call_in), result(result_in) {}
  std::size_t call, result;
};

std::vector<Pair> pairs_of(const Messages& messages) {
  std::vector<Pair> pairs;
  for (std::size_t i = 0; i < messages.size(); ++i) {
    for (const Part& part : messages[i].parts) {
      const auto* result = std::get_if<ToolResult>(&part);
      if (result == nullptr) continue;
      const std::size_t caller = caller_of(messages, i, result->call_id);
      if (caller != i) pairs.emplace_back(caller, i);
    }
  }
  return pairs;
}

}  // namespace

bool holds_call(const Message& message) noexcept { return holds<ToolCall>(message); }
bool holds_result(const Message& message) noexcept { return holds<ToolResult>(message); }

void drop_torn(const Messages& messages, std::vector<bool>& kept) {
  const std::vector<Pair> pairs = pairs_of(messages);
  for (bool changed = true; std::exchange(changed, false);) {
    for (const Pair& pair : pairs) {
      if (kept[pair.call] == kept[pair.result]) continue;
      kept[pair.call] = kept[pair.result] = false;
      changed = true;
    }
  }
}

void drop_orphans(const Messages& messages, std::vector<bool>& kept) {
  for (std::size_t i = 0; i < messages.size(); ++i) {
    for (const Part& part : messages[i].parts) {
      const auto* result = std::get_if<ToolResult>(&part);
      if (result != nullptr && caller_of(messages, i, result->call_id) == i) kept[i] = false;
    }
  }
}

Messages kept_of(Messages messages, const std::vector<bool>& kept) {
  std::size_t size = 0;
  for (std::size_t i = 0; i < messages.size(); ++i) {
    if (!kept[i]) continue;
    if (size != i) messages[size] = std::move(messages[i]);
    ++size;
  }
  messages.erase(messages.begin() + static_cast<std::ptrdiff_t>(size), messages.end());
  return messages;
}

std::size_t whole_from(const Messages& messages, std::size_t from) {
  for (const Pair& pair : pairs_of(messages)) {
    if (pair.call < from && pair.result >= from) from = pair.result + 1;
  }
  return from;
}

}  // namespace v0
}  // namespace lian
