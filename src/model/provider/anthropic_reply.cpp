#include <string>
#include <utility>

#include "lian/core/error.hpp"
#include "lian/core/utf8.hpp"
#include "model/provider/anthropic.hpp"
#include "model/provider/anthropic_content.hpp"
#include "model/provider/anthropic_error.hpp"
#include "model/provider/json_text.hpp"

namespace lian {
inline namespace v0 {
namespace {

Json body_of(const HttpReply& reply) {
  Json body = parse_anthropic(utf8::repair(reply.body));
  if (is_anthropic_error(body)) throw anthropic_error_in_reply(body.dump());
  return body;
}

bool is_empty(const Part& part) {
  const auto* text = std::get_if<TextPart>(&part);
  return text && text->text.empty() && text->extra.is_null();
}

// The last block of a reply that ran out of tokens may be half a call, and still an object.
void doubt_last_call(AIMessage& message) {
  if (!anthropic_cuts(message.raw_finish_reason) || message.parts.empty()) return;
  auto* call = std::get_if<ToolCall>(&message.parts.back());
  if (!call) return;
  call->valid = false;
  call->error = "the reply ended at its length limit inside this call: raise max_tokens";
}

}  // namespace

AIMessage AnthropicChatCodec::decode(const HttpReply& reply) const {
  const Json body = body_of(reply);
  if (!body["content"].is_array())
    throw_not_json(anthropic_name, reply.body, 0, "it has no content");
  AIMessage message;
  message.raw_finish_reason = string_or_empty(body["stop_reason"]);
  if (message.raw_finish_reason.empty())
    throw_not_json(anthropic_name, reply.body, 0, "it has no stop_reason");
  message.finish_reason = anthropic_finish_reason(message.raw_finish_reason);
  message.provider = anthropic_name;
  message.id = string_or_empty(body["id"]);
  message.model = string_or_empty(body["model"]);
  message.extra = anthropic_extra(body, body["usage"]);
  if (body["usage"].is_object()) {
    AnthropicUsage usage;
    usage.read(body["usage"]);
    message.usage = usage.total();
  }
  for (const Json& block : body["content"].items()) {
    Part part = anthropic_part(block);
    if (!is_empty(part)) message.parts.push_back(std::move(part));
  }
  doubt_last_call(message);
  finish(message);
  return message;
}

std::int64_t AnthropicChatCodec::decode_count(const HttpReply& reply) const {
  const Json count = body_of(reply)["input_tokens"];
  if (!count.is_integer()) throw_not_json(anthropic_name, reply.body, 0, "it has no input_tokens");
  return count.as_int();
}

ApiError AnthropicChatCodec::classify(const HttpReply& reply, const Endpoint& endpoint) const {
  return anthropic_error(reply, endpoint);
}

}  // namespace v0
}  // namespace lian
