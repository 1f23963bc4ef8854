#include "model/provider/azure.hpp"

#include "model/provider.hpp"
#include "net/url.hpp"

namespace lian {
inline namespace v0 {

namespace {

constexpr OpenAIDialect azure = [] {
  OpenAIDialect dialect;
  dialect.name = "azure";
  return dialect;
}();

// {endpoint}/openai/deployments/{deployment}{path}?api-version={version}
std::string deployment_url(const Endpoint& endpoint, std::string_view model,
                           std::string_view path) {
  const std::string& chosen = endpoint.option("deployment");
  std::string url = endpoint.base_url + "/deployments/";
  url += percent_encode(chosen.empty() ? model : std::string_view(chosen));
  url.append(path).append("?api-version=").append(percent_encode(endpoint.option("api_version")));
  return url;
}

void complete(Endpoint& endpoint, std::string_view) {
  const std::string& instance = endpoint.option("instance");
  if (endpoint.base_url.empty() && !instance.empty())
    endpoint.base_url = "https://" + instance + ".openai.azure.com";
  const bool whole = endpoint.base_url.ends_with("/openai") ||
                     endpoint.base_url.find("/openai/") != std::string::npos;
  if (!endpoint.base_url.empty() && !whole) endpoint.base_url += "/openai";
}

std::unique_ptr<const ChatCodec> chat(const ModelPlace&) {
  return std::make_unique<AzureChatCodec>(azure);
}

std::unique_ptr<const EmbeddingCodec> embedding(const ModelPlace&) {
  return std::make_unique<AzureEmbeddingCodec>(azure);
}

}  // namespace

void sign_for_azure(HttpRequest& request, const Endpoint& endpoint, const Signing& signing) {
  const std::string& token =
      signing.token.empty() ? endpoint.option("ad_token") : signing.token;
  if (!token.empty())
    request.headers.set("authorization", "Bearer " + token);
  else if (!endpoint.api_key.empty())
    request.headers.set("api-key", endpoint.api_key);
}

HttpRequest AzureChatCodec::encode(const ChatRequest& request, const Endpoint& endpoint,
                                   std::vector<std::string>& warnings) const {
  Endpoint keyless = endpoint;
  keyless.api_key.clear();
  HttpRequest out = OpenAIChatCodec::encode(request, keyless, warnings);
  out.url = deployment_url(endpoint, request.options.model(), azure.chat_path);
  return out;
}

HttpRequest AzureEmbeddingCodec::encode(const EmbeddingRequest& request,
                                        const Endpoint& endpoint) const {
  Endpoint keyless = endpoint;
  keyless.api_key.clear();
  HttpRequest out = OpenAIEmbeddingCodec::encode(request, keyless);
  out.url = deployment_url(endpoint, request.model, azure.embeddings_path);
  return out;
}

constinit const ProviderRow azure_provider = [] {
  ProviderRow row;
  row.name = "azure";
  row.title = "Azure OpenAI";
  row.key_variables = {"AZURE_OPENAI_API_KEY"};
  row.url_variables = {"AZURE_OPENAI_ENDPOINT", "AZURE_OPENAI_BASE_PATH"};
  row.needs_key = false;  // an Entra token will do
  row.options[0] = {"api_version", {"OPENAI_API_VERSION", "AZURE_OPENAI_API_VERSION"}, true};
  row.options[1] = {"deployment", {"AZURE_OPENAI_API_DEPLOYMENT_NAME"}};
  row.options[2] = {"instance", {"AZURE_OPENAI_API_INSTANCE_NAME"}};
  row.options[3] = {"ad_token", {"AZURE_OPENAI_AD_TOKEN"}, false, true};
  row.example = "gpt-4o-mini";
  row.embedding_example = "text-embedding-3-small";
  row.chat = &chat;
  row.embedding = &embedding;
  row.complete = &complete;
  return row;
}();

}  // namespace v0
}  // namespace lian
