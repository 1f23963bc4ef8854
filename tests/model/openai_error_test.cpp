#include <string>

#include "lian/core/error.hpp"
#include "model/openai_support.hpp"
#include "support/catch.hpp"

namespace lian {
namespace {

using test::reply_of;
using test::wire;

ApiError classify(std::string body, int status) {
  return OpenAIChatCodec().classify(reply_of(std::move(body), status), test::endpoint());
}

TEST_CASE("openai error: a wrong key names the variable and the host, not the key") {
  HttpReply reply = reply_of(wire("openai_chat/error.json"), 401);
  reply.headers.add("x-request-id", "req_1");
  const ApiError error = OpenAIChatCodec().classify(reply, test::endpoint());
  CHECK(error.kind() == ErrorKind::authentication);
  CHECK(error.status == 401);
  CHECK(error.code == "invalid_api_key");
  CHECK(error.provider == "openai");
  CHECK(error.host == "api.openai.com");
  CHECK(error.request_id == "req_1");
  CHECK_THAT(error.message(), Catch::Contains("OPENAI_API_KEY"));
  CHECK_THAT(error.message(), Catch::Contains("api.openai.com"));
  CHECK_THAT(error.message(), !Catch::Contains("sk-test"));
  CHECK_THAT(error.body, !Catch::Contains("sk-test"));
}

TEST_CASE("openai error: the fixtures' kinds") {
  struct Row {
    const char* file;
    int status;
    ErrorKind kind;
  };
  for (const Row& row :
       {Row{"openai_chat/error_400_unsupported_param.json", 400, ErrorKind::invalid_request},
        Row{"openai_chat/error_429_quota.json", 429, ErrorKind::quota},
        Row{"openai_chat/error_429_rate.json", 429, ErrorKind::rate_limited},
        Row{"azure_openai/error.json", 400, ErrorKind::content_filter},
        Row{"azure_openai/error_401.json", 401, ErrorKind::authentication},
        Row{"azure_openai/error_404.json", 404, ErrorKind::not_found},
        Row{"llamacpp/error.json", 401, ErrorKind::authentication},
        Row{"llamacpp/error_400_ctx.json", 400, ErrorKind::context_length},
        Row{"llamacpp/error_503_loading.json", 503, ErrorKind::overloaded},
        Row{"vllm/error.json", 404, ErrorKind::not_found},
        Row{"vllm/error_401.json", 401, ErrorKind::authentication},
        Row{"vllm/error_old_flat.json", 404, ErrorKind::not_found}}) {
    INFO(row.file);
    const ApiError error = classify(wire(row.file), row.status);
    CHECK(to_string(error.kind()) == to_string(row.kind));
    CHECK(error.status == row.status);
  }
  CHECK(classify(wire("openai_chat/error_400_unsupported_param.json"), 400).parameter ==
        "max_tokens");
  CHECK_THAT(classify(wire("llamacpp/error_400_ctx.json"), 400).message(),
             Catch::Contains("5000") && Catch::Contains("4096"));
  for (const char* file : {"deepseek_error.json", "moonshot_error.json"}) {
    for (const Json& row :
         Json::parse(wire("openai_compat_presets/" + std::string(file))).items()) {
      const ApiError error = classify(row["body"].dump(), static_cast<int>(row["status"].as_int()));
      INFO(error.message());
      const bool may_pass = error.kind() == ErrorKind::rate_limited;
      CHECK(may_pass == row["retry"].as_bool());
      if (!may_pass) CHECK(error.kind() == ErrorKind::quota);
    }
  }
}

TEST_CASE("openai error: every status without a body") {
  const std::vector<std::pair<int, ErrorKind>> rows = {
      {400, ErrorKind::invalid_request}, {401, ErrorKind::authentication},
      {402, ErrorKind::quota},           {403, ErrorKind::permission},
      {404, ErrorKind::not_found},       {405, ErrorKind::invalid_request},
      {408, ErrorKind::timeout},         {409, ErrorKind::server},
      {413, ErrorKind::limit},           {422, ErrorKind::invalid_request},
      {429, ErrorKind::rate_limited},    {500, ErrorKind::server},
      {502, ErrorKind::server},          {503, ErrorKind::overloaded},
      {504, ErrorKind::server},          {529, ErrorKind::overloaded},
      {302, ErrorKind::config}};
  for (const auto& [status, kind] : rows) {
    INFO(status);
    CHECK(to_string(classify("", status).kind()) == to_string(kind));
    CHECK_THAT(classify("", status).message(), Catch::Contains(std::to_string(status)));
  }
}

TEST_CASE("openai error: codes go before the status") {
  const auto kind = [](const std::string& error, int status) {
    return to_string(classify("{\"error\":" + error + "}", status).kind());
  };
  CHECK(
      kind(
          R"({"code":"context_length_exceeded","message":"maximum context length is 8192 tokens, you sent 9000"})",
          400) == "context_length");
  CHECK(kind(R"({"message":"This model's maximum context length is 8192 tokens"})", 400) ==
        "context_length");
  CHECK(kind(R"({"code":"slow_down"})", 429) == "overloaded");
  CHECK(kind(R"({"code":"credit_balance_exhausted"})", 429) == "quota");
  CHECK(kind(R"({"code":"server_is_overloaded","type":"server_error"})", 503) == "overloaded");
  CHECK(kind(R"({"type":"server_error","code":null})", 503) == "overloaded");
  CHECK(kind(R"({"code":"unsupported_country_region_territory"})", 403) == "permission");
  CHECK(kind(R"({"code":429})", 400) == "invalid_request");
  CHECK(kind(R"("Unauthorized")", 401) == "authentication");
}

TEST_CASE("openai error: bodies of every shape give a message") {
  CHECK_THAT(classify("<html><head><title>502 Bad Gateway</title></head></html>", 502).message(),
             Catch::Contains("502 Bad Gateway"));
  CHECK_THAT(classify("<html></html>", 502).message(), Catch::Contains("HTML"));
  CHECK_THAT(classify("upstream connect error", 503).message(),
             Catch::Contains("upstream connect"));
  CHECK_THAT(classify("", 500).message(), Catch::Contains("no body"));
  CHECK_THAT(classify(R"([{"error":{"code":404,"message":"gone"}}])", 404).message(),
             Catch::Contains("gone"));
  CHECK_THAT(classify(R"({"error":"model 'x' not found"})", 404).message(),
             Catch::Contains("model 'x' not found"));
  CHECK_THAT(classify(R"({"detail":[{"loc":["body"],"msg":"field required"}]})", 422).message(),
             Catch::Contains("field required"));
  CHECK_THAT(classify("\xFF\xFE", 500).message(), Catch::Contains("\uFFFD"));
  CHECK(classify("[]", 500).kind() == ErrorKind::server);
  CHECK(classify("null", 500).kind() == ErrorKind::server);
  CHECK(classify("7", 500).kind() == ErrorKind::server);
}

TEST_CASE("openai error: the body is cut and holds no key") {
  const std::string key = test::endpoint().api_key;
  for (const std::size_t before : {0U, 4080U, 4090U, 4096U, 5000U}) {
    const ApiError error = classify(std::string(before, 'a') + key + std::string(9000, 'b'), 500);
    CHECK(error.body.size() <= 4096);
    CHECK_THAT(error.body, !Catch::Contains(key.substr(0, 6)));
    CHECK_THAT(error.message(), !Catch::Contains(key.substr(0, 6)));
  }
}

TEST_CASE("openai error: wait hints come along") {
  HttpReply reply = reply_of(wire("openai_chat/error_429_rate.json"), 429);
  reply.headers.add("retry-after", "20")
      .add("retry-after-ms", "19850")
      .add("x-should-retry", "false");
  const ApiError error = OpenAIChatCodec().classify(reply, test::endpoint());
  CHECK(error.retry_after_seconds == 19.85);
  CHECK(error.should_retry == false);
  CHECK_FALSE(classify("", 429).retry_after_seconds.has_value());
  CHECK_FALSE(classify("", 429).should_retry.has_value());
}

}  // namespace
}  // namespace lian
