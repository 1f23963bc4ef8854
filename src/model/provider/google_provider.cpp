#include <algorithm>
#include <string>

#include "lian/core/error.hpp"
#include "model/provider.hpp"
#include "model/provider/gemini.hpp"
#include "model/provider/palm.hpp"
#include "model/provider/vertex_palm.hpp"

namespace lian {
inline namespace v0 {
namespace {

constexpr std::string_view generativelanguage = "https://generativelanguage.googleapis.com";

// A version is added to an address without one, as Google's own SDKs do.
void complete_generativelanguage(Endpoint& endpoint, std::string_view) {
  complete_version(endpoint, endpoint.option("api_version"));
}

std::unique_ptr<const ChatCodec> gemini_chat(const ModelPlace& place) {
  return std::make_unique<GeminiChatCodec>(place.endpoint);
}

std::unique_ptr<const EmbeddingCodec> gemini_embedding(const ModelPlace&) {
  return std::make_unique<GeminiEmbeddingCodec>();
}

std::unique_ptr<const ModelListCodec> list_of_models(const ModelPlace& place) {
  return std::make_unique<GoogleModelListCodec>(place.row.name);
}

void refuse_text_model(const ModelPlace& place) {
  if (!is_palm_text(place.model)) return;
  throw Error(ErrorKind::config, std::string(place.row.name) + ":" + std::string(place.model) +
                                     " is a model of text completions: make it with text_model(…)");
}

std::unique_ptr<const ChatCodec> palm_chat(const ModelPlace& place) {
  refuse_text_model(place);
  return std::make_unique<PalmCodec>(PalmCodec::Kind::chat, place.endpoint);
}

std::unique_ptr<const ChatCodec> palm_text(const ModelPlace& place) {
  if (is_palm_chat(place.model)) return palm_chat(place);
  return std::make_unique<PalmCodec>(PalmCodec::Kind::text, place.endpoint);
}

std::unique_ptr<const EmbeddingCodec> palm_embedding(const ModelPlace& place) {
  return std::make_unique<PalmEmbeddingCodec>(place.endpoint);
}

std::unique_ptr<const ChatCodec> vertex_chat(const ModelPlace& place) {
  refuse_text_model(place);
  if (is_palm_chat(place.model))
    return std::make_unique<VertexPalmCodec>(VertexPalmCodec::Kind::chat, place.endpoint);
  return gemini_chat(place);
}

std::unique_ptr<const ChatCodec> vertex_text(const ModelPlace& place) {
  if (!is_palm_text(place.model)) return vertex_chat(place);
  return std::make_unique<VertexPalmCodec>(VertexPalmCodec::Kind::text, place.endpoint);
}

std::unique_ptr<const EmbeddingCodec> vertex_embedding(const ModelPlace&) {
  return std::make_unique<VertexEmbeddingCodec>();
}

// The location becomes part of a host's name.
void check_location(std::string_view location) {
  const bool plain = std::all_of(location.begin(), location.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
  if (!plain)
    throw Error(ErrorKind::config,
                "the location of Vertex AI is written like \"us-central1\" or \"global\"");
}

void complete_vertex(Endpoint& endpoint, std::string_view model) {
  const std::string& location = endpoint.option("location");
  check_location(location);
  if (endpoint.base_url.empty())
    endpoint.base_url = location == "global" ? "https://aiplatform.googleapis.com"
                                             : "https://" + location + "-aiplatform.googleapis.com";
  const std::string& version = endpoint.option("api_version");
  const bool is_palm = is_palm_chat(model) || is_palm_text(model);
  complete_version(endpoint, !version.empty() ? version : is_palm ? "v1" : "v1beta1");
}

}  // namespace

constinit const ProviderRow gemini_provider = [] {
  ProviderRow row;
  row.name = "gemini";
  row.title = "Google Gemini";
  row.aliases = {"google"};
  row.base_url = generativelanguage;
  row.key_variables = {"GOOGLE_API_KEY", "GEMINI_API_KEY"};
  row.url_variables = {"GOOGLE_GEMINI_BASE_URL"};
  row.options[0] = {"api_version", {}, false, false, "v1beta"};
  row.options[1] = {"stream_framing", {}, false, false, "sse"};  // or "json_array"
  row.example = "gemini-2.5-flash";
  row.embedding_example = "gemini-embedding-001";
  row.chat = &gemini_chat;
  row.embedding = &gemini_embedding;
  row.models = &list_of_models;
  row.complete = &complete_generativelanguage;
  return row;
}();

constinit const ProviderRow palm_provider = [] {
  ProviderRow row;
  row.name = "palm";
  row.title = "Google PaLM";
  row.aliases = {"google-palm"};
  row.base_url = generativelanguage;
  row.key_variables = {"GOOGLE_API_KEY", "PALM_API_KEY"};
  row.options[0] = {"api_version", {}, false, false, "v1beta2"};  // or "v1beta3"
  row.example = "chat-bison-001";
  row.embedding_example = "embedding-gecko-001";
  row.chat = &palm_chat;
  row.text = &palm_text;
  row.embedding = &palm_embedding;
  row.models = &list_of_models;
  row.complete = &complete_generativelanguage;
  return row;
}();

// The key is an OAuth 2 token, as `gcloud auth print-access-token` gives; it lasts an hour, so that
// ModelConfig().bearer_token(…) is the better way.
constinit const ProviderRow vertex_provider = [] {
  ProviderRow row;
  row.name = "vertex";
  row.title = "Google Vertex AI";
  row.aliases = {"vertexai", "vertex-ai"};
  row.key_variables = {"GOOGLE_OAUTH_ACCESS_TOKEN", "CLOUDSDK_AUTH_ACCESS_TOKEN"};
  row.url_variables = {"GOOGLE_VERTEX_BASE_URL"};
  row.options[0] = {"project", {"GOOGLE_CLOUD_PROJECT"}, true};
  row.options[1] = {"location", {"GOOGLE_CLOUD_LOCATION"}, false, false, "us-central1"};
  row.options[2] = {"api_version", {}};
  row.options[3] = {"stream_framing", {}, false, false, "sse"};
  row.example = "gemini-2.5-flash";
  row.embedding_example = "textembedding-gecko@003";
  row.chat = &vertex_chat;
  row.text = &vertex_text;
  row.embedding = &vertex_embedding;
  row.models = &list_of_models;
  row.complete = &complete_vertex;
  return row;
}();

}  // namespace v0
}  // namespace lian
