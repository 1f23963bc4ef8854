#include "core/ascii.hpp"
#include "lian/core/error.hpp"
#include "model/provider.hpp"
#include "model/provider/ernie.hpp"
#include "model/provider/openai.hpp"
#include "model/provider/vendor_code.hpp"

namespace lian {
inline namespace v0 {

namespace {

// Qianfan v2, https://qianfan.baidubce.com/v2 (2024): OpenAI's chat completions. Facts: the SDK's
// go/chat_completion_v2.go; error codes of its documentation.
constexpr std::array v2_codes = std::to_array<VendorCode>({
    {"invalid_iam_token", ErrorKind::authentication},
    {"access_denied", ErrorKind::authentication},
    {"invalid_model", ErrorKind::not_found},
    {"malformed_json", ErrorKind::invalid_request},
    {"invalid_argument", ErrorKind::invalid_request},
    {"characters_too_long", ErrorKind::context_length},
    {"tokens_too_long", ErrorKind::context_length},
    {"system_unsafe", ErrorKind::content_filter},
    {"user_setting_unsafe", ErrorKind::content_filter},
    {"functions_unsafe", ErrorKind::content_filter},
    {"rpm_rate_limit_exceeded", ErrorKind::rate_limited},
    {"tpm_rate_limit_exceeded", ErrorKind::rate_limited},
    {"input_tpm_rate_limit_exceeded", ErrorKind::rate_limited},
    {"output_tpm_rate_limit_exceeded", ErrorKind::rate_limited},
    {"internal_error", ErrorKind::server},
});
constexpr std::array v2_finish_words = std::to_array<FinishWord>({{"normal", FinishReason::stop}});

constexpr OpenAIDialect v2_dialect = [] {
  OpenAIDialect dialect;
  dialect.name = "ernie";
  dialect.developer_role = "system";
  dialect.embedding_format = false;  // the SDK has no such field
  dialect.codes = v2_codes;
  dialect.finish_words = v2_finish_words;
  dialect.abilities.audio = dialect.abilities.files = false;
  dialect.abilities.reasoning_effort = false;
  dialect.abilities.logprobs = dialect.abilities.logit_bias = false;
  dialect.abilities.max_alternatives = 1;
  dialect.abilities.temperature = Range(0, 1, true);
  return dialect;
}();

// What v2 adds to the dialect: fetched bearer tokens, the application's id.
template <class Base>
class ErnieV2 : public Base {
 public:
  explicit ErnieV2(const Endpoint& endpoint)
      : Base(v2_dialect), fetches_(endpoint.option("access") == "exchange") {}
  void sign(HttpRequest& request, const Endpoint& endpoint, const Signing& signing) const override {
    if (!signing.token.empty()) request.headers.set("authorization", "Bearer " + signing.token);
    const std::string& application = endpoint.option("app_id");
    if (!application.empty()) request.headers.set("appid", application);
  }
  bool sign_anew(const ApiError& error) const override {
    return fetches_ && error.code == "invalid_iam_token";
  }

 private:
  bool fetches_;
};

// A history that must be cleared is one the vendor's filter has refused.
bool must_clear_history(const Json& extra) {
  const Json clear = extra["need_clear_history"];
  return clear.is_bool() && clear.as_bool();
}

class ErnieV2StreamDecoder final : public ChatStreamDecoder {
 public:
  explicit ErnieV2StreamDecoder(std::unique_ptr<ChatStreamDecoder> decoder)
      : decoder_(std::move(decoder)) {}
  bool decode(const StreamEvent& event, ChatPiece& piece) override {
    const bool any = decoder_->decode(event, piece);
    clear_ = clear_ || must_clear_history(piece.extra);
    if (clear_ && piece.finish_reason == FinishReason::stop)
      piece.finish_reason = FinishReason::content_filter;
    return any;
  }
  bool next(ChatPiece& piece) override { return decoder_->next(piece); }
  void ended() override { decoder_->ended(); }
  bool complete() const noexcept override { return decoder_->complete(); }
  bool finished() const noexcept override { return decoder_->finished(); }

 private:
  std::unique_ptr<ChatStreamDecoder> decoder_;
  bool clear_ = false;
};

class ErnieV2Chat final : public ErnieV2<OpenAIChatCodec> {
 public:
  using ErnieV2::ErnieV2;
  AIMessage decode(const HttpReply& reply) const override {
    AIMessage message = ErnieV2::decode(reply);
    if (must_clear_history(message.extra) && message.finish_reason == FinishReason::stop)
      message.finish_reason = FinishReason::content_filter;
    return message;
  }
  std::unique_ptr<ChatStreamDecoder> decoder(const ChatRequest& request) const override {
    return std::make_unique<ErnieV2StreamDecoder>(ErnieV2::decoder(request));
  }
  // The models of others that v2 serves have OpenAI's range.
  ChatAbilities abilities(std::string_view model) const override {
    ChatAbilities can = ErnieV2::abilities(model);
    if (!model.empty() && !ascii_lower(model).starts_with("ernie")) can.temperature = Range(0, 2);
    return can;
  }
};

class ErnieV2Embedding final : public ErnieV2<OpenAIEmbeddingCodec> {
 public:
  using ErnieV2::ErnieV2;
  std::size_t max_batch(std::string_view model) const noexcept override {
    return ernie_embedding_batch(model);
  }
};

bool is_v1(const ModelPlace& place) { return place.endpoint.option("api_version") == "v1"; }

std::unique_ptr<const ChatCodec> chat(const ModelPlace& place) {
  if (is_v1(place)) return std::make_unique<ErnieChatCodec>(place.endpoint);
  return std::make_unique<ErnieV2Chat>(place.endpoint);
}

std::unique_ptr<const ChatCodec> text(const ModelPlace& place) {
  if (is_v1(place)) return std::make_unique<ErnieTextCodec>(place.endpoint);
  throw UnsupportedError(
      "ernie has text completions in v1 alone: pass the keys of v1, or set api_version(\"v1\")",
      "text completions");
}

std::unique_ptr<const EmbeddingCodec> embedding(const ModelPlace& place) {
  if (is_v1(place)) return std::make_unique<ErnieEmbeddingCodec>(place.endpoint);
  return std::make_unique<ErnieV2Embedding>(place.endpoint);
}

}  // namespace

// Which API a model is called by does not depend on its name but on the keys, since both serve most
// names: `api_version` says "v1" or "v2"; without it, in this order,
//   api_key(…) with secret_key(…): v1; api_key(…) alone, or a key "bce-v3/…": v2;
//   QIANFAN_BEARER_TOKEN: v2; QIANFAN_AK with QIANFAN_SK, QIANFAN_ACCESS_TOKEN, or the IAM pair
//   QIANFAN_ACCESS_KEY with QIANFAN_SECRET_KEY: v1.
// In v1, AK and SK get an access token by OAuth (a given access_token is used until it is refused);
// the IAM pair signs each request. In v2 the IAM pair is exchanged for a bearer token.
// The base URL of v1 may be given with or without "/rpc/2.0/ai_custom/v1/wenxinworkshop", that of
// v2 with its version; without any path "/v2" is added.
constinit const ProviderRow ernie_provider = [] {
  ProviderRow row;
  row.name = "ernie";
  row.title = "Baidu ERNIE (Qianfan)";
  row.aliases = {"qianfan", "wenxin", "baidu"};
  row.base_url = "https://qianfan.baidubce.com/v2";
  row.key_variables = {"QIANFAN_AK", "ERNIE_CLIENT_ID", "BAIDU_API_KEY"};
  row.needs_key = false;  // one of several: `resolve_ernie` looks for them
  row.options[0] = {"api_version", {}};
  row.options[1] = {
      "secret_key", {"QIANFAN_SK", "ERNIE_CLIENT_SECRET", "BAIDU_SECRET_KEY"}, false, true};
  row.options[2] = {"bearer_token", {"QIANFAN_BEARER_TOKEN", "QIANFAN_API_KEY"}, false, true};
  row.options[3] = {"access_token", {"QIANFAN_ACCESS_TOKEN"}, false, true};
  row.options[4] = {"iam_access_key", {"QIANFAN_ACCESS_KEY"}};
  row.options[5] = {"iam_secret_key", {"QIANFAN_SECRET_KEY"}, false, true};
  row.options[6] = {"app_id", {}};
  row.options[7] = {"v1_url", {"QIANFAN_BASE_URL"}};
  row.options[8] = {"v2_url", {"QIANFAN_CONSOLE_API_BASE_URL"}};
  row.options[9] = {
      "iam_url", {"QIANFAN_IAM_BASE_URL"}, false, false, "https://iam.bj.baidubce.com"};
  row.options[10] = {"auth_seconds", {"QIANFAN_AUTH_TIMEOUT"}, false, false, "5"};
  row.options[11] = {"iam_sign_seconds", {"QIANFAN_IAM_SIGN_EXPIRATION_SEC"}, false, false, "300"};
  row.options[12] = {
      "refresh_seconds", {"QIANFAN_ACCESS_TOKEN_REFRESH_MIN_INTERVAL"}, false, false, "3600"};
  row.options[13] = {
      "bearer_seconds", {"QIANFAN_BEARER_TOKEN_EXPIRED_INTERVAL"}, false, false, "43200"};
  row.example = "ernie-4.0-8k";
  row.embedding_example = "embedding-v1";
  row.chat = &chat;
  row.text = &text;
  row.embedding = &embedding;
  row.tokens = [](const Endpoint& endpoint, const ModelConfig&) { return ernie_tokens(endpoint); };
  row.complete = [](Endpoint& endpoint, std::string_view) { resolve_ernie(endpoint); };
  row.dialect = &v2_dialect;
  return row;
}();

}  // namespace v0
}  // namespace lian
