#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "model/codec.hpp"

namespace lian {
inline namespace v0 {

/// Qwen by DashScope's own protocol (text-generation and multimodal-generation), as the HTTP
/// captures of cnblogs/dashscope-sdk and dashscope-sdk-python of 2026-08 have it. Models that see
/// or hear, and messages with images or audio, go to multimodal-generation. `ChatOptions::extra`
/// goes into `parameters`, where `enable_search`, `search_options`, `top_k`, `repetition_penalty`,
/// `enable_thinking`, `thinking_budget` and the like live; `model`, `input` and `parameters` name
/// the parts of the body themselves. Streams ask for increments unless
/// `extra("incremental_output", false)` asks for the whole text so far in each event. Thread-safe.
class QwenChatCodec : public ChatCodec {
 public:
  ChatAbilities abilities(std::string_view model) const override;
  HttpRequest encode(const ChatRequest& request, const Endpoint& endpoint,
                     std::vector<std::string>& warnings) const override;
  AIMessage decode(const HttpReply& reply) const override;
  std::unique_ptr<ChatStreamDecoder> decoder(const ChatRequest& request) const override;
  ApiError classify(const HttpReply& reply, const Endpoint& endpoint) const override;
  // Some servers leave out the last blank line.
  bool lenient_end() const noexcept override { return true; }
};

/// DashScope's text embeddings. Thread-safe.
class QwenEmbeddingCodec : public EmbeddingCodec {
 public:
  HttpRequest encode(const EmbeddingRequest& request, const Endpoint& endpoint) const override;
  std::vector<std::vector<float>> decode(const HttpReply& reply, std::size_t count) const override;
  ApiError classify(const HttpReply& reply, const Endpoint& endpoint) const override;
  std::size_t max_batch(std::string_view model) const noexcept override;
};

/// A POST of JSON to `path` below the endpoint's base URL, with DashScope's headers.
HttpRequest qwen_post(const Endpoint& endpoint, std::string_view path, std::string body);

/// Whether a request to `model` or with these messages goes to multimodal-generation.
bool is_multimodal(std::string_view model, const Messages& messages);

}  // namespace v0
}  // namespace lian
