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
#include "model/provider/openai.hpp"
#include "model/provider/vendors.hpp"

namespace lian {
inline namespace v0 {

namespace {

constexpr std::array rows = {
    &openai_provider,
    &azure_provider,
    &ernie_provider,
    &baichuan_provider,
    &anthropic_provider,
    &gemini_provider,
    &palm_provider,
    &vertex_provider,
    &qwen_provider,
    &qwen_compatible_provider,
    &ollama_provider,
    &llamacpp_provider,
    &vllm_provider,
    &glm_provider,
    &spark_provider,
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

std::vector<const ProviderRow*> known_rows() {
  std::vector<const ProviderRow*> all(rows.begin(), rows.end());
  for (const ProviderRow& row : vendor_providers) all.push_back(&row);
  return all;
}

[[noreturn]] void unknown_provider(std::string_view wanted, std::vector<std::string> known) {
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
  std::shared_ptr<TokenSource> tokens;
  if (config.bearer_token())
    tokens = tokens_of(config.bearer_token());
  else if (row.tokens)
    tokens = row.tokens(endpoint, config);
  return std::make_shared<const Line>(std::move(endpoint), config, std::move(tokens));
}

using MakeChatCodec = std::unique_ptr<const ChatCodec> (*)(const ModelPlace&);

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
  if (!row.key_file_variable.empty()) info.key_variables.emplace_back(row.key_file_variable);
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

// A provider that a program added: a row of its own, or a function.
struct Registry::Entry {
  std::string name;
  OpenAIVendor vendor{"", ""};  // owns the texts that row and dialect show
  OpenAIDialect dialect;
  ProviderRow row;
  Function<ChatModel(std::string_view, const ModelConfig&) const> make;
};

namespace {

// A codec that keeps alive what the texts of its row belong to.
template <class T>
std::shared_ptr<const T> keeping(std::unique_ptr<const T> codec,
                                 std::shared_ptr<const void> owner) {
  if (!owner) return codec;
  using Both = std::pair<std::unique_ptr<const T>, std::shared_ptr<const void>>;
  auto both = std::make_shared<Both>(std::move(codec), std::move(owner));
  const T* inner = both->first.get();
  return std::shared_ptr<const T>(std::move(both), inner);
}

// A row and who keeps it; rows of lian's own need nobody.
struct FoundRow {
  const ProviderRow* row = nullptr;
  std::shared_ptr<const void> owner;
};

std::shared_ptr<const ChatStep> coded_chat(const FoundRow& found, MakeChatCodec make,
                                           std::string_view model, const ModelConfig& config) {
  const ProviderRow& row = *found.row;
  require_model(model, row, row.example);
  Endpoint endpoint = endpoint_of(row, model, config);
  std::shared_ptr<const ChatCodec> codec =
      keeping(make(ModelPlace(row, model, endpoint)), found.owner);
  ChatOptions options = config.options();
  options.model(std::string(model));
  return engine_chat(line_of(row, std::move(endpoint), config), std::move(codec),
                     std::move(options));
}

FoundRow find_row(std::string_view wanted, const std::vector<std::string>& known) {
  for (const ProviderRow* row : known_rows())
    if (is_named(*row, wanted)) return {row, nullptr};
  unknown_provider(wanted, known);
}

}  // namespace

Registry::Registry() = default;
Registry::Registry(const Registry&) = default;
Registry& Registry::operator=(const Registry&) = default;
Registry::~Registry() = default;

const Registry::Entry* Registry::own(std::string_view name) const {
  for (const auto& entry : entries_)
    if (entry->name == name || is_named(entry->row, name)) return entry.get();
  return nullptr;
}

std::vector<std::string> Registry::names() const {
  std::vector<std::string> names;
  for (const auto& entry : entries_) names.push_back(entry->name);
  for (const ProviderRow* row : known_rows()) names.emplace_back(row->name);
  return names;
}

namespace {
void check_name(const std::string& name) {
  if (name.empty() || name.find(':') != std::string::npos)
    throw Error(ErrorKind::config,
                fmt::format("'{}' is no name for a provider: it must be a word without ':'", name));
}
}  // namespace

Registry& Registry::add(const OpenAIVendor& vendor) {
  check_name(vendor.name_);
  auto entry = std::make_shared<Entry>();
  entry->name = vendor.name_;
  entry->vendor = vendor;
  const OpenAIVendor& texts = entry->vendor;
  OpenAIDialect& dialect = entry->dialect;
  dialect.name = texts.name_;
  dialect.chat_path = texts.chat_path_;
  dialect.token_limit_field = texts.token_limit_field_;
  dialect.abilities = texts.abilities_;
  dialect.base64_embeddings = false;
  if (texts.renames_.size() > dialect.renames.size())
    throw Error(ErrorKind::config, fmt::format("a vendor may rename at most {} request fields",
                                               dialect.renames.size()));
  for (std::size_t i = 0; i < texts.renames_.size(); ++i)
    dialect.renames[i] = {texts.renames_[i].first, texts.renames_[i].second};
  ProviderRow& row = entry->row;
  row.name = row.title = texts.name_;
  row.aliases[0] = texts.alias_;
  row.base_url = texts.base_url_;
  row.key_variables[0] = texts.key_variable_;
  row.needs_key = !texts.key_variable_.empty();
  row.example = "MODEL";
  row.chat = &openai_chat;
  row.models = &openai_models;
  if (texts.embeddings_) row.embedding = &openai_embedding;
  row.dialect = &dialect;
  entries_.insert(entries_.begin(), std::move(entry));
  return *this;
}

Registry& Registry::add(std::string name,
                        Function<ChatModel(std::string_view, const ModelConfig&) const> make) {
  check_name(name);
  auto entry = std::make_shared<Entry>();
  entry->name = std::move(name);
  entry->row.name = entry->name;
  entry->make = std::move(make);
  entries_.insert(entries_.begin(), std::move(entry));
  return *this;
}

ChatModel Registry::chat_model(std::string_view name, ModelConfig config) const {
  const Name parts = split(name);
  for (const auto& entry : entries_) {
    if (entry.get() != own(parts.provider)) continue;
    if (entry->make) return entry->make(parts.model, config);
    return ChatModel(coded_chat({&entry->row, entry}, entry->row.chat, parts.model, config));
  }
  const FoundRow found = find_row(parts.provider, names());
  if (found.row->local_chat) return found.row->local_chat(parts.model);
  if (!found.row->chat) not_offered(*found.row, "chat models");
  return ChatModel(coded_chat(found, found.row->chat, parts.model, config));
}

TextModel Registry::text_model(std::string_view name, ModelConfig config) const {
  const Name parts = split(name);
  if (own(parts.provider)) return TextModel(chat_model(name, std::move(config)));
  const FoundRow found = find_row(parts.provider, names());
  if (!found.row->text) not_offered(*found.row, "models of text completions");
  return TextModel(coded_chat(found, found.row->text, parts.model, config));
}

EmbeddingModel Registry::embedding_model(std::string_view name, ModelConfig config) const {
  const Name parts = split(name);
  FoundRow found;
  for (const auto& entry : entries_)
    if (entry.get() == own(parts.provider)) found = {&entry->row, entry};
  if (!found.row) found = find_row(parts.provider, names());
  const ProviderRow& row = *found.row;
  if (row.local_embedding) return row.local_embedding(parts.model);
  if (!row.embedding) not_offered(row, "embeddings");
  require_model(parts.model, row, row.embedding_example);
  Endpoint endpoint = endpoint_of(row, parts.model, config);
  std::shared_ptr<const EmbeddingCodec> codec =
      keeping(row.embedding(ModelPlace(row, parts.model, endpoint)), found.owner);
  return EmbeddingModel(engine_embedder(line_of(row, std::move(endpoint), config),
                                        std::move(codec), std::string(parts.model),
                                        config.dimensions(), config.batch_size()));
}

std::vector<ProviderInfo> Registry::providers() const {
  std::vector<ProviderInfo> infos;
  for (const auto& entry : entries_) {
    infos.push_back(provider_info(entry->row));
    if (entry->make) infos.back().chat = true;
  }
  for (const ProviderRow* row : known_rows()) infos.push_back(provider_info(*row));
  return infos;
}

Task<std::vector<ModelInfo>> Registry::alist_models(std::string provider, ModelConfig config,
                                                    Context context) const {
  const std::string_view wanted = split(provider).provider;
  FoundRow found;
  for (const auto& entry : entries_)
    if (entry.get() == own(wanted)) found = {&entry->row, entry};
  if (!found.row) found = find_row(wanted, names());
  const ProviderRow& row = *found.row;
  if (!row.models) not_offered(row, "list of models");
  Endpoint endpoint = endpoint_of(row, {}, config);
  std::shared_ptr<const ModelListCodec> codec =
      keeping(row.models(ModelPlace(row, {}, endpoint)), found.owner);
  return engine_models(line_of(row, std::move(endpoint), config), std::move(codec),
                       std::move(context));
}

ChatModel chat_model(std::string_view name, ModelConfig config) {
  return Registry().chat_model(name, std::move(config));
}

TextModel text_model(std::string_view name, ModelConfig config) {
  return Registry().text_model(name, std::move(config));
}

EmbeddingModel embedding_model(std::string_view name, ModelConfig config) {
  return Registry().embedding_model(name, std::move(config));
}

std::vector<ProviderInfo> providers() { return Registry().providers(); }

std::vector<std::string> provider_names() {
  std::vector<std::string> names;
  for (const ProviderRow* row : known_rows()) names.emplace_back(row->name);
  return names;
}

Task<std::vector<ModelInfo>> alist_models(std::string provider, ModelConfig config,
                                          Context context) {
  return Registry().alist_models(std::move(provider), std::move(config), std::move(context));
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
