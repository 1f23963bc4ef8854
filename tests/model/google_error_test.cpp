#include <string>

#include "model/google_support.hpp"
#include "model/provider/google_error.hpp"

namespace lian {
namespace {

using test::reply_of;
using test::wire;

ApiError classify(const std::string& body, int status) {
  return GeminiChatCodec(test::gemini_endpoint())
      .classify(reply_of(body, status), test::gemini_endpoint());
}

std::string kind_of(const std::string& body, int status) {
  return std::string(to_string(classify(body, status).kind()));
}

TEST_CASE("google error: the fixtures") {
  const ApiError key = classify(wire("gemini/error.json"), 400);
  CHECK(key.kind() == ErrorKind::authentication);
  CHECK(key.code == "INVALID_ARGUMENT");
  CHECK_THAT(key.message(), Catch::Contains("GOOGLE_API_KEY"));
  CHECK_THAT(key.message(), !Catch::Contains("secret-"));
  CHECK(kind_of(wire("palm_v1beta2/error.json"), 400) == "authentication");
  for (const char* file : {"gemini/error_429.json", "gemini/error_array.json"}) {
    const ApiError limited = classify(wire(file), 429);
    CHECK(limited.kind() == ErrorKind::rate_limited);
    CHECK(limited.code == "RESOURCE_EXHAUSTED");
    CHECK(limited.retry_after_seconds == 34.074824224);
  }
  CHECK(kind_of(wire("gemini/error_503.json"), 503) == "overloaded");
  CHECK(kind_of(wire("palm_v1beta2/error_404.json"), 404) == "not_found");
  CHECK(kind_of(wire("vertex_palm/error.json"), 429) == "rate_limited");
}

TEST_CASE("google error: the status' name, details and messages") {
  const auto error = [](const std::string& status, const std::string& rest = "") {
    return R"({"error":{"code":400,"message":"m","status":")" + status + '"' + rest + "}}";
  };
  CHECK(kind_of(error("UNAUTHENTICATED"), 401) == "authentication");
  CHECK(kind_of(error("PERMISSION_DENIED"), 403) == "permission");
  CHECK(kind_of(error("INTERNAL"), 500) == "server");
  CHECK(kind_of(error("DEADLINE_EXCEEDED"), 504) == "timeout");
  CHECK(kind_of(error("SOMETHING_NEW"), 418) == "invalid_request");
  const std::string daily = R"(,"details":[{"@type":"type.googleapis.com/google.rpc.QuotaFailure",)"
                            R"("violations":[{"quotaId":"RequestsPerDayPerProject"}]}])";
  CHECK(kind_of(error("RESOURCE_EXHAUSTED", daily), 429) == "quota");
  const ApiError field = classify(
      error("INVALID_ARGUMENT",
            R"(,"details":[{"@type":"type.googleapis.com/google.rpc.BadRequest","fieldViolations":)"
            R"([{"field":"contents[0].parts","description":"d"}]},)"
            R"({"@type":"type.googleapis.com/google.rpc.RequestInfo","requestId":"r-1"}])"),
      400);
  CHECK(field.parameter == "contents[0].parts");
  CHECK(field.request_id == "r-1");
  for (const char* message :
       {"The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).",
        "Unable to submit request because the input token count is 1200000 but model only supports "
        "up to 1048576."}) {
    const ApiError length =
        classify(R"({"error":{"code":400,"status":"INVALID_ARGUMENT","message":")" +
                     std::string(message) + "\"}}",
                 400);
    CHECK(length.kind() == ErrorKind::context_length);
    CHECK_THAT(length.message(), Catch::Contains("1200000") && Catch::Contains("1048576"));
  }
}

TEST_CASE("google error: bodies of every shape") {
  CHECK_THAT(classify("<html><head><title>502 Bad Gateway</title></head></html>", 502).message(),
             Catch::Contains("502 Bad Gateway"));
  CHECK_THAT(classify(R"({"error":"invalid_grant","error_description":"expired"})", 401).message(),
             Catch::Contains("expired"));
  for (const char* body : {"", "[]", "{}", "null", "[7]", R"({"error":null})", R"({"error":7})",
                           R"({"error":{"details":7}})", R"({"error":{"details":[7]}})", "\xFF"}) {
    INFO(body);
    CHECK(kind_of(body, 500) == "server");
    CHECK(kind_of(body, 429) == "rate_limited");
  }
  // With status 200 the number in the body tells.
  CHECK(google_error_in_reply(R"({"error":{"code":404,"message":"m"}})", "gemini").kind() ==
        ErrorKind::not_found);
  CHECK(google_error_in_reply(R"([{"error":{"status":"UNAVAILABLE"}}])", "gemini").kind() ==
        ErrorKind::overloaded);
  for (const char* wait : {"\"-3s\"", "\"3\"", "\"s\"", "3", "\"1m\""}) {
    const std::string body =
        R"({"error":{"details":[{"@type":"x/google.rpc.RetryInfo","retryDelay":)" +
        std::string(wait) + "}]}}";
    CHECK_FALSE(classify(body, 429).retry_after_seconds.has_value());
  }
}

}  // namespace
}  // namespace lian
