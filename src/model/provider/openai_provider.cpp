#include "model/provider.hpp"
#include "model/provider/openai.hpp"

namespace lian {
inline namespace v0 {

namespace {

constexpr OpenAIDialect openai;

}  // namespace

std::unique_ptr<const ChatCodec> openai_chat(const ModelPlace& place) {
  return std::make_unique<OpenAIChatCodec>(*place.row.dialect);
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
  row.example = "gpt-4o-mini";
  row.embedding_example = "text-embedding-3-small";
  row.chat = &openai_chat;
  row.embedding = &openai_embedding;
  row.dialect = &openai;
  return row;
}();

}  // namespace v0
}  // namespace lian
