#include "model/provider.hpp"
#include "model/provider/glm.hpp"
#include "model/provider/glm_token.hpp"

namespace lian {
inline namespace v0 {

namespace {

constexpr std::string_view clock_advice =
    "The signature has expired: check that this machine's clock is right";

// https://docs.z.ai/api-reference/api-code, read 2026-08.
constexpr VendorCode codes[] = {
    {"500", ErrorKind::server},
    {"1000", ErrorKind::authentication},
    {"1001", ErrorKind::authentication},
    {"1002", ErrorKind::authentication},
    {"1003", ErrorKind::authentication, clock_advice},
    {"1004", ErrorKind::authentication},
    {"1005", ErrorKind::authentication},
    {"1100", ErrorKind::permission},
    {"1110", ErrorKind::permission},
    {"1111", ErrorKind::permission},
    {"1112", ErrorKind::permission},
    {"1113", ErrorKind::quota},
    {"1120", ErrorKind::overloaded},
    {"1121", ErrorKind::permission},
    {"1200", ErrorKind::server},
    {"1210", ErrorKind::invalid_request},
    {"1211", ErrorKind::not_found},
    {"1212", ErrorKind::invalid_request},
    {"1213", ErrorKind::invalid_request},
    {"1214", ErrorKind::invalid_request},
    {"1215", ErrorKind::invalid_request},
    {"1220", ErrorKind::permission},
    {"1221", ErrorKind::not_found},
    {"1222", ErrorKind::not_found},
    {"1230", ErrorKind::server},
    {"1231", ErrorKind::invalid_request},
    {"1234", ErrorKind::server},
    {"1261", ErrorKind::context_length},
    {"1300", ErrorKind::content_filter},
    {"1301", ErrorKind::content_filter},
    {"1302", ErrorKind::rate_limited},
    {"1303", ErrorKind::rate_limited},
    {"1304", ErrorKind::quota},
    {"1305", ErrorKind::overloaded},
    {"1308", ErrorKind::quota},
    {"1309", ErrorKind::quota},
    {"1310", ErrorKind::quota},
    {"1311", ErrorKind::quota},
    {"1312", ErrorKind::overloaded},
    {"1313", ErrorKind::quota},
};

constexpr FinishWord finish_words[] = {
    {"sensitive", FinishReason::content_filter},
    {"network_error", FinishReason::none, true},
};

bool is_v3(std::string_view model) { return model.starts_with("chatglm_"); }

std::unique_ptr<const ChatCodec> chat(const ModelPlace& place) {
  if (is_v3(place.model)) return std::make_unique<ChatGlmCodec>();
  return std::make_unique<GlmChatCodec>(place.endpoint);
}

std::unique_ptr<const EmbeddingCodec> embedding(const ModelPlace& place) {
  return std::make_unique<GlmEmbeddingCodec>(place.endpoint);
}

void drop_suffix(std::string& text, std::string_view suffix) {
  if (text.ends_with(suffix)) text.resize(text.size() - suffix.size());
}

// The models of 2023 live under /v3. LangChain's ZHIPUAI_API_BASE names the whole path of chat.
void complete(Endpoint& endpoint, std::string_view model) {
  drop_suffix(endpoint.base_url, "/chat/completions");
  if (endpoint.key_name == "ZAI_API_KEY" && endpoint.base_url == glm_provider.base_url)
    endpoint.base_url = "https://api.z.ai/api/paas/v4";
  if (is_v3(model) && endpoint.base_url.ends_with("/v4")) endpoint.base_url.back() = '3';
  const std::string& auth = endpoint.option("auth");
  if (auth != "key" && auth != "jwt")
    throw Error(ErrorKind::config, "the option auth of glm is \"key\" or \"jwt\"");
  if (auth == "jwt" || is_v3(model)) check_glm_key(endpoint.api_key);
  const std::size_t dot = endpoint.api_key.find('.');
  if (dot != endpoint.api_key.npos) endpoint.secrets.push_back(endpoint.api_key.substr(dot + 1));
}

}  // namespace

constinit const OpenAIDialect glm_dialect = [] {
  OpenAIDialect dialect;
  dialect.name = "glm";
  dialect.token_limit_field = "max_tokens";
  dialect.developer_role = "system";
  dialect.stream_usage = false;  // the last chunk has it unasked
  dialect.embedding_format = false;
  dialect.embedding_batch = 64;
  dialect.renames = {{{"user", "user_id"}}};
  dialect.bare_base64_images = true;
  dialect.codes = codes;
  dialect.finish_words = finish_words;
  return dialect;
}();

constinit const ProviderRow glm_provider = [] {
  ProviderRow row;
  row.name = "glm";
  row.title = "Zhipu GLM";
  row.aliases = {"zhipu", "zhipuai"};
  row.base_url = "https://open.bigmodel.cn/api/paas/v4";
  row.key_variables = {"ZHIPUAI_API_KEY", "ZHIPU_API_KEY", "ZAI_API_KEY"};
  row.url_variables = {"ZHIPUAI_BASE_URL", "ZHIPUAI_API_BASE"};
  // "key": the key itself; "jwt": a token signed by it, as gateways of 2024 ask for.
  row.options[0] = {"auth", {}, false, false, "key"};
  row.example = "glm-4-flash";
  row.embedding_example = "embedding-3";
  row.chat = &chat;
  row.embedding = &embedding;
  row.complete = &complete;
  row.dialect = &glm_dialect;
  return row;
}();

}  // namespace v0
}  // namespace lian
