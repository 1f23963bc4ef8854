#include "model/provider.hpp"
#include "model/provider/openai.hpp"
#include "model/provider/qwen.hpp"
#include "model/provider/qwen_error.hpp"
#include "model/provider/qwen_thinking.hpp"

namespace lian {
inline namespace v0 {

namespace {

constexpr std::string_view native_path = "/api/v1", compatible_path = "/compatible-mode/v1";

// DashScope lists its models in compatible mode alone, beside the native path on each of its hosts.
class QwenModelListCodec final : public OpenAIModelListCodec {
 public:
  QwenModelListCodec() : OpenAIModelListCodec("qwen") {}
  HttpRequest encode(const Endpoint& endpoint, const std::string& page) const override {
    Endpoint compatible = endpoint;
    if (compatible.base_url.ends_with(native_path)) {
      compatible.base_url.resize(compatible.base_url.size() - native_path.size());
      compatible.base_url += compatible_path;
    }
    return OpenAIModelListCodec::encode(compatible, page);
  }
};

// Thinking is asked for in DashScope's words.
class QwenCompatibleChatCodec final : public OpenAIChatCodec {
 public:
  using OpenAIChatCodec::OpenAIChatCodec;
  HttpRequest encode(const ChatRequest& request, const Endpoint& endpoint,
                     std::vector<std::string>& warnings) const override {
    ChatRequest mapped = request;
    ChatOptions& options = mapped.options;
    const bool told = options.extra().contains("enable_thinking");
    const QwenThinking thinking = qwen_thinking(request, told, warnings);
    options.unset("reasoning_effort");
    if (thinking.enabled && !told) options.extra("enable_thinking", Json(*thinking.enabled));
    if (thinking.budget > 0 && !options.extra().contains("thinking_budget"))
      options.extra("thinking_budget", Json(thinking.budget));
    return OpenAIChatCodec::encode(mapped, endpoint, warnings);
  }
};

// Batches as small as those of the native protocol.
class QwenCompatibleEmbeddingCodec final : public OpenAIEmbeddingCodec {
 public:
  using OpenAIEmbeddingCodec::OpenAIEmbeddingCodec;
  std::size_t max_batch(std::string_view model) const noexcept override {
    return QwenEmbeddingCodec().max_batch(model);
  }
};

std::unique_ptr<const ChatCodec> chat(const ModelPlace&) {
  return std::make_unique<QwenChatCodec>();
}
std::unique_ptr<const EmbeddingCodec> embedding(const ModelPlace&) {
  return std::make_unique<QwenEmbeddingCodec>();
}
std::unique_ptr<const ModelListCodec> models(const ModelPlace&) {
  return std::make_unique<QwenModelListCodec>();
}
std::unique_ptr<const ChatCodec> compatible_chat(const ModelPlace& place) {
  return std::make_unique<QwenCompatibleChatCodec>(*place.row.dialect);
}
std::unique_ptr<const EmbeddingCodec> compatible_embedding(const ModelPlace& place) {
  return std::make_unique<QwenCompatibleEmbeddingCodec>(*place.row.dialect);
}

// DashScope's compatible mode, by its documentation of 2025.
constexpr OpenAIDialect compatible = [] {
  OpenAIDialect dialect;
  dialect.name = "qwen-compatible";
  dialect.token_limit_field = "max_tokens";
  dialect.developer_role = "system";
  dialect.codes = qwen_codes;
  dialect.base64_embeddings = false;  // encoding_format is "float" alone
  dialect.abilities.tool_choice_required = false;
  dialect.abilities.files = false;
  dialect.abilities.json_schema = false;
  dialect.abilities.logit_bias = dialect.abilities.user = false;
  dialect.abilities.frequency_penalty = false;  // extra: repetition_penalty
  dialect.abilities.max_alternatives = 4;
  dialect.abilities.max_stop = 1024;
  dialect.abilities.temperature = Range(0, 2, false, true);
  dialect.abilities.top_p = Range(0, 1, true);
  return dialect;
}();

}  // namespace

// "qwen" speaks DashScope's own protocol.
constinit const ProviderRow qwen_provider = [] {
  ProviderRow row;
  row.name = "qwen";
  row.title = "Alibaba Qwen (DashScope)";
  row.aliases = {"dashscope"};
  row.base_url = "https://dashscope.aliyuncs.com/api/v1";
  row.key_variables = {"DASHSCOPE_API_KEY"};
  row.key_file_variable = "DASHSCOPE_API_KEY_FILE_PATH";
  row.url_variables = {"DASHSCOPE_HTTP_BASE_URL"};
  row.options[0] = {"workspace"};
  row.example = "qwen-plus";
  row.embedding_example = "text-embedding-v4";
  row.chat = &chat;
  row.embedding = &embedding;
  row.models = &models;
  return row;
}();

// "qwen-compatible" speaks OpenAI's protocol to the same models.
constinit const ProviderRow qwen_compatible_provider = [] {
  ProviderRow row;
  row.name = "qwen-compatible";
  row.title = "Alibaba Qwen (DashScope, compatible mode)";
  row.aliases = {"dashscope-compatible"};
  row.base_url = "https://dashscope.aliyuncs.com/compatible-mode/v1";
  row.key_variables = {"DASHSCOPE_API_KEY"};
  row.key_file_variable = "DASHSCOPE_API_KEY_FILE_PATH";
  row.url_variables = {"DASHSCOPE_COMPATIBLE_BASE_URL"};
  row.example = "qwen-plus";
  row.embedding_example = "text-embedding-v4";
  row.chat = &compatible_chat;
  row.embedding = &compatible_embedding;
  row.models = &openai_models;
  row.dialect = &compatible;
  return row;
}();

}  // namespace v0
}  // namespace lian
