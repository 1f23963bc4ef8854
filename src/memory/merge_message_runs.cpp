#include "lian/memory/merge_message_runs.hpp"

#include <iterator>
#include <utility>

#include "memory/tool_pairs.hpp"

namespace lian {
inline namespace v0 {
namespace {

// The text of a message that is nothing but plain text.
std::string* plain_text(Message& message) {
  if (message.parts.size() != 1) return nullptr;
  auto* part = std::get_if<TextPart>(&message.parts.front());
  return part != nullptr && part->extra.is_null() ? &part->text : nullptr;
}

bool same_speaker(const Message& a, const Message& b) {
  return a.role == b.role && a.role_name == b.role_name;
}

void join_to(Message& before, Message message, std::string_view separator) {
  std::string* const text = plain_text(before);
  const std::string* const more = plain_text(message);
  if (text != nullptr && more != nullptr) {
    if (!text->empty() && !more->empty()) text->append(separator);
    text->append(*more);
    return;
  }
  before.parts.insert(before.parts.end(), std::move_iterator(message.parts.begin()),
                      std::move_iterator(message.parts.end()));
}

}  // namespace

Messages merge_message_runs(Messages messages, std::string_view separator) {
  Messages merged;
  for (Message& message : messages) {
    const bool joins = !merged.empty() && same_speaker(merged.back(), message) &&
                       message.role != Role::tool && !holds_result(message) &&
                       !holds_result(merged.back());
    if (joins)
      join_to(merged.back(), std::move(message), separator);
    else
      merged.push_back(std::move(message));
  }
  return merged;
}

Runnable<Messages, Messages> merge_message_runs(std::string separator) {
  return step([separator = std::move(separator)](
                  Messages messages) { return merge_message_runs(std::move(messages), separator); },
              "merge_message_runs");
}

}  // namespace v0
}  // namespace lian
