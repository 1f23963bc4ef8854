#include <string>

#include "lian/core/error.hpp"
#include "model/anthropic_support.hpp"
#include "net/rfc3339.hpp"
#include "support/catch.hpp"

namespace lian {
namespace {

using test::anthropic_endpoint;
using test::reply_of;
using test::wire;

ApiError classify(std::string body, int status) {
  return AnthropicChatCodec().classify(reply_of(std::move(body), status), anthropic_endpoint());
}

std::string envelope(const std::string& type, const std::string& message = "x") {
  return R"({"type":"error","error":{"type":")" + type + R"(","message":")" + message + "\"}}";
}

// The header lines of a fixture that is a status line and headers.
HttpHeaders headers_in(const std::string& text) {
  HttpHeaders headers;
  std::size_t at = text.find('\n') + 1;
  while (at < text.size()) {
    const std::size_t end = text.find('\n', at);
    const std::string line = text.substr(at, text.find('\r', at) - at);
    const std::size_t colon = line.find(": ");
    if (colon != line.npos) headers.add(line.substr(0, colon), line.substr(colon + 2));
    at = end + 1;
  }
  return headers;
}

TEST_CASE("anthropic error: the fixtures' kinds, parameters and request ids") {
  struct Row {
    const char* file;
    int status;
    ErrorKind kind;
    const char* code;
    const char* parameter;
    const char* request_id;
  };
  for (const Row& row :
       {Row{"anthropic/error.json", 400, ErrorKind::invalid_request, "invalid_request_error",
            "max_tokens", "req_011Examp1eAAAABBBBCCCCFy"},
        Row{"anthropic/error_2026-10-21_sampling.json", 400, ErrorKind::invalid_request,
            "invalid_request_error", "temperature", "req_011Examp1eAAAABBBBCCCCG1"},
        Row{"anthropic/error_429.json", 429, ErrorKind::rate_limited, "rate_limit_error", "",
            "req_011Examp1eAAAABBBBCCCCFz"},
        Row{"anthropic/error_529.json", 529, ErrorKind::overloaded, "overloaded_error", "",
            "req_011Examp1eAAAABBBBCCCCG0"},
        Row{"anthropic/error_with_details.json", 429, ErrorKind::quota,
            "enforced_spend_limit_reached", "", "req_011Examp1eAAAABBBBCCCCG2"},
        Row{"anthropic_text_completions/error.json", 400, ErrorKind::invalid_request,
            "invalid_request_error", "", ""}}) {
    INFO(row.file);
    const ApiError error = classify(wire(row.file), row.status);
    CHECK(to_string(error.kind()) == to_string(row.kind));
    CHECK(error.code == row.code);
    CHECK(error.parameter == row.parameter);
    CHECK(error.request_id == row.request_id);
    CHECK(error.status == row.status);
    CHECK(error.provider == "claude");
    CHECK(error.host == "api.anthropic.com");
  }
}

TEST_CASE("anthropic error: what each type means") {
  const std::vector<std::tuple<std::string, int, ErrorKind>> rows = {
      {"authentication_error", 401, ErrorKind::authentication},
      {"billing_error", 402, ErrorKind::quota},
      {"permission_error", 403, ErrorKind::permission},
      {"not_found_error", 404, ErrorKind::not_found},
      {"conflict_error", 409, ErrorKind::server},
      {"request_too_large", 413, ErrorKind::limit},
      {"api_error", 500, ErrorKind::server},
      {"timeout_error", 504, ErrorKind::timeout},
      {"overloaded_error", 529, ErrorKind::overloaded},
      {"of_tomorrow", 418, ErrorKind::invalid_request},
      {"of_tomorrow", 500, ErrorKind::server}};
  for (const auto& [type, status, kind] : rows) {
    INFO(type);
    CHECK(to_string(classify(envelope(type), status).kind()) == to_string(kind));
  }
  const auto of_message = [](const std::string& message, int status = 400) {
    return to_string(classify(envelope("invalid_request_error", message), status).kind());
  };
  CHECK(of_message("prompt is too long: 209000 tokens > 200000 maximum") == "context_length");
  CHECK(of_message("input length and `max_tokens` exceed context limit: 190000 + 20000 > 200000") ==
        "context_length");
  CHECK(of_message("Your credit balance is too low to access the Anthropic API.") == "quota");
  CHECK(of_message("You have reached your specified API usage limits.") == "quota");
  CHECK(of_message("Output blocked by content filtering policy") == "content_filter");
  CHECK_THAT(classify(envelope("invalid_request_error", "prompt is too long: 209000 tokens"), 400)
                 .message(),
             Catch::Contains("209000"));
}

TEST_CASE("anthropic error: a wrong key is named, not shown") {
  const ApiError error =
      classify(envelope("authentication_error", "invalid x-api-key secret-0123456789"), 401);
  CHECK_THAT(error.message(), Catch::Contains("ANTHROPIC_API_KEY"));
  CHECK_THAT(error.message(), !Catch::Contains("secret-0123456789"));
  CHECK_THAT(error.body, !Catch::Contains("secret-0123456789"));
}

TEST_CASE("anthropic error: bodies a gateway sends") {
  CHECK(classify("<html><head><title>413 Request Entity Too Large</title></head></html>", 413)
            .kind() == ErrorKind::limit);
  CHECK_THAT(classify("<html><title>413 Too Large</title></html>", 413).message(),
             Catch::Contains("413 Too Large"));
  CHECK(classify("upstream connect error", 503).kind() == ErrorKind::overloaded);
  CHECK(classify("", 529).kind() == ErrorKind::overloaded);
  CHECK(classify("", 401).kind() == ErrorKind::authentication);
  CHECK_THAT(classify(R"({"error":"model 'x' not found"})", 404).message(),
             Catch::Contains("model 'x' not found"));
  CHECK_THAT(classify("[" + envelope("api_error", "gone") + "]", 500).message(),
             Catch::Contains("gone"));
  CHECK(classify(R"({"error":null})", 400).kind() == ErrorKind::invalid_request);
}

TEST_CASE("anthropic error: how long a rate limit lasts") {
  HttpReply reply = reply_of(wire("anthropic/error_429.json"), 429);
  reply.headers = headers_in(wire("anthropic/error_429.http"));
  ApiError error = AnthropicChatCodec().classify(reply, anthropic_endpoint());
  CHECK(error.retry_after_seconds == 12);
  CHECK(error.should_retry == true);
  CHECK(error.request_id == "req_011Examp1eAAAABBBBCCCCFz");

  // Without retry-after the reset of what is used up says it.
  reply.headers = HttpHeaders();
  reply.headers.add("request-id", "req_1");
  reply.headers.add("anthropic-ratelimit-requests-remaining", "0");
  reply.headers.add("anthropic-ratelimit-requests-reset", "2199-01-01T00:00:00Z");
  reply.headers.add("anthropic-ratelimit-tokens-remaining", "10");
  reply.headers.add("anthropic-ratelimit-tokens-reset", "2259-01-01T00:00:00Z");
  reply.body.clear();
  error = AnthropicChatCodec().classify(reply, anthropic_endpoint());
  REQUIRE(error.retry_after_seconds);
  CHECK(*error.retry_after_seconds > 60);
  CHECK(*error.retry_after_seconds < 180.0 * 366 * 86400);
  CHECK(error.request_id == "req_1");
}

TEST_CASE("rfc 3339: times, and what is none") {
  const auto milliseconds = [](std::string_view text) -> std::int64_t {
    const auto time = rfc3339_time(text);
    if (!time) return -1;
    return std::chrono::floor<std::chrono::milliseconds>(*time).time_since_epoch().count();
  };
  CHECK(milliseconds("1970-01-01T00:00:00Z") == 0);
  CHECK(milliseconds("2026-01-01T00:00:12Z") == 1767225612000);
  CHECK(milliseconds("2026-01-01T00:00:12.5z") == 1767225612500);
  CHECK(milliseconds("2026-01-01t02:00:12.123456+02:00") == 1767225612123);
  CHECK(milliseconds("2025-12-31 23:30:12-00:30") == 1767225612000);
  for (const char* text :
       {"", "2026-01-01", "2026-02-30T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T00:00:00",
        "2026-01-01T00:00:00.Z", "2026-01-01T00:00:00Zx", "2026-1-1T00:00:00Z",
        "2026-01-01T00:00:00+0200", "9999-01-01T00:00:00Z"})
    CHECK(milliseconds(text) == -1);
}

}  // namespace
}  // namespace lian
