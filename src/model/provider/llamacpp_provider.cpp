#include "model/provider.hpp"
#include "model/provider/counting_chat.hpp"
#include "model/provider/llamacpp.hpp"

namespace lian {
inline namespace v0 {

namespace {

// llama.cpp's server, by its README of 2026-08. Its samplers (grammar, min_p, cache_prompt, …) go
// by `ChatOptions::extra`; `timings` come in the message's `extra`.
constexpr OpenAIDialect llamacpp = [] {
  OpenAIDialect dialect;
  dialect.name = "llamacpp";
  dialect.token_limit_field = "max_tokens";
  dialect.developer_role = "system";            // chat templates know no other
  dialect.abilities.tool_choice_named = false;  // a word alone
  dialect.abilities.files = dialect.abilities.user = false;
  dialect.abilities.max_alternatives = 1;
  dialect.abilities.max_stop = 1024;
  return dialect;
}();

std::unique_ptr<const ChatCodec> chat(const ModelPlace& place) {
  return std::make_unique<CountingChatCodec>(*place.row.dialect,
                                             "/v1/chat/completions/input_tokens", "input_tokens");
}
std::unique_ptr<const ChatCodec> completion(const ModelPlace&) {
  return std::make_unique<LlamaCppCompletionCodec>();
}

}  // namespace

constinit const ProviderRow llamacpp_provider = [] {
  ProviderRow row;
  row.name = "llamacpp";
  row.title = "llama.cpp server";
  row.aliases = {"llama.cpp"};
  row.base_url = "http://127.0.0.1:8080/v1";
  row.key_variables = {"LLAMA_API_KEY"};  // the server's own name for it
  row.url_variables = {"LLAMACPP_BASE_URL"};
  row.needs_key = false;
  row.example = "any";  // a server of one model does not look at it
  row.embedding_example = "any";
  row.chat = &chat;
  row.text = &completion;
  row.embedding = &openai_embedding;
  row.models = &openai_models;
  row.dialect = &llamacpp;
  return row;
}();

}  // namespace v0
}  // namespace lian
