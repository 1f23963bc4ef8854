#pragma once

#include <array>
#include <memory>
#include <string>
#include <string_view>

#include "lian/model/registry.hpp"
#include "model/codec.hpp"
#include "model/token_source.hpp"

namespace lian {
inline namespace v0 {

struct OpenAIDialect;
struct ProviderRow;

/// A setting of a provider beside its key.
struct ProviderOption {
  std::string_view name;  // as in ModelConfig::option
  std::array<std::string_view, 3> variables{};
  bool required = false;
  bool secret = false;  // never appears in errors and events
  std::string_view otherwise{};  // its default
};

/// How a model of the provider is made: from its name and where it is reached.
struct ModelPlace {
  ModelPlace(const ProviderRow& provider_row, std::string_view model_name,
             const Endpoint& model_endpoint)
      : row(provider_row), model(model_name), endpoint(model_endpoint) {}
  const ProviderRow& row;
  std::string_view model;
  const Endpoint& endpoint;
};

/// One row of the table of providers: adding a provider is its file and its row. A function that is
/// null means that the provider does not offer that.
struct ProviderRow {
  std::string_view name, title;
  std::array<std::string_view, 3> aliases{};
  std::string_view base_url;  // empty: one must be given
  std::array<std::string_view, 3> key_variables{}, url_variables{};
  std::string_view key_file_variable;  // names a file whose first line is the key
  bool needs_key = true;
  std::array<ProviderOption, 14> options{};
  std::string_view example;            // a chat model's name
  std::string_view embedding_example;  // an embedding model's
  std::unique_ptr<const ChatCodec> (*chat)(const ModelPlace& place) = nullptr;
  std::unique_ptr<const ChatCodec> (*text)(const ModelPlace& place) = nullptr;
  std::unique_ptr<const EmbeddingCodec> (*embedding)(const ModelPlace& place) = nullptr;
  std::unique_ptr<const ModelListCodec> (*models)(const ModelPlace& place) = nullptr;
  std::shared_ptr<TokenSource> (*tokens)(const Endpoint& endpoint, const ModelConfig& config) =
      nullptr;
  /// Last touches to what was resolved, e.g. a base URL made of project and location.
  void (*complete)(Endpoint& endpoint, std::string_view model) = nullptr;
  const OpenAIDialect* dialect = nullptr;  // of a vendor of OpenAI's dialect
  ChatModel (*local_chat)(std::string_view model) = nullptr;  // runs here, with no server
  EmbeddingModel (*local_embedding)(std::string_view model) = nullptr;
};

/// What was resolved for one model. Throws as `chat_model`.
Endpoint endpoint_of(const ProviderRow& row, std::string_view model, const ModelConfig& config);

/// What users see of a row.
ProviderInfo provider_info(const ProviderRow& row);

// The rows, each in the file of its protocol.
extern const ProviderRow openai_provider;
extern const ProviderRow azure_provider;
extern const ProviderRow ernie_provider;
extern const ProviderRow baichuan_provider;
extern const ProviderRow anthropic_provider;
extern const ProviderRow gemini_provider;
extern const ProviderRow palm_provider;
extern const ProviderRow vertex_provider;
extern const ProviderRow qwen_provider;
extern const ProviderRow qwen_compatible_provider;
extern const ProviderRow ollama_provider;
extern const ProviderRow llamacpp_provider;
extern const ProviderRow vllm_provider;
extern const ProviderRow glm_provider;
extern const ProviderRow spark_provider;
extern const ProviderRow offline_provider;

}  // namespace v0
}  // namespace lian
