#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "lian/model/registry.hpp"

namespace lian {
inline namespace v0 {

/// One row of the table of providers: adding a provider is its file and its row.
struct Provider {
  std::string_view name;
  ChatModel (*chat)(std::string_view model, const ModelConfig& config);
  EmbeddingModel (*embedding)(std::string_view model, const ModelConfig& config);
};

ChatModel openai_chat_model(std::string_view model, const ModelConfig& config);
EmbeddingModel openai_embedding_model(std::string_view model, const ModelConfig& config);
ChatModel offline_chat_model(std::string_view model, const ModelConfig& config);
EmbeddingModel offline_embedding_model(std::string_view model, const ModelConfig& config);

}  // namespace v0
}  // namespace lian
