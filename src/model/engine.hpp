#pragma once

#include <memory>
#include <optional>
#include <string>

#include "lian/core/semaphore.hpp"
#include "lian/model/chat_model.hpp"
#include "lian/model/embedding_model.hpp"
#include "lian/model/model_list.hpp"
#include "lian/model/registry.hpp"
#include "model/codec.hpp"
#include "model/token_source.hpp"

namespace lian {
inline namespace v0 {

/// What every request of one model shares: where it goes, its limits, its place in the queue.
struct Line {
  Line(Endpoint line_endpoint, const ModelConfig& config,
       std::shared_ptr<TokenSource> token_source = nullptr);
  Endpoint endpoint;
  HttpLimits limits;
  std::optional<std::chrono::nanoseconds> timeout;
  std::optional<Semaphore> turns;
  std::shared_ptr<TokenSource> tokens;
};

/// A chat model of any provider: the codec says what the bytes mean, the engine does the rest.
std::shared_ptr<const ChatStep> engine_chat(std::shared_ptr<const Line> line,
                                            std::shared_ptr<const ChatCodec> codec,
                                            ChatOptions options);

/// An embedding model of any provider; splits long lists into requests and keeps their order.
std::shared_ptr<const Embedder> engine_embedder(std::shared_ptr<const Line> line,
                                                std::shared_ptr<const EmbeddingCodec> codec,
                                                std::string model, int dimensions,
                                                std::size_t batch_size);

/// All pages of a provider's list of models.
Task<std::vector<ModelInfo>> engine_models(std::shared_ptr<const Line> line,
                                           std::shared_ptr<const ModelListCodec> codec,
                                           Context context);

}  // namespace v0
}  // namespace lian
