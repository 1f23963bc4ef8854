#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "model/provider/openai.hpp"

namespace lian {
inline namespace v0 {

/// How GLM's API of 2024 (v4) and all its errors differ from OpenAI's.
extern const OpenAIDialect glm_dialect;

/// Chat of Zhipu GLM, API v4 (open.bigmodel.cn and docs.z.ai, 2026-08). Signs with the key itself,
/// or with a token of 210 s where the option "auth" is "jwt". Thread-safe.
class GlmChatCodec final : public OpenAIChatCodec {
 public:
  explicit GlmChatCodec(const Endpoint& endpoint);
  ChatAbilities abilities(std::string_view model) const override;
  HttpRequest encode(const ChatRequest& request, const Endpoint& endpoint,
                     std::vector<std::string>& warnings) const override;
  void sign(HttpRequest& request, const Endpoint& endpoint, const Signing& signing) const override;
  bool sign_anew(const ApiError& error) const override;

 private:
  bool signs_;
};

/// Embeddings of API v4: embedding-2 (1024 wide), embedding-3 (2048, 1024, 512 or 256). Thread-safe.
class GlmEmbeddingCodec final : public OpenAIEmbeddingCodec {
 public:
  explicit GlmEmbeddingCodec(const Endpoint& endpoint);
  HttpRequest encode(const EmbeddingRequest& request, const Endpoint& endpoint) const override;
  void sign(HttpRequest& request, const Endpoint& endpoint, const Signing& signing) const override;
  bool sign_anew(const ApiError& error) const override;

 private:
  bool signs_;
};

/// Chat of ChatGLM, API v3 of 2023: POST /model-api/MODEL/invoke and /sse-invoke, signed by a bare
/// token. Text of alternating users and assistants. Thread-safe.
class ChatGlmCodec final : public ChatCodec {
 public:
  ChatAbilities abilities(std::string_view model) const override;
  HttpRequest encode(const ChatRequest& request, const Endpoint& endpoint,
                     std::vector<std::string>& warnings) const override;
  AIMessage decode(const HttpReply& reply) const override;
  std::unique_ptr<ChatStreamDecoder> decoder(const ChatRequest& request) const override;
  void sign(HttpRequest& request, const Endpoint& endpoint, const Signing& signing) const override;
  bool sign_anew(const ApiError& error) const override;
  ApiError classify(const HttpReply& reply, const Endpoint& endpoint) const override;
};

}  // namespace v0
}  // namespace lian
