/// What the tests of Anthropic's codecs share.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "model/codec_support.hpp"
#include "model/provider/anthropic.hpp"

namespace lian::test {

inline Endpoint anthropic_endpoint() {
  Endpoint out;
  out.provider = "claude";
  out.base_url = "https://api.anthropic.com/v1";
  out.api_key = "secret-0123456789";
  out.key_name = "ANTHROPIC_API_KEY";
  out.secrets = {out.api_key};
  return out;
}

inline AnthropicChatCodec anthropic_2026() { return AnthropicChatCodec("2026-10-21"); }

/// The body of a request, as JSON.
inline Json anthropic_body(const Messages& messages, const ChatOptions& options,
                           std::vector<std::string>* told = nullptr,
                           const AnthropicChatCodec& codec = AnthropicChatCodec()) {
  return Json::parse(
      encode(codec, ChatRequest(messages, options), anthropic_endpoint(), told).body);
}

using Told = std::vector<std::string>;

inline Json object(std::string_view text) { return Json::parse(text); }

inline ChatOptions sonnet(std::int64_t max_tokens = 1024) {
  return ChatOptions().model("claude-sonnet-4-5").max_tokens(max_tokens);
}

/// What a request is refused with, the kind first; empty when it is not.
inline std::string refusal(const Messages& messages, const ChatOptions& options,
                           const AnthropicChatCodec& codec = AnthropicChatCodec()) {
  try {
    anthropic_body(messages, options, nullptr, codec);
  } catch (const Error& error) {
    return std::string(to_string(error.kind())) + ": " + error.message();
  }
  return {};
}

/// `event: TYPE`, `data: JSON` with that type in it, a blank line.
inline std::string anthropic_event(const std::string& type, const std::string& members = {}) {
  std::string text = "event: " + type + "\ndata: {\"type\":\"" + type + '"';
  if (!members.empty()) text += "," + members;
  return text + "}\n\n";
}

inline std::string block_start(int index, const std::string& block) {
  return anthropic_event("content_block_start",
                         "\"index\":" + std::to_string(index) + ",\"content_block\":" + block);
}
inline std::string block_delta(int index, const std::string& delta) {
  return anthropic_event("content_block_delta",
                         "\"index\":" + std::to_string(index) + ",\"delta\":" + delta);
}
inline std::string block_stop(int index) {
  return anthropic_event("content_block_stop", "\"index\":" + std::to_string(index));
}
inline std::string message_start() {
  return anthropic_event(
      "message_start",
      R"("message":{"id":"msg_1","type":"message","role":"assistant","model":"m","content":[],)"
      R"("stop_reason":null,"usage":{"input_tokens":9,"output_tokens":1}})");
}
inline std::string message_end(const std::string& reason) {
  return anthropic_event("message_delta", R"("delta":{"stop_reason":")" + reason +
                                              R"("},"usage":{"output_tokens":5})") +
         anthropic_event("message_stop");
}

}  // namespace lian::test
