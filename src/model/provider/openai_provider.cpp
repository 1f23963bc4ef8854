#include "model/provider.hpp"
#include "model/provider/openai.hpp"
#include "model/provider/responses.hpp"

namespace lian {
inline namespace v0 {

namespace {

constexpr OpenAIDialect openai;

// Option "api": "chat" for chat completions, "responses" for the Responses API.
std::unique_ptr<const ChatCodec> chat_or_responses(const ModelPlace& place) {
  const std::string& api = place.endpoint.option("api");
  if (api == "responses") return std::make_unique<ResponsesCodec>(place.row.name);
  if (api.empty() || api == "chat") return openai_chat(place);
  throw Error(ErrorKind::config,
              "openai's option api is \"" + api + "\"; it may be \"chat\" or \"responses\"");
}

}  // namespace

std::unique_ptr<const ChatCodec> openai_chat(const ModelPlace& place) {
  return std::make_unique<OpenAIChatCodec>(*place.row.dialect);
}

std::unique_ptr<const ChatCodec> openai_text(const ModelPlace& place) {
  return std::make_unique<OpenAICompletionsCodec>(*place.row.dialect);
}

std::unique_ptr<const ModelListCodec> openai_models(const ModelPlace& place) {
  return std::make_unique<OpenAIModelListCodec>(place.row.name);
}

std::unique_ptr<const EmbeddingCodec> openai_embedding(const ModelPlace& place) {
  return std::make_unique<OpenAIEmbeddingCodec>(*place.row.dialect);
}

constinit const ProviderRow openai_provider = [] {
  ProviderRow row;
  row.name = "openai";
  row.title = "OpenAI";
  row.aliases = {"gpt"};
  row.base_url = "https://api.openai.com/v1";
  row.key_variables = {"OPENAI_API_KEY"};
  row.url_variables = {"OPENAI_BASE_URL", "OPENAI_API_BASE"};
  row.options[0] = {"organization", {"OPENAI_ORG_ID", "OPENAI_ORGANIZATION"}};
  row.options[1] = {"project", {"OPENAI_PROJECT_ID"}};
  row.options[2] = {"api", {}, false, false, "chat"};
  row.example = "gpt-4o-mini";
  row.embedding_example = "text-embedding-3-small";
  row.chat = &chat_or_responses;
  row.text = &openai_text;
  row.models = &openai_models;
  row.embedding = &openai_embedding;
  row.dialect = &openai;
  return row;
}();

}  // namespace v0
}  // namespace lian
