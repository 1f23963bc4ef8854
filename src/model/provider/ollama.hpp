#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "model/codec.hpp"

namespace lian {
inline namespace v0 {

/// Ollama's own API (api/types.go and server/routes.go of 2026-08-21): POST /api/chat, or
/// /api/generate for text completions. `ChatOptions::extra` goes into `options` where its name is
/// one of a model's options (`num_ctx`, `top_k`, `min_p`, `repeat_penalty`, …), else to the top
/// (`keep_alive`, `truncate`, `suffix`, `raw`, …). Thread-safe.
class OllamaChatCodec : public ChatCodec {
 public:
  enum class Api { chat, generate };
  explicit OllamaChatCodec(Api api) : api_(api) {}
  ChatAbilities abilities(std::string_view model) const override;
  HttpRequest encode(const ChatRequest& request, const Endpoint& endpoint,
                     std::vector<std::string>& warnings) const override;
  AIMessage decode(const HttpReply& reply) const override;
  std::unique_ptr<ChatStreamDecoder> decoder(const ChatRequest& request) const override;
  ApiError classify(const HttpReply& reply, const Endpoint& endpoint) const override;
  Framing framing() const noexcept override { return Framing::ndjson; }

 private:
  Api api_;
};

/// POST /api/embed. Thread-safe.
class OllamaEmbeddingCodec : public EmbeddingCodec {
 public:
  HttpRequest encode(const EmbeddingRequest& request, const Endpoint& endpoint) const override;
  std::vector<std::vector<float>> decode(const HttpReply& reply, std::size_t count) const override;
  ApiError classify(const HttpReply& reply, const Endpoint& endpoint) const override;
};

/// GET /api/tags: the models that are on the server. Thread-safe.
class OllamaModelListCodec : public ModelListCodec {
 public:
  HttpRequest encode(const Endpoint& endpoint, const std::string& page) const override;
  Page decode(const HttpReply& reply) const override;
  ApiError classify(const HttpReply& reply, const Endpoint& endpoint) const override;
};

/// The base URL that `host` means by the rules of OLLAMA_HOST: the scheme may be missing (http),
/// and then the port too (11434); "ollama.com" alone is https; an address that stands for all
/// interfaces is dialled as loopback; an "/api" at the end is Ollama's own and left out.
std::string ollama_base_url(std::string_view host);

/// A POST of JSON to `path` below the endpoint's base URL.
HttpRequest ollama_post(const Endpoint& endpoint, std::string_view path, std::string body);

/// The error an HTTP reply of Ollama means: `{"error":"text"}`; any body.
ApiError ollama_error(const HttpReply& reply, const Endpoint& endpoint);
/// The error that `json` describes although the reply's status was 200.
ApiError ollama_error_in_reply(std::string_view json);

}  // namespace v0
}  // namespace lian
