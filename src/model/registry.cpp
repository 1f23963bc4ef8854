#include "lian/model/registry.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "lian/core/error.hpp"
#include "lian/core/runtime.hpp"
#include "lian/model/model_list.hpp"
#include "model/engine.hpp"
#include "model/provider.hpp"

namespace lian {
inline namespace v0 {

namespace {

constexpr std::array rows = {
    &openai_provider,
    &offline_provider,
};

// Edit distance (Levenshtein 1966), to put the likeliest name first.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t corner = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = corner + (a[i - 1] == b[j - 1] ? 0 : 1);
      corner = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, replaced});
    }
  }
  return row[b.size()];
}

struct Name {
  std::string_view provider, model;
};

// "provider:model"; only the first colon separates, since model names may hold more.
Name split(std::string_view name) {
  const std::size_t colon = name.find(':');
  if (colon == name.npos) return {name, {}};
  return {name.substr(0, colon), name.substr(colon + 1)};
}

bool is_named(const ProviderRow& row, std::string_view wanted) {
  return row.name == wanted ||
         (!wanted.empty() &&
          std::find(row.aliases.begin(), row.aliases.end(), wanted) != row.aliases.end());
}

const ProviderRow& find(std::string_view wanted) {
  for (const ProviderRow* row : rows)
    if (is_named(*row, wanted)) return *row;
  std::vector<std::string> known = provider_names();
  std::stable_sort(known.begin(), known.end(), [&](const auto& a, const auto& b) {
    return distance(wanted, a) < distance(wanted, b);
  });
  throw Error(ErrorKind::config,
              fmt::format("unknown provider '{}'; lian knows: {}. Write it as \"provider:model\"",
                          wanted.substr(0, 100), fmt::join(known, ", ")));
}

[[noreturn]] void not_offered(const ProviderRow& row, std::string_view what) {
  throw UnsupportedError(fmt::format("{} offers no {}", row.name, what), std::string(what));
}

void require_model(std::string_view model, const ProviderRow& row, std::string_view example) {
  if (!model.empty()) return;
  throw Error(ErrorKind::config,
              fmt::format("name the model as well, e.g. \"{}:{}\"", row.name, example));
}

std::shared_ptr<const Line> line_of(const ProviderRow& row, Endpoint endpoint,
                                    const ModelConfig& config) {
  std::shared_ptr<TokenSource> tokens = row.tokens ? row.tokens(endpoint, config) : nullptr;
  return std::make_shared<const Line>(std::move(endpoint), config, std::move(tokens));
}

using MakeChatCodec = std::unique_ptr<const ChatCodec> (*)(const ModelPlace&);

std::shared_ptr<const ChatStep> coded_chat(const ProviderRow& row, MakeChatCodec make,
                                           std::string_view model, const ModelConfig& config) {
  require_model(model, row, row.example);
  Endpoint endpoint = endpoint_of(row, model, config);
  std::shared_ptr<const ChatCodec> codec = make(ModelPlace(row, model, endpoint));
  ChatOptions options = config.options();
  options.model(std::string(model));
  return engine_chat(line_of(row, std::move(endpoint), config), std::move(codec),
                     std::move(options));
}

std::vector<std::string> texts(const std::array<std::string_view, 3>& views) {
  std::vector<std::string> out;
  for (const std::string_view view : views)
    if (!view.empty()) out.emplace_back(view);
  return out;
}

}  // namespace

ProviderInfo provider_info(const ProviderRow& row) {
  ProviderInfo info;
  info.name = row.name;
  info.title = row.title;
  info.aliases = texts(row.aliases);
  info.base_url = row.base_url;
  info.key_variables = texts(row.key_variables);
  info.url_variables = texts(row.url_variables);
  for (const ProviderOption& option : row.options)
    for (std::string& variable : texts(option.variables))
      info.option_variables.push_back(std::move(variable));
  info.needs_key = row.needs_key;
  info.chat = row.chat || row.local_chat;
  info.embeddings = row.embedding || row.local_embedding;
  info.text = row.text != nullptr;
  info.lists_models = row.models != nullptr;
  info.example_model = row.example;
  if (row.chat) {
    Endpoint endpoint;
    endpoint.provider = row.name;
    endpoint.base_url = row.base_url;
    info.abilities = row.chat(ModelPlace(row, row.example, endpoint))->abilities(row.example);
  }
  return info;
}

std::vector<ProviderInfo> providers() {
  std::vector<ProviderInfo> infos;
  for (const ProviderRow* row : rows) infos.push_back(provider_info(*row));
  return infos;
}

std::vector<std::string> provider_names() {
  std::vector<std::string> names;
  for (const ProviderRow* row : rows) names.emplace_back(row->name);
  return names;
}

ChatModel chat_model(std::string_view name, ModelConfig config) {
  const Name parts = split(name);
  const ProviderRow& row = find(parts.provider);
  if (row.local_chat) return row.local_chat(parts.model);
  if (!row.chat) not_offered(row, "chat models");
  return ChatModel(coded_chat(row, row.chat, parts.model, config));
}

TextModel text_model(std::string_view name, ModelConfig config) {
  const Name parts = split(name);
  const ProviderRow& row = find(parts.provider);
  if (!row.text) not_offered(row, "models of text completions");
  return TextModel(coded_chat(row, row.text, parts.model, config));
}

EmbeddingModel embedding_model(std::string_view name, ModelConfig config) {
  const Name parts = split(name);
  const ProviderRow& row = find(parts.provider);
  if (row.local_embedding) return row.local_embedding(parts.model);
  if (!row.embedding) not_offered(row, "embeddings");
  require_model(parts.model, row, row.embedding_example);
  Endpoint endpoint = endpoint_of(row, parts.model, config);
  std::shared_ptr<const EmbeddingCodec> codec =
      row.embedding(ModelPlace(row, parts.model, endpoint));
  return EmbeddingModel(engine_embedder(line_of(row, std::move(endpoint), config),
                                        std::move(codec), std::string(parts.model),
                                        config.dimensions(), config.batch_size()));
}

Task<std::vector<ModelInfo>> alist_models(std::string provider, ModelConfig config,
                                          Context context) {
  const ProviderRow& row = find(split(provider).provider);
  if (!row.models) not_offered(row, "list of models");
  Endpoint endpoint = endpoint_of(row, {}, config);
  std::shared_ptr<const ModelListCodec> codec = row.models(ModelPlace(row, {}, endpoint));
  return engine_models(line_of(row, std::move(endpoint), config), std::move(codec),
                       std::move(context));
}

std::vector<ModelInfo> list_models(std::string_view provider, ModelConfig config,
                                   Context context) {
  Runtime& runtime = context.runtime();
  return block_on(alist_models(std::string(provider), std::move(config), std::move(context)),
                  runtime);
}

ModelConfig& ModelConfig::option(std::string name, std::string value) {
  option_values_.emplace_back(std::move(name), std::move(value));
  return *this;
}

ModelConfig& ModelConfig::bearer_token(Function<std::string()> v) {
  bearer_token_ = std::make_shared<Function<std::string()>>(std::move(v));
  return *this;
}

}  // namespace v0
}  // namespace lian
