#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "model/provider/google.hpp"

namespace lian {
inline namespace v0 {

/// Gemini's generateContent and streamGenerateContent, as the v1beta protos and the SDKs of 2026
/// have them, on generativelanguage or on Vertex AI. Thread-safe.
///
/// A stream is complete when the last chunk of each candidate gave its finishReason and the HTTP
/// message (framed as an array: the array) ended as it should; older models give a reason with
/// every chunk.
class GeminiChatCodec final : public GoogleCodec<ChatCodec> {
 public:
  explicit GeminiChatCodec(const Endpoint& endpoint);
  ChatAbilities abilities(std::string_view model) const override;
  HttpRequest encode(const ChatRequest& request, const Endpoint& endpoint,
                     std::vector<std::string>& warnings) const override;
  AIMessage decode(const HttpReply& reply) const override;
  std::unique_ptr<ChatStreamDecoder> decoder(const ChatRequest& request) const override;
  Framing framing() const noexcept override { return framing_; }
  HttpRequest encode_count(const ChatRequest& request, const Endpoint& endpoint) const override;
  std::int64_t decode_count(const HttpReply& reply) const override;

 private:
  std::string provider_;
  Framing framing_;
};

/// Whether the model is one that can be told how much to think.
bool gemini_thinks(std::string_view model) noexcept;

/// What "thinkingConfig" says for a reasoning effort: models of 2.5 have a budget of tokens, later
/// ones a level. "none", "auto" or a number of tokens are understood as well.
Json gemini_thinking(std::string_view model, const std::string& effort,
                     std::vector<std::string>& warnings);

}  // namespace v0
}  // namespace lian
