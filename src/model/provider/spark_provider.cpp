#include <array>
#include <string>

#include "model/provider.hpp"
#include "model/provider/spark.hpp"

namespace lian {
inline namespace v0 {

namespace {

// https://www.xfyun.cn/doc/spark/Web.html, and X1's and X2's own pages, read 2026-08.
constexpr std::array<SparkVersion, 12> versions = {{
    {"v1.5", "/v1.1/chat", "lite", false, false, false, false, 4096},
    {"v1.1", "/v1.1/chat", "general", false, false, false, false, 4096},
    {"v2.0", "/v2.1/chat", "generalv2"},
    {"v3.0", "/v3.1/chat", "generalv3", false, true},
    {"pro-128k", "/chat/pro-128k", "pro-128k", false, false, false, false, 4096},
    {"v3.5", "/v3.5/chat", "generalv3.5", true, true},
    {"max-32k", "/chat/max-32k", "max-32k", true, true},
    {"v4.0", "/v4.0/chat", "4.0Ultra", true, true, false, false, 32768},
    {"x1", "/v1/x1", "x1", true, false, false, true, 65535},
    {"x2", "/x2", "spark-x", true, false, false, true, 65535},
    {"code", "/v3.2/chat", "iflycode.ge"},
    {"v2.1/image", "/v2.1/image", "image", false, false, true},
}};

constexpr std::string_view version_advice =
    "The application is not licensed for this version, or its volume is used up";

// https://www.xfyun.cn/doc/spark/Web.html, read 2026-08.
constexpr VendorCode codes[] = {
    {"10000", ErrorKind::server},
    {"10001", ErrorKind::server},
    {"10002", ErrorKind::server},
    {"10003", ErrorKind::invalid_request},
    {"10004", ErrorKind::invalid_request},
    {"10005", ErrorKind::invalid_request},
    {"10006", ErrorKind::rate_limited},
    {"10007", ErrorKind::rate_limited},
    {"10008", ErrorKind::overloaded},
    {"10009", ErrorKind::server},
    {"10010", ErrorKind::server},
    {"10011", ErrorKind::server},
    {"10012", ErrorKind::server},
    {"10013", ErrorKind::content_filter},
    {"10014", ErrorKind::content_filter},
    {"10015", ErrorKind::permission},
    {"10016", ErrorKind::quota, version_advice},
    {"10017", ErrorKind::invalid_request},
    {"10018", ErrorKind::timeout},
    {"10019", ErrorKind::content_filter},
    {"10021", ErrorKind::content_filter},
    {"10110", ErrorKind::overloaded},
    {"10163", ErrorKind::invalid_request},
    {"10222", ErrorKind::server},
    {"10223", ErrorKind::server},
    {"10907", ErrorKind::context_length},
    {"11200", ErrorKind::permission, version_advice},
    {"11201", ErrorKind::quota},
    {"11202", ErrorKind::rate_limited},
    {"11203", ErrorKind::rate_limited},
};

constexpr std::string_view default_host = "https://spark-api.xf-yun.com";
constexpr std::string_view image_host = "https://spark-api.cn-huabei-1.xf-yun.com";
constexpr std::string_view http_host = "https://spark-api-open.xf-yun.com";
// Fine-tuned models, named by their service id.
constexpr std::string_view tuned_url = "https://maas-api.cn-huabei-1.xf-yun.com/v1.1/chat";
constexpr std::string_view embedding_host = "https://emb-cn-huabei-1.xf-yun.com";

bool is_http(const Endpoint& endpoint) { return endpoint.option("transport") == "http"; }
bool is_embedding(std::string_view model) { return model.starts_with("embedding"); }

std::unique_ptr<const ChatCodec> chat(const ModelPlace& place) {
  if (is_http(place.endpoint)) return std::make_unique<SparkHttpCodec>();
  return std::make_unique<SparkChatCodec>();
}

std::unique_ptr<const EmbeddingCodec> embedding(const ModelPlace&) {
  return std::make_unique<SparkEmbeddingCodec>();
}

void set_option(Endpoint& endpoint, std::string_view name, std::string_view value) {
  std::erase_if(endpoint.options, [name](const auto& option) { return option.first == name; });
  endpoint.options.emplace_back(name, value);
}

[[noreturn]] void refuse(std::string_view text) {
  throw Error(ErrorKind::config, std::string(text));
}

// The interface the credentials are for: an application's three open the WebSocket, its password
// alone the HTTP interface.
void choose_transport(Endpoint& endpoint, std::string_view model) {
  const std::string& password = endpoint.option("api_password");
  const bool application =
      !endpoint.option("app_id").empty() && !endpoint.option("secret_key").empty();
  const std::string wanted = endpoint.option("transport");
  if (!wanted.empty() && wanted != "http" && wanted != "websocket")
    refuse("the option transport of spark is \"websocket\" or \"http\"");
  const bool http = wanted == "http" || (wanted.empty() && !application && !is_embedding(model));
  if (!http && (!application || endpoint.api_key.empty()))
    refuse("spark's WebSocket and embeddings need app_id, api_key and secret_key: set "
           "IFLYTEK_SPARK_APP_ID, IFLYTEK_SPARK_API_KEY and IFLYTEK_SPARK_API_SECRET, or pass "
           "ModelConfig().app_id(…).api_key(…).secret_key(…)");
  if (http && endpoint.api_key.empty() && password.empty())
    refuse("no key for spark: set SPARK_API_PASSWORD for its HTTP interface, or "
           "IFLYTEK_SPARK_APP_ID, IFLYTEK_SPARK_API_KEY and IFLYTEK_SPARK_API_SECRET for its "
           "WebSocket, or pass them by ModelConfig");
  if (http && !password.empty()) {
    endpoint.api_key = password;
    endpoint.key_name = "SPARK_API_PASSWORD";
  } else if (http && !endpoint.option("secret_key").empty()) {
    endpoint.api_key += ":" + endpoint.option("secret_key");  // accepted in the password's place
    endpoint.secrets.push_back(endpoint.api_key);
  }
  set_option(endpoint, "transport", http ? "http" : "websocket");
}

// An address of one version, as the variables of the vendor's SDK hold: its path follows from the
// model, and so does the vendor's own host.
void drop_version(std::string& url, const SparkVersion* wanted) {
  if (!wanted) return;
  for (const SparkVersion& version : versions)
    if (url.ends_with(version.path)) return url.resize(url.size() - version.path.size());
}

std::string vendor_url(const Endpoint& endpoint, std::string_view model,
                       const SparkVersion* version) {
  if (is_http(endpoint)) {  // X1 answers under /v2, X2 under /x2, the others under /v1
    const bool thinks = version && version->thinks;
    return std::string(http_host) + (!thinks ? "/v1" : version->name == "x2" ? "/x2" : "/v2");
  }
  if (is_embedding(model)) return std::string(embedding_host);
  if (!version) return std::string(tuned_url);
  return std::string(version->images ? image_host : default_host);
}

void complete(Endpoint& endpoint, std::string_view model) {
  choose_transport(endpoint, model);
  std::string& url = endpoint.base_url;
  if (url.starts_with("wss://")) url.replace(0, 3, "https");
  if (url.starts_with("ws://")) url.replace(0, 2, "http");
  const SparkVersion* version = spark_version(model);
  drop_version(url, version);
  if (url == default_host || url == image_host) url = vendor_url(endpoint, model, version);
}

}  // namespace

const SparkVersion* spark_version(std::string_view name) noexcept {
  for (const SparkVersion& version : versions)
    if (version.name == name || version.domain == name) return &version;
  return nullptr;
}

constinit const OpenAIDialect spark_dialect = [] {
  OpenAIDialect dialect;
  dialect.name = "spark";
  dialect.token_limit_field = "max_tokens";
  dialect.developer_role = "system";
  dialect.stream_usage = false;  // the last chunk has it unasked
  dialect.codes = codes;
  dialect.id_field = "sid";
  dialect.code_in_reply = true;
  dialect.search_as_tool = true;
  dialect.accept_missing_finish = true;  // the vendor's own samples have none
  return dialect;
}();

constinit const ProviderRow spark_provider = [] {
  ProviderRow row;
  row.name = "spark";
  row.title = "iFlytek Spark";
  row.aliases = {"xinghuo", "iflytek"};
  row.key_variables = {"IFLYTEK_SPARK_API_KEY", "SPARKAI_API_KEY", "SPARK_API_KEY"};
  row.base_url = default_host;
  row.url_variables = {"IFLYTEK_SPARK_API_URL", "IFLYTEK_SPARK_APP_URL", "SPARK_API_BASE"};
  row.needs_key = false;  // a password does instead
  row.options[0] = {"app_id", {"IFLYTEK_SPARK_APP_ID", "SPARKAI_APP_ID", "SPARK_APP_ID"}};
  row.options[1] = {"secret_key",
                    {"IFLYTEK_SPARK_API_SECRET", "SPARKAI_API_SECRET", "SPARK_API_SECRET"},
                    false,
                    true};
  row.options[2] = {"api_password", {"SPARK_API_PASSWORD"}, false, true};
  row.options[3] = {"transport", {}};  // "websocket" or "http"
  row.example = "v3.5";
  row.embedding_example = "embedding";
  row.chat = &chat;
  row.embedding = &embedding;
  row.complete = &complete;
  row.dialect = &spark_dialect;
  return row;
}();

}  // namespace v0
}  // namespace lian
