#include "model/provider/anthropic_content.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "lian/core/error.hpp"
#include "model/provider/anthropic.hpp"
#include "model/provider/anthropic_error.hpp"
#include "model/provider/json_text.hpp"

namespace lian {
inline namespace v0 {
namespace {

struct Reason {
  std::string_view word;
  FinishReason reason;
};

constexpr std::array<Reason, 7> reasons = {{
    {"end_turn", FinishReason::stop},
    {"stop_sequence", FinishReason::stop},
    {"max_tokens", FinishReason::length},
    {"model_context_window_exceeded", FinishReason::length},
    {"tool_use", FinishReason::tool_calls},
    {"refusal", FinishReason::content_filter},
    {"pause_turn", FinishReason::pause},
}};

void read_count(const Json& value, std::int64_t& count) {
  if (value.is_integer()) count = std::max<std::int64_t>(0, value.as_int());
}

}  // namespace

FinishReason anthropic_finish_reason(std::string_view word) {
  if (word.empty()) return FinishReason::none;
  for (const Reason& row : reasons)
    if (row.word == word) return row.reason;
  return FinishReason::other;
}

bool anthropic_cuts(std::string_view word) {
  return anthropic_finish_reason(word) == FinishReason::length;
}

void AnthropicUsage::read(const Json& usage) {
  read_count(usage["input_tokens"], input_);
  read_count(usage["output_tokens"], output_);
  read_count(usage["cache_read_input_tokens"], cache_read_);
  read_count(usage["cache_creation_input_tokens"], cache_write_);
  read_count(usage["output_tokens_details"]["thinking_tokens"], thinking_);
}

// The wire counts cached input beside the rest, lian within it.
Usage AnthropicUsage::total() const {
  Usage usage(input_ + cache_read_ + cache_write_, output_);
  usage.cached_tokens = cache_read_;
  usage.cache_write_tokens = cache_write_;
  usage.reasoning_tokens = thinking_;
  return usage;
}

std::string string_or_empty(const Json& value) {
  return value.is_string() ? std::string(value.as_string()) : std::string();
}

Part anthropic_part(const Json& block) {
  const std::string type = string_or_empty(block["type"]);
  if (type == "text") {
    TextPart part(string_or_empty(block["text"]));
    part.extra = fields_besides(block, {"type", "text"});
    return part;
  }
  if (type == "thinking") {
    ReasoningPart part(string_or_empty(block["thinking"]), string_or_empty(block["signature"]));
    part.extra = fields_besides(block, {"type", "thinking", "signature"});
    return part;
  }
  if (type == "tool_use") {
    const Json input = block["input"];
    ToolCall call(string_or_empty(block["id"]), string_or_empty(block["name"]),
                  input.is_null() ? std::string("{}") : input.dump());
    call.extra = fields_besides(block, {"type", "id", "name", "input"});
    return call;
  }
  return UnknownPart(type, block);
}

Json fields_besides(const Json& object, std::initializer_list<std::string_view> known) {
  Json rest;
  if (!object.is_object()) return rest;
  for (const std::string& name : object.keys()) {
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    const Json value = object[name];
    if (!value.is_null() && !(value.is_array() && value.empty())) rest.set(name, value);
  }
  return rest;
}

Json anthropic_extra(const Json& message, const Json& usage) {
  Json extra =
      fields_besides(message, {"id", "type", "role", "model", "content", "stop_reason", "usage"});
  Json counts = fields_besides(usage, {"input_tokens", "output_tokens", "cache_read_input_tokens",
                                       "cache_creation_input_tokens", "output_tokens_details"});
  if (!counts.is_null()) extra.set("usage", std::move(counts));
  return extra;
}

Json parse_anthropic(std::string_view text) {
  try {
    return Json::parse(text);
  } catch (const ParseError& error) {
    throw_not_json(anthropic_name, text, error.offset, error.what());
  }
}

std::string_view anthropic_event_kind(const StreamEvent& event, JsonReader& reader,
                                      std::string& scratch) {
  const bool named = event.type != "message" && event.type != "bare" && !event.type.empty();
  if (named) return event.type;
  scratch.clear();
  reader.read(event.data, [&](JsonValue root) {
    root.fields([&](JsonKey key, JsonValue value) {
      if (key == "type") value.assign_to(scratch);
    });
  });
  if (!scratch.empty()) return scratch;
  if (is_anthropic_error(parse_anthropic(event.data))) throw anthropic_error_in_reply(event.data);
  throw_not_json(anthropic_name, event.data, 0, "an event without a type");
}

}  // namespace v0
}  // namespace lian
