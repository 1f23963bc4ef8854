#include <fmt/format.h>

#include "model/engine.hpp"
#include "model/provider.hpp"
#include "model/provider/openai.hpp"
#include "net/environment.hpp"
#include "net/url.hpp"

namespace lian {
inline namespace v0 {

namespace {

constexpr OpenAIDialect openai;

std::string first_set(const std::array<std::string_view, 2>& variables, std::string* which) {
  for (const std::string_view variable : variables) {
    if (variable.empty()) continue;
    std::string value = environment(std::string(variable).c_str());
    if (value.empty()) continue;
    if (which) *which = variable;
    return value;
  }
  return {};
}

// What goes into a header must not be able to end it. The text may be a key: it is not quoted.
void refuse_controls(std::string_view text, std::string_view what) {
  for (const char c : text)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f)
      throw Error(ErrorKind::invalid_request,
                  fmt::format("{} holds a line break or another control character", what));
}

Endpoint endpoint_of(const OpenAIDialect& dialect, std::string_view model,
                     const ModelConfig& config) {
  if (model.empty())
    throw Error(ErrorKind::config, fmt::format("name the model as well, e.g. \"{}:gpt-4o-mini\"",
                                               dialect.name));
  Endpoint endpoint;
  endpoint.provider = dialect.name;
  endpoint.base_url = config.base_url();
  if (endpoint.base_url.empty()) endpoint.base_url = first_set(dialect.url_variables, nullptr);
  if (endpoint.base_url.empty()) endpoint.base_url = dialect.base_url;
  while (endpoint.base_url.ends_with('/')) endpoint.base_url.pop_back();
  check_http_url(endpoint.base_url);
  if (endpoint.base_url.find_first_of("?#") != std::string::npos)
    throw Error(ErrorKind::invalid_request,
                "a base URL holds '?' or '#'; it ends with its path, e.g. https://host/v1");
  refuse_controls(model, "the model's name");

  endpoint.key_name = dialect.key_variables[0];
  if (config.api_key()) {
    endpoint.api_key = *config.api_key();
    endpoint.key_name = "api_key";
  } else {
    endpoint.api_key = first_set(dialect.key_variables, &endpoint.key_name);
    if (endpoint.api_key.empty() && dialect.requires_key)
      throw Error(ErrorKind::config,
                  fmt::format("no key for {}: set the environment variable {} or pass "
                              "ModelConfig().api_key(…); for a server that needs none, any text",
                              dialect.name, dialect.key_variables[0]));
  }
  refuse_controls(endpoint.api_key, endpoint.key_name);
  for (const auto& [name, value] : config.headers().fields()) endpoint.headers.add(name, value);
  return endpoint;
}

}  // namespace

ChatModel openai_chat_model(std::string_view model, const ModelConfig& config) {
  auto line = std::make_shared<const Line>(endpoint_of(openai, model, config), config);
  return ChatModel(engine_chat(std::move(line), std::make_shared<OpenAIChatCodec>(openai),
                               ChatOptions().model(std::string(model))));
}

EmbeddingModel openai_embedding_model(std::string_view model, const ModelConfig& config) {
  auto line = std::make_shared<const Line>(endpoint_of(openai, model, config), config);
  return EmbeddingModel(engine_embedder(std::move(line),
                                        std::make_shared<OpenAIEmbeddingCodec>(openai),
                                        std::string(model), config.dimensions(),
                                        config.batch_size()));
}

}  // namespace v0
}  // namespace lian
