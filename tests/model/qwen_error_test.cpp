#include <string>

#include "lian/core/error.hpp"
#include "model/codec_support.hpp"
#include "model/provider.hpp"
#include "model/provider/qwen.hpp"
#include "support/catch.hpp"

namespace lian {
namespace {

using test::reply_of;
using test::wire;

Endpoint endpoint() {
  Endpoint out;
  out.provider = "qwen";
  out.base_url = "https://dashscope.aliyuncs.com/api/v1";
  out.api_key = "sk-secret-example";
  out.key_name = "DASHSCOPE_API_KEY";
  out.secrets = {out.api_key};
  return out;
}

std::unique_ptr<const ChatCodec> compatible() {
  return qwen_compatible_provider.chat(ModelPlace(qwen_compatible_provider, "m", endpoint()));
}

ApiError classify(std::string body, int status) {
  return QwenChatCodec().classify(reply_of(std::move(body), status), endpoint());
}

TEST_CASE("qwen error: the fixture's bodies") {
  for (const Json& row : Json::parse(wire("qwen/error.json")).items()) {
    INFO(row.dump());
    const int status = static_cast<int>(row["status"].as_int());
    const HttpReply reply = reply_of(row["body"].dump(), status);
    const ApiError error = QwenChatCodec().classify(reply, endpoint());
    const bool may_pass = error.kind() == ErrorKind::rate_limited ||
                          error.kind() == ErrorKind::server ||
                          error.kind() == ErrorKind::overloaded;
    CHECK(may_pass == row["retry"].as_bool());
    CHECK(error.status == status);
    if (row["class"].is_string()) CHECK(to_string(error.kind()) == row["class"].as_string());
    if (row["api"].is_null()) {
      CHECK(error.code == row["body"]["code"].as_string());
      CHECK(error.request_id == row["body"]["request_id"].as_string());
    } else {
      CHECK(error.parameter == "purpose");
      CHECK(compatible()->classify(reply, endpoint()).kind() == error.kind());
    }
  }
}

TEST_CASE("qwen error: the same codes in compatible mode") {
  const auto kind = [](const std::string& error, int status) {
    return compatible()->classify(reply_of("{\"error\":" + error + "}", status), endpoint()).kind();
  };
  CHECK(kind(R"({"code":"data_inspection_failed","message":"m","type":"x"})", 400) ==
        ErrorKind::content_filter);
  CHECK(kind(R"({"code":"Arrearage","message":"m"})", 400) == ErrorKind::quota);
  CHECK(kind(R"({"code":"invalid_parameter_error","message":
      "Range of input length should be [1, 30720]"})",
             400) == ErrorKind::context_length);
}

struct Code {
  int status;
  const char* code;
  ErrorKind kind;
};

TEST_CASE("qwen error: every code of the table") {
  for (const Code& row : {Code{400, "InvalidParameter", ErrorKind::invalid_request},
                          Code{400, "InvalidParameter.DataInspection", ErrorKind::invalid_request},
                          Code{400, "BadRequest.EmptyInput", ErrorKind::invalid_request},
                          Code{400, "InvalidURL", ErrorKind::invalid_request},
                          Code{400, "UnsupportedOperation", ErrorKind::invalid_request},
                          Code{400, "DataInspectionFailed", ErrorKind::content_filter},
                          Code{400, "data_inspection_failed", ErrorKind::content_filter},
                          Code{400, "Arrearage", ErrorKind::quota},
                          Code{401, "InvalidApiKey", ErrorKind::authentication},
                          Code{403, "AccessDenied", ErrorKind::permission},
                          Code{403, "AccessDenied.Unpurchased", ErrorKind::permission},
                          Code{403, "Model.AccessDenied", ErrorKind::permission},
                          Code{403, "AllocationQuota.FreeTierOnly", ErrorKind::quota},
                          Code{404, "ModelNotFound", ErrorKind::not_found},
                          Code{408, "RequestTimeOut", ErrorKind::timeout},
                          Code{413, "BadRequest.TooLarge", ErrorKind::limit},
                          Code{429, "Throttling", ErrorKind::rate_limited},
                          Code{429, "Throttling.BurstRate", ErrorKind::rate_limited},
                          Code{429, "Throttling.AllocationQuota", ErrorKind::rate_limited},
                          Code{500, "InternalError", ErrorKind::server},
                          Code{500, "InternalError.Timeout", ErrorKind::server},
                          Code{503, "ModelUnavailable", ErrorKind::overloaded},
                          Code{503, "ModelServingError", ErrorKind::overloaded}}) {
    INFO(row.code);
    const std::string body =
        R"({"code":")" + std::string(row.code) + R"(","message":"m","request_id":"r9"})";
    const ApiError error = classify(body, row.status);
    CHECK(to_string(error.kind()) == to_string(row.kind));
    CHECK(error.code == row.code);
    CHECK(error.request_id == "r9");
  }
}

TEST_CASE("qwen error: a prompt that is too long, and the parameter that is wrong") {
  const auto told = [](const std::string& message) {
    return classify(R"({"code":"InvalidParameter","message":")" + message + "\"}", 400);
  };
  const ApiError too_long = told("Range of input length should be [1, 30720]");
  CHECK(too_long.kind() == ErrorKind::context_length);
  CHECK_THAT(too_long.message(), Catch::Contains("30720"));
  CHECK(told("Range of max_tokens should be [1, 8192]").parameter == "max_tokens");
  CHECK(told("Temperature should be in [0.0, 2.0)").parameter == "temperature");
  CHECK(told("parameter.enable_thinking must be set to false for non-streaming calls").parameter ==
        "enable_thinking");
  CHECK(told("Role must be user or assistant").parameter == "role");
  CHECK(told("Something else").parameter.empty());
}

TEST_CASE("qwen error: bodies of every shape") {
  CHECK_THAT(classify("<html><head><title>502 Bad Gateway</title></head></html>", 502).message(),
             Catch::Contains("502 Bad Gateway"));
  CHECK(classify("", 503).kind() == ErrorKind::overloaded);
  CHECK(classify("[]", 429).kind() == ErrorKind::rate_limited);
  CHECK(classify(R"("no")", 401).kind() == ErrorKind::authentication);
  CHECK(classify(R"({"error":{"message":"bad key","code":"invalid_api_key"}})", 401).kind() ==
        ErrorKind::authentication);
  CHECK_THAT(
      classify(R"({"code":"InvalidApiKey","message":"key sk-secret-example"})", 401).message(),
      !Catch::Contains("sk-secret") && Catch::Contains("DASHSCOPE_API_KEY"));
}

}  // namespace
}  // namespace lian
