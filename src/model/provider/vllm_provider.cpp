#include "model/provider.hpp"
#include "model/provider/counting_chat.hpp"

namespace lian {
inline namespace v0 {

namespace {

// vLLM's server, by protocol.py and its documentation of 2026-08. What it adds (top_k, min_p,
// structured_outputs, chat_template_kwargs, …) goes by `ChatOptions::extra`.
constexpr OpenAIDialect vllm = [] {
  OpenAIDialect dialect;
  dialect.name = "vllm";
  dialect.token_limit_field = "max_tokens";
  dialect.developer_role = "system";  // chat templates know no other
  dialect.abilities.files = dialect.abilities.user = false;
  dialect.abilities.max_stop = 1024;
  return dialect;
}();

std::unique_ptr<const ChatCodec> chat(const ModelPlace& place) {
  return std::make_unique<CountingChatCodec>(*place.row.dialect, "/tokenize", "count");
}

}  // namespace

constinit const ProviderRow vllm_provider = [] {
  ProviderRow row;
  row.name = "vllm";
  row.title = "vLLM server";
  row.base_url = "http://localhost:8000/v1";
  row.key_variables = {"VLLM_API_KEY"};  // the server's own name for it
  row.url_variables = {"VLLM_BASE_URL"};
  row.needs_key = false;
  row.example = "meta-llama/Llama-3.1-8B-Instruct";
  row.embedding_example = "intfloat/e5-mistral-7b-instruct";
  row.chat = &chat;
  row.text = &openai_text;
  row.embedding = &openai_embedding;
  row.models = &openai_models;
  row.dialect = &vllm;
  return row;
}();

}  // namespace v0
}  // namespace lian
