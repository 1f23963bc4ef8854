#pragma once

#include <memory>
#include <string>
#include <vector>

#include "model/provider/google.hpp"

namespace lian {
inline namespace v0 {

/// Vertex AI's PaLM models: chat-bison and codechat-bison, text-bison, text-unicorn and code-bison;
/// :predict and, streamed, :serverStreamingPredict with its typed tensors, as Google's Python SDK
/// of 2023 and its streaming page have them. A stream has no terminal sign but the proper end of
/// its HTTP message (framed as an array: of the array). Thread-safe.
class VertexPalmCodec final : public GoogleCodec<ChatCodec> {
 public:
  enum class Kind { chat, text };
  VertexPalmCodec(Kind kind, const Endpoint& endpoint);
  ChatAbilities abilities(std::string_view model) const override;
  HttpRequest encode(const ChatRequest& request, const Endpoint& endpoint,
                     std::vector<std::string>& warnings) const override;
  AIMessage decode(const HttpReply& reply) const override;
  std::unique_ptr<ChatStreamDecoder> decoder(const ChatRequest& request) const override;
  Framing framing() const noexcept override { return framing_; }
  HttpRequest encode_count(const ChatRequest& request, const Endpoint& endpoint) const override;
  std::int64_t decode_count(const HttpReply& reply) const override;

 private:
  Json instance(const ChatRequest& request, std::vector<std::string>& warnings) const;

  Kind kind_;
  std::string provider_;
  Framing framing_;
};

/// Whether a model's name is one of PaLM's chats, or of its text completions.
bool is_palm_chat(std::string_view model) noexcept;
bool is_palm_text(std::string_view model) noexcept;

}  // namespace v0
}  // namespace lian
