#pragma once

#include "model/provider/openai.hpp"

namespace lian {
inline namespace v0 {

/// Where and as whom a request goes to Azure: the deployment stands in the path, the API version in
/// the query, the key in `api-key`; an Entra token (option "ad_token" or a token function) goes as a
/// bearer instead. As the SDKs' Azure clients of 2026-08 send it.
void sign_for_azure(HttpRequest& request, const Endpoint& endpoint, const Signing& signing);

/// OpenAI's chat completions on Azure. Thread-safe.
class AzureChatCodec : public OpenAIChatCodec {
 public:
  using OpenAIChatCodec::OpenAIChatCodec;
  HttpRequest encode(const ChatRequest& request, const Endpoint& endpoint,
                     std::vector<std::string>& warnings) const override;
  void sign(HttpRequest& request, const Endpoint& endpoint, const Signing& signing) const override {
    sign_for_azure(request, endpoint, signing);
  }
};

/// OpenAI's embeddings on Azure. Thread-safe.
class AzureEmbeddingCodec : public OpenAIEmbeddingCodec {
 public:
  using OpenAIEmbeddingCodec::OpenAIEmbeddingCodec;
  HttpRequest encode(const EmbeddingRequest& request, const Endpoint& endpoint) const override;
  void sign(HttpRequest& request, const Endpoint& endpoint, const Signing& signing) const override {
    sign_for_azure(request, endpoint, signing);
  }
};

}  // namespace v0
}  // namespace lian
