#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lian/core/function.hpp"
#include "lian/core/http_transport.hpp"
#include "lian/model/chat_model.hpp"
#include "lian/model/embedding_model.hpp"
#include "lian/model/provider_info.hpp"
#include "lian/model/text_model.hpp"

namespace lian {
inline namespace v0 {

struct ModelInfo;

/// Where a model is and as whom it is called; what is not set comes from the provider's environment
/// variables and defaults. Chained setters. Regular value.
class LIAN_API ModelConfig {
 public:
  ModelConfig() = default;
  /// The key; an empty text for a server that needs none. Never appears in errors or events.
  ModelConfig& api_key(std::string v) { return api_key_ = std::move(v), *this; }
  /// Up to and including the version, e.g. "http://127.0.0.1:8080/v1".
  ModelConfig& base_url(std::string v) { return base_url_ = std::move(v), *this; }
  /// A further setting of the provider by its name in `Registry`'s table, e.g. "secret_key",
  /// "app_id", "api_version", "project"; an unknown one is Error{config} when a model is made.
  ModelConfig& option(std::string name, std::string value);
  ModelConfig& secret_key(std::string v) { return option("secret_key", std::move(v)); }
  ModelConfig& app_id(std::string v) { return option("app_id", std::move(v)); }
  ModelConfig& api_version(std::string v) { return option("api_version", std::move(v)); }
  ModelConfig& organization(std::string v) { return option("organization", std::move(v)); }
  ModelConfig& project(std::string v) { return option("project", std::move(v)); }
  ModelConfig& location(std::string v) { return option("location", std::move(v)); }
  /// Gives the bearer token of each request in place of the environment's key, e.g. Google Cloud's
  /// that lasts an hour; asked before each try, from the thread that drives the call, by one call at
  /// a time. An empty token is Error{authentication}; what the function throws ends the call.
  ModelConfig& bearer_token(Function<std::string()> v);
  /// Settings every call starts from.
  ModelConfig& options(ChatOptions v) { return chat_options_ = std::move(v), *this; }
  /// As `ChatOptions::lenient`.
  ModelConfig& lenient(bool v) { return chat_options_.lenient(v), *this; }
  /// A further header of every request.
  ModelConfig& header(std::string name, std::string value) {
    headers_.add(std::move(name), std::move(value));
    return *this;
  }
  ModelConfig& limits(HttpLimits v) { return limits_ = v, *this; }
  /// Ends a call, tries and waits included, after that time; default none.
  ModelConfig& timeout(std::chrono::nanoseconds v) { return timeout_ = v, *this; }
  /// Calls of this model that run at once; further ones wait in order. Default: any number.
  ModelConfig& max_concurrency(std::size_t v) { return max_concurrency_ = v, *this; }
  /// Width of embeddings, where the model lets one choose.
  ModelConfig& dimensions(int v) { return dimensions_ = v, *this; }
  /// Texts an embedding request carries at most; default: what the provider allows.
  ModelConfig& batch_size(std::size_t v) { return batch_size_ = v, *this; }

  const std::optional<std::string>& api_key() const noexcept { return api_key_; }
  const std::string& base_url() const noexcept { return base_url_; }
  const std::vector<std::pair<std::string, std::string>>& option_values() const noexcept {
    return option_values_;
  }
  const std::shared_ptr<Function<std::string()>>& bearer_token() const noexcept {
    return bearer_token_;
  }
  const ChatOptions& options() const noexcept { return chat_options_; }
  const HttpHeaders& headers() const noexcept { return headers_; }
  const HttpLimits& limits() const noexcept { return limits_; }
  const std::optional<std::chrono::nanoseconds>& timeout() const noexcept { return timeout_; }
  std::size_t max_concurrency() const noexcept { return max_concurrency_; }
  int dimensions() const noexcept { return dimensions_; }
  std::size_t batch_size() const noexcept { return batch_size_; }

 private:
  std::optional<std::string> api_key_;
  std::string base_url_;
  std::vector<std::pair<std::string, std::string>> option_values_;
  std::shared_ptr<Function<std::string()>> bearer_token_;
  ChatOptions chat_options_;
  HttpHeaders headers_;
  HttpLimits limits_;
  std::optional<std::chrono::nanoseconds> timeout_;
  std::size_t max_concurrency_ = 0, batch_size_ = 0;
  int dimensions_ = 0;
};

/// A vendor of OpenAI's chat completions as a program adds it to a Registry. Chained setters.
/// Regular value.
class LIAN_API OpenAIVendor {
 public:
  /// `base_url` up to and including the version, e.g. "https://api.acme.example/v1".
  OpenAIVendor(std::string name, std::string base_url)
      : name_(std::move(name)), base_url_(std::move(base_url)) {}
  /// The environment variable of the key; without one no key is needed.
  OpenAIVendor& key_variable(std::string v) { return key_variable_ = std::move(v), *this; }
  OpenAIVendor& alias(std::string v) { return alias_ = std::move(v), *this; }
  /// Below the base URL; default "/chat/completions".
  OpenAIVendor& chat_path(std::string v) { return chat_path_ = std::move(v), *this; }
  /// The field that limits the reply's tokens; default "max_tokens".
  OpenAIVendor& token_limit_field(std::string v) {
    return token_limit_field_ = std::move(v), *this;
  }
  /// A request field that the vendor knows under another name; at most four.
  OpenAIVendor& rename(std::string from, std::string to) {
    renames_.emplace_back(std::move(from), std::move(to));
    return *this;
  }
  OpenAIVendor& abilities(ChatAbilities v) { return abilities_ = v, *this; }
  OpenAIVendor& embeddings(bool v) { return embeddings_ = v, *this; }

 private:
  friend class Registry;
  std::string name_, base_url_, key_variable_, alias_;
  std::string chat_path_ = "/chat/completions", token_limit_field_ = "max_tokens";
  std::vector<std::pair<std::string, std::string>> renames_;
  ChatAbilities abilities_;
  bool embeddings_ = true;
};

/// The providers models are made from by name. A new one knows all of lian's; a program adds its
/// own, which come first. Copies share nothing that changes: a regular value. Models made from it
/// outlive it. Const use is thread-safe.
class LIAN_API Registry {
 public:
  Registry();
  Registry(const Registry&);
  Registry& operator=(const Registry&);
  ~Registry();

  /// Adds a vendor. Throws Error{config} for a name that is empty or holds ':'.
  Registry& add(const OpenAIVendor& vendor);
  /// Adds a provider of chat models of any kind: `make` gets what stands behind "name:". It may be
  /// called from several threads.
  Registry& add(std::string name,
                Function<ChatModel(std::string_view model, const ModelConfig& config) const> make);

  ChatModel chat_model(std::string_view name, ModelConfig config = ModelConfig()) const;
  TextModel text_model(std::string_view name, ModelConfig config = ModelConfig()) const;
  EmbeddingModel embedding_model(std::string_view name, ModelConfig config = ModelConfig()) const;
  /// From a configuration: {"model": "claude:…", "api_key": …, "base_url": …, "timeout": seconds,
  /// "headers": {…}, …} with the names of ModelConfig's and ChatOptions' setters and of the
  /// provider's options. Throws Error{config} naming an unknown member or one of another type.
  ChatModel chat_model_from(const Json& configuration) const;
  TextModel text_model_from(const Json& configuration) const;
  EmbeddingModel embedding_model_from(const Json& configuration) const;

  std::vector<ProviderInfo> providers() const;
  Task<std::vector<ModelInfo>> alist_models(std::string provider,
                                            ModelConfig config = ModelConfig(),
                                            Context context = Context()) const;

 private:
  struct Entry;
  const Entry* own(std::string_view name) const;
  std::vector<std::string> names() const;
  std::vector<std::shared_ptr<const Entry>> entries_;
};

/// A chat model by name: "openai:gpt-4o-mini", "claude:…", "offline". Throws Error{config} for an
/// unknown provider (naming the known ones, nearest first), a missing model name, and a missing key
/// (naming the environment variable); Error{invalid_request} for a base URL that is none.
/// Thread-safe.
LIAN_API ChatModel chat_model(std::string_view name, ModelConfig config = ModelConfig());

/// An embedding model by name: "openai:text-embedding-3-small", "offline". As `chat_model`.
LIAN_API EmbeddingModel embedding_model(std::string_view name, ModelConfig config = ModelConfig());

/// A model of text completions by name: "openai:gpt-3.5-turbo-instruct". As `chat_model`.
LIAN_API TextModel text_model(std::string_view name, ModelConfig config = ModelConfig());

/// What lian knows of each provider: names, variables, abilities.
LIAN_API std::vector<ProviderInfo> providers();

/// The names of the providers lian knows.
LIAN_API std::vector<std::string> provider_names();

}  // namespace v0
}  // namespace lian
