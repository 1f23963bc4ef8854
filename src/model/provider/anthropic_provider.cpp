#include <string>

#include "lian/core/error.hpp"
#include "model/provider.hpp"
#include "model/provider/anthropic.hpp"

namespace lian {
inline namespace v0 {

namespace {

constexpr std::string_view token_variable = "ANTHROPIC_AUTH_TOKEN";

std::string version_of(const ModelPlace& place) {
  const std::string& version = place.endpoint.option("api_version");
  return version.empty() ? std::string(anthropic_first_version) : version;
}

std::unique_ptr<const ChatCodec> chat(const ModelPlace& place) {
  return std::make_unique<AnthropicChatCodec>(version_of(place));
}

std::unique_ptr<const ChatCodec> text(const ModelPlace&) {
  return std::make_unique<AnthropicTextCodec>();
}

std::unique_ptr<const ModelListCodec> models(const ModelPlace& place) {
  return std::make_unique<AnthropicModelListCodec>(version_of(place));
}

// ANTHROPIC_BASE_URL ends before the version by its vendor's custom. A key out of
// ANTHROPIC_AUTH_TOKEN is a bearer token.
void complete(Endpoint& endpoint, std::string_view) {
  if (!endpoint.base_url.ends_with("/v1")) endpoint.base_url += "/v1";
  const std::string& auth = endpoint.option("auth");
  if (!auth.empty() && auth != "x-api-key" && auth != "bearer")
    throw Error(ErrorKind::config,
                "the option auth of claude says how the key is sent, x-api-key or bearer, not '" +
                    auth.substr(0, 100) + "'");
  if (auth.empty() && endpoint.key_name == token_variable)
    endpoint.options.emplace_back("auth", "bearer");
}

}  // namespace

constinit const ProviderRow anthropic_provider = [] {
  ProviderRow row;
  row.name = anthropic_name;
  row.title = "Anthropic Claude";
  row.aliases = {"anthropic"};
  row.base_url = "https://api.anthropic.com/v1";
  row.key_variables = {"ANTHROPIC_API_KEY", token_variable};
  row.url_variables = {"ANTHROPIC_BASE_URL", "ANTHROPIC_API_URL"};
  row.options[0] = {"api_version"};
  row.options[0].otherwise = anthropic_first_version;
  row.options[1] = {"beta"};  // the header anthropic-beta: names with commas between
  row.options[2] = {"auth"};  // how the key is sent: x-api-key (default) or bearer
  row.example = "claude-sonnet-4-5";
  row.chat = &chat;
  row.text = &text;
  row.models = &models;
  row.complete = &complete;
  return row;
}();

}  // namespace v0
}  // namespace lian
