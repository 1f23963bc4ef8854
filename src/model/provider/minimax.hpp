#pragma once

#include "model/codec.hpp"

namespace lian {
inline namespace v0 {

struct ModelPlace;

/// MiniMax's embeddings, POST /embeddings?GroupId=…: {"texts", "model", "type": "db" or "query"}
/// gives
/// {"vectors", "base_resp"}; an error is a status_code in the latter. As langchain-community has it
/// (2024). Thread-safe.
class MiniMaxEmbeddingCodec final : public EmbeddingCodec {
 public:
  /// Throws Error{config} without the option "group_id", UnsupportedError for a chosen width.
  HttpRequest encode(const EmbeddingRequest& request, const Endpoint& endpoint) const override;
  std::vector<std::vector<float>> decode(const HttpReply& reply, std::size_t count) const override;
  ApiError classify(const HttpReply& reply, const Endpoint& endpoint) const override;
  std::size_t max_batch(std::string_view) const noexcept override { return 64; }
};

std::unique_ptr<const EmbeddingCodec> minimax_embedding(const ModelPlace& place);

}  // namespace v0
}  // namespace lian
