// Which API an ERNIE model is called by, where, and as whom.
#include <chrono>
#include <cstdlib>

#include "model/ernie_support.hpp"
#include "model/fetched_tokens.hpp"
#include "model/provider/bce_auth.hpp"
#include "net/url.hpp"
#include "support/catch.hpp"

namespace lian {
namespace {

using test::ErnieModel;
using test::wire;

// "2015-04-27T08:23:49Z".
std::chrono::system_clock::time_point time_of(std::string_view text) {
  const auto number = [text](std::size_t at, std::size_t size) {
    return std::stoi(std::string(text.substr(at, size)));
  };
  using namespace std::chrono;
  const year_month_day date{year(number(0, 4)), month(static_cast<unsigned>(number(5, 2))),
                            day(static_cast<unsigned>(number(8, 2)))};
  return sys_days(date) + hours(number(11, 2)) + minutes(number(14, 2)) + seconds(number(17, 2));
}

BceRequest::Fields fields_of(const Json& object) {
  BceRequest::Fields fields;
  for (const std::string& name : object.keys())
    fields.emplace_back(name, object[name].is_null() ? "" : std::string(object[name].as_string()));
  return fields;
}

TEST_CASE("ernie access: the published and computed signatures") {
  int signatures = 0;
  for (const Json& vector : Json::parse(wire("baidu/auth_vectors.json")).items()) {
    const Json in = vector["input"], expect = vector["expect"];
    INFO(vector["name"].dump());
    if (in["text1"].is_string()) CHECK(bce_canonical_query(fields_of(in)) == expect.as_string());
    if (in.is_string()) {
      std::string encoded;
      for (const std::string_view part : {"example", "测试"}) encoded += "/" + percent_encode(part);
      CHECK(encoded == expect.as_string());
    }
    if (!in["access_key"].is_string()) continue;
    BceRequest request;
    request.method = in["method"].as_string();
    request.path = in["path"].as_string();
    request.query = fields_of(in["query"]);
    request.headers = fields_of(in["headers"]);
    for (const Json& name : in["signed_headers"].items())
      request.signed_headers.emplace_back(name.as_string());
    const BceKeys keys{in["access_key"].as_string(), in["secret_key"].as_string()};
    const std::chrono::seconds lifetime(in["expiration_seconds"].as_int());
    CHECK(bce_authorization(keys, request, time_of(in["timestamp"].as_string()), lifetime) ==
          expect["authorization"].as_string());
    CHECK(bce_canonical_query(request.query) == expect["canonical_query"].as_string());
    ++signatures;
  }
  CHECK(signatures == 4);
}

TEST_CASE("ernie access: with the IAM pair alone each v1 request is signed") {
  const Json vector = Json::parse(wire("baidu/auth_vectors.json"))[2];
  const ErnieModel model(
      ModelConfig()
          .option("iam_access_key", std::string(vector["input"]["access_key"].as_string()))
          .option("iam_secret_key", std::string(vector["input"]["secret_key"].as_string())));
  Signing signing;
  signing.now = time_of("2023-11-21T06:13:20Z");
  const HttpRequest request = model.request(signing);
  CHECK(request.url ==
        "https://aip.baidubce.com/rpc/2.0/ai_custom/v1/wenxinworkshop/chat/completions_pro");
  CHECK(*request.headers.find("authorization") == vector["expect"]["authorization"].as_string());
  CHECK(*request.headers.find("x-bce-date") == "2023-11-21T06:13:20Z");
  CHECK(*request.headers.find("host") == "aip.baidubce.com");
  CHECK(ernie_tokens(model.endpoint) == nullptr);
}

TEST_CASE("ernie access: an access token goes into the URL, encoded") {
  Signing signing;
  signing.token = "24.a/b+c";
  CHECK(test::ernie_v1().request(signing).url ==
        "https://aip.baidubce.com/rpc/2.0/ai_custom/v1/wenxinworkshop/chat/completions_pro"
        "?access_token=24.a%2Fb%2Bc");
}

TEST_CASE("ernie access: the keys choose the API, api_version overrules them") {
  const auto config = [](std::vector<std::pair<const char*, const char*>> options) {
    ModelConfig out;
    for (const auto& [name, value] : options)
      std::string_view(name) == "api_key" ? out.api_key(value) : out.option(name, value);
    return out;
  };
  struct Row {
    ModelConfig config;
    const char *version, *access, *key;
  };
  for (const Row& row : {
           Row{config({{"api_key", "AK"}, {"secret_key", "SK"}}), "v1", "oauth", "AK"},
           Row{config({{"api_key", "some key"}}), "v2", "", "some key"},
           Row{config({{"api_key", "bce-v3/k"}, {"secret_key", "SK"}}), "v2", "", "bce-v3/k"},
           Row{config({{"bearer_token", "bce-v3/b"}, {"secret_key", "SK"}}), "v2", "", "bce-v3/b"},
           Row{config({{"access_token", "24.t"}}), "v1", "token", ""},
           Row{config({{"api_key", "AK"}, {"secret_key", "SK"}, {"access_token", "24.t"}}), "v1",
               "oauth", "AK"},
           Row{config({{"iam_access_key", "A"}, {"iam_secret_key", "S"}}), "v1", "iam", ""},
           Row{config({{"api_key", "AK"},
                       {"secret_key", "SK"},
                       {"iam_access_key", "A"},
                       {"iam_secret_key", "S"}}),
               "v1", "oauth", "AK"},
           Row{config({{"iam_access_key", "A"}, {"iam_secret_key", "S"}, {"api_version", "v2"}}),
               "v2", "exchange", ""},
           Row{config(
                   {{"bearer_token", "bce-v3/b"}, {"access_token", "24.t"}, {"api_version", "v1"}}),
               "v1", "token", ""},
           Row{config({{"api_key", "no shape"}, {"secret_key", "SK"}, {"api_version", "v2"}}), "v2",
               "", "no shape"},
       }) {
    const Endpoint endpoint = endpoint_of(ernie_provider, "m", row.config);
    INFO(row.version << " " << row.access << " " << row.key);
    CHECK(endpoint.option("api_version") == row.version);
    CHECK(endpoint.option("access") == row.access);
    CHECK(endpoint.api_key == row.key);
  }
}

std::string config_error(const ModelConfig& config) {
  try {
    endpoint_of(ernie_provider, "m", config);
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::config);
    return error.what();
  }
  return {};
}

class Variable {
 public:
  Variable(const char* name, const char* value) : name_(name) { setenv(name, value, 1); }
  ~Variable() { unsetenv(name_); }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;

 private:
  const char* name_;
};

TEST_CASE("ernie access: the environment") {
  const auto resolved = [](const ModelConfig& config = ModelConfig()) {
    const Endpoint endpoint = endpoint_of(ernie_provider, "m", config);
    return endpoint.option("api_version") + " " + endpoint.option("access") + " " +
           endpoint.api_key + " " + endpoint.option("secret_key");
  };
  const Variable pair_key("QIANFAN_ACCESS_KEY", "A"), pair_secret("QIANFAN_SECRET_KEY", "S");
  CHECK(resolved() == "v1 iam  ");
  {
    const Variable key("ERNIE_CLIENT_ID", "old"), secret("ERNIE_CLIENT_SECRET", "olds");
    CHECK(resolved() == "v1 oauth old olds");
  }
  const Variable key("QIANFAN_AK", "AK"), secret("QIANFAN_SK", "SK");
  CHECK(resolved() == "v1 oauth AK SK");
  CHECK(resolved(ModelConfig().api_key("bce-v3/x")) == "v2  bce-v3/x SK");
  const Variable bearer("QIANFAN_BEARER_TOKEN", "bce-v3/b");
  CHECK(resolved() == "v2  bce-v3/b SK");
  CHECK(resolved(ModelConfig().api_version("v1")) == "v1 oauth AK SK");
  const Variable v1("QIANFAN_BASE_URL", "http://one/"),
      v2("QIANFAN_CONSOLE_API_BASE_URL", "http://two");
  CHECK(endpoint_of(ernie_provider, "m", ModelConfig()).base_url == "http://two/v2");
  CHECK(endpoint_of(ernie_provider, "m", ModelConfig().api_version("v1")).base_url ==
        "http://one/rpc/2.0/ai_custom/v1/wenxinworkshop");
}

TEST_CASE("ernie access: missing and wrong settings are named") {
  CHECK_THAT(config_error(ModelConfig()),
             Catch::Contains("QIANFAN_BEARER_TOKEN") && Catch::Contains("QIANFAN_AK"));
  CHECK_THAT(config_error(ModelConfig().api_version("v1").api_key("AK")),
             Catch::Contains("QIANFAN_SK") && Catch::Contains("secret_key"));
  CHECK_THAT(config_error(ModelConfig().api_version("v3").api_key("AK")),
             Catch::Contains("\"v1\" or \"v2\""));
  const Endpoint endpoint =
      endpoint_of(ernie_provider, "m", test::ernie_v1_keys().option("auth_seconds", "soon"));
  CHECK_THROWS_WITH(ernie_tokens(endpoint), Catch::Contains("auth_seconds"));
  CHECK_THROWS_AS(text_model("ernie:SQLCoder-7B", ModelConfig().api_key("bce-v3/k")),
                  UnsupportedError);
}

TEST_CASE("ernie access: base URLs with and without their paths") {
  const std::string path = "/rpc/2.0/ai_custom/v1/wenxinworkshop";
  for (const auto& [given, v1, v2] : std::vector<std::tuple<std::string, std::string, std::string>>{
           {"http://h:1", "http://h:1" + path, "http://h:1/v2"},
           {"http://h:1/", "http://h:1" + path, "http://h:1/v2"},
           {"http://h/gate/v2/", "http://h/gate/v2" + path, "http://h/gate/v2"},
           {"http://h" + path, "http://h" + path, "http://h" + path},
           {"http://[::1]:8", "http://[::1]:8" + path, "http://[::1]:8/v2"}}) {
    INFO(given);
    CHECK(endpoint_of(ernie_provider, "m", test::ernie_v1_keys().base_url(given)).base_url == v1);
    CHECK(endpoint_of(ernie_provider, "m", ModelConfig().api_key("k").base_url(given)).base_url ==
          v2);
    CHECK(
        endpoint_of(ernie_provider, "m", test::ernie_v1_keys().option("v1_url", given)).base_url ==
        v1);
    CHECK(endpoint_of(ernie_provider, "m", ModelConfig().api_key("k").option("v2_url", given))
              .base_url == v2);
  }
}

TEST_CASE("ernie access: names of models become paths") {
  for (const auto& [name, path] : std::vector<std::pair<const char*, const char*>>{
           {"ERNIE-Bot-4", "completions_pro"},
           {"ERNIE-4.0-8K", "completions_pro"},
           {"ernie-4.0-8k", "completions_pro"},
           {"ERNIE-Bot", "completions"},
           {"ERNIE-3.5-8K", "completions"},
           {"ERNIE-Bot-turbo", "eb-instant"},
           {"ERNIE-Lite-8K-0922", "eb-instant"},
           {"ERNIE-Bot-8K", "ernie_bot_8k"},
           {"ERNIE-4.0-8K-0329", "ernie-4.0-8k-0329"},
           {"ERNIE-4.0-8K-Latest", "ernie-4.0-8k-latest"},
           {"ERNIE-4.0-8K-Preview-0518", "completions_adv_pro"},
           {"ERNIE-4.0-8K-Preview", "ernie-4.0-8k-preview"},
           {"ERNIE-4.0-Turbo-8K", "ernie-4.0-turbo-8k"},
           {"ERNIE-3.5-128K", "ernie-3.5-128k"},
           {"ERNIE-3.5-8K-0613", "ernie-3.5-8k-0613"},
           {"ERNIE-Speed", "ernie_speed"},
           {"ERNIE-Speed-8K", "ernie_speed"},
           {"ERNIE-Speed-128K", "ernie-speed-128k"},
           {"ERNIE-Lite-8K-0308", "ernie-lite-8k"},
           {"ERNIE-Lite-Pro-8K", "ernie-lite-pro-8k"},
           {"ERNIE-Tiny-8K", "ernie-tiny-8k"},
           {"ERNIE-Character-8K", "ernie-char-8k"},
           {"ERNIE-Function-8K", "ernie-func-8k"},
           {"ERNIE-Character-Fiction-8K", "ernie-char-fiction-8k"},
           {"ERNIE Speed-AppBuilder", "ai_apaas"},
           {"ERNIE-Lite-AppBuilder-8K-0614", "ai_apaas_lite"},
           {"BLOOMZ-7B", "bloomz_7b1"},
           {"Llama-2-70B-Chat", "llama_2_70b"},
           {"ChatGLM2-6B-32K", "chatglm2_6b_32k"},
           {"Meta-Llama-3-8B", "llama_3_8b"},
           {"XuanYuan-70B-Chat-4bit", "xuanyuan_70b_chat"},
           {"Qianfan-Chinese-Llama-2-13B", "qianfan_chinese_llama_2_13b"},
           {"completions_pro", "completions_pro"},
           {"My_Own_Deployment", "my_own_deployment"}}) {
    INFO(name);
    CHECK(ernie_chat_path(name) == path);
  }
  CHECK(ernie_text_path("SQLCoder-7B") == "sqlcoder_7b");
  CHECK(ernie_text_path("CodeLlama-7B-Instruct") == "codellama_7b_instruct");
  CHECK(ernie_embedding_path("Embedding-V1") == "embedding-v1");
  CHECK(ernie_embedding_path("bge-large-zh") == "bge_large_zh");
  CHECK(ernie_embedding_path("tao-8k") == "tao_8k");
  Signing signing;
  signing.token = "t";
  CHECK_THAT(test::ernie_v1("../a b/测试?x").request(signing).url,
             Catch::EndsWith("/chat/..%2Fa%20b%2F%E6%B5%8B%E8%AF%95%3Fx?access_token=t"));
}

}  // namespace
}  // namespace lian
