#include "model/provider/anthropic_messages.hpp"

#include <iterator>
#include <string>
#include <utility>

#include "lian/core/error.hpp"
#include "model/provider/openai_messages.hpp"

namespace lian {
inline namespace v0 {
namespace {

std::string place(std::size_t index) { return "messages[" + std::to_string(index) + "]"; }

bool is_empty_text(const Part& part) {
  const auto* text = std::get_if<TextPart>(&part);
  return text && text->text.empty() && text->extra.is_null();
}

// What a message's own fields are: a reply, which has an id, says things about itself that do not
// go back.
const Json* fields_of(const Message& message) {
  return message.id.empty() && !message.extra.empty() ? &message.extra : nullptr;
}

}  // namespace

AnthropicConversation::AnthropicConversation(const Messages& messages,
                                             const AnthropicLeniency& leniency)
    : leniency_(leniency) {
  for (std::size_t i = 0; i < messages.size(); ++i) add(messages[i], i);
  check_turns();
  trim_prefill(messages.back());
}

void AnthropicConversation::add(const Message& message, std::size_t index) {
  if (!message.name.empty())
    leniency_.say(place(index) +
                  " names its speaker, which claude has no field for: the name was "
                  "left out");
  switch (message.role) {
    case Role::system:
    case Role::developer:
      return add_system(message, index);
    case Role::user:
    case Role::tool:
      return add_turn(message, index, "user");
    case Role::assistant:
      return add_turn(message, index, "assistant");
    case Role::other:
      return add_turn(message, index, message.role_name);
  }
}

void AnthropicConversation::add_system(const Message& message, std::size_t index) {
  for (const Part& part : message.parts)
    if (!std::holds_alternative<TextPart>(part) && !std::holds_alternative<UnknownPart>(part))
      throw UnsupportedError(
          place(index) + " is a system message with more than text; nothing was sent",
          "system messages of other kinds than text");
  std::vector<AnthropicBlock> blocks = blocks_of(message, index);
  if (!blocks.empty() && !turns_.empty())
    leniency_.say(place(index) +
                  " is a system message behind others: claude has one system "
                  "prompt, and it was moved there");
  std::move(blocks.begin(), blocks.end(), std::back_inserter(system_));
}

void AnthropicConversation::add_turn(const Message& message, std::size_t index,
                                     std::string_view role) {
  const std::vector<AnthropicBlock> blocks = blocks_of(message, index);
  if (blocks.empty() && role == "assistant") {
    leniency_.say(place(index) + " says nothing that claude can be told: it was left out");
    return;
  }
  if (blocks.empty()) refuse_request(place(index) + " is empty: give it a text, or leave it out");
  if (turns_.empty() || turns_.back().role != role) turns_.emplace_back(role);
  for (const AnthropicBlock& block : blocks) {
    const bool result = std::holds_alternative<ToolResult>(*block.part);
    if (message.role == Role::tool && !result)
      refuse_request(place(index) + " has the role tool but not only ToolResult parts");
    (result ? turns_.back().results : turns_.back().rest).push_back(block);
  }
}

std::vector<AnthropicBlock> AnthropicConversation::blocks_of(const Message& message,
                                                             std::size_t index) const {
  std::vector<AnthropicBlock> blocks;
  for (const Part& part : message.parts)
    if (!is_left_out(part, message, index))
      blocks.emplace_back(part, index, message.role == Role::assistant);
  if (!blocks.empty()) blocks.back().message_extra = fields_of(message);
  return blocks;
}

bool AnthropicConversation::is_left_out(const Part& part, const Message& message,
                                        std::size_t index) const {
  if (is_empty_text(part)) return true;
  const auto* reasoning = std::get_if<ReasoningPart>(&part);
  if (reasoning && reasoning->signature.empty()) {
    leniency_.say(place(index) +
                  " has reasoning without a signature, which claude does not take: "
                  "it was left out");
    return true;
  }
  if (message.role != Role::assistant || !leniency_.is_2026) return false;
  if (!std::holds_alternative<FilePart>(part)) return false;
  leniency_.leave_out("a document in an assistant's message in API version 2026-10-21");
  return true;
}

void AnthropicConversation::check_turns() const {
  if (turns_.empty()) refuse_request("the request has no message of the user");
  if (turns_.front().role == "assistant")
    refuse_request(
        "the conversation begins with the assistant; claude wants the user first: put a "
        "user message before it");
}

// Text that the assistant is to continue must not end in blanks.
void AnthropicConversation::trim_prefill(const Message& last) {
  if (turns_.back().role != "assistant" || turns_.back().rest.empty() || !last.id.empty()) return;
  AnthropicBlock& block = turns_.back().rest.back();
  const auto* text = std::get_if<TextPart>(block.part);
  if (!text || text->text.find_last_not_of(" \t\r\n") + 1 == text->text.size()) return;
  block.trimmed = true;
  leniency_.say(place(block.index) +
                " is the beginning of the reply and ends in blanks, which "
                "claude does not take: they were left out");
}

void AnthropicConversation::write_content(const std::vector<AnthropicBlock>& blocks,
                                          JsonWriter& json) const {
  const auto* only = blocks.size() == 1 ? std::get_if<TextPart>(blocks[0].part) : nullptr;
  if (only && only->extra.is_null() && !blocks[0].message_extra) {
    check_request_utf8(only->text, place(blocks[0].index));
    json.string(anthropic_text(blocks[0]));
    return;
  }
  json.begin_array();
  for (const AnthropicBlock& block : blocks) write_anthropic_block(block, leniency_, json);
  json.end_array();
}

void AnthropicConversation::write_messages(JsonWriter& json) const {
  json.begin_array();
  for (const Turn& turn : turns_) {
    check_request_utf8(turn.role, "role");
    json.begin_object().key("role").string(turn.role).key("content");
    std::vector<AnthropicBlock> blocks = turn.results;
    blocks.insert(blocks.end(), turn.rest.begin(), turn.rest.end());
    write_content(blocks, json);
    json.end_object();
  }
  json.end_array();
}

}  // namespace v0
}  // namespace lian
