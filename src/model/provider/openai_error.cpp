#include "model/provider/openai_error.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <string>
#include <utility>

#include "core/ascii.hpp"
#include "lian/core/utf8.hpp"
#include "model/provider/api_error.hpp"

namespace lian {
inline namespace v0 {
namespace {

// What the dialect's error objects hold beside the usual.
struct OpenAIComplaint : Complaint {
  std::string type, inner_code;
  bool found = false;
};

struct Word {
  std::string_view word;
  ErrorKind kind;
};

// Codes and types that say what it is whatever the status.
constexpr std::array<Word, 27> kWords = {{
    {"invalid_api_key", ErrorKind::authentication},
    {"authentication_error", ErrorKind::authentication},
    {"invalid_authentication_error", ErrorKind::authentication},
    {"permission_error", ErrorKind::permission},
    {"unsupported_country_region_territory", ErrorKind::permission},
    {"model_not_found", ErrorKind::not_found},
    {"not_found_error", ErrorKind::not_found},
    {"DeploymentNotFound", ErrorKind::not_found},
    {"NotFoundError", ErrorKind::not_found},
    {"insufficient_quota", ErrorKind::quota},
    {"credit_balance_exhausted", ErrorKind::quota},
    {"billing_hard_limit_reached", ErrorKind::quota},
    {"exceeded_current_quota_error", ErrorKind::quota},
    {"rate_limit_exceeded", ErrorKind::rate_limited},
    {"rate_limit_error", ErrorKind::rate_limited},
    {"rate_limit_reached_error", ErrorKind::rate_limited},
    {"slow_down", ErrorKind::overloaded},
    {"server_is_overloaded", ErrorKind::overloaded},
    {"overloaded_error", ErrorKind::overloaded},
    {"engine_overloaded_error", ErrorKind::overloaded},
    {"unavailable_error", ErrorKind::overloaded},
    {"context_length_exceeded", ErrorKind::context_length},
    {"exceed_context_size_error", ErrorKind::context_length},
    {"content_filter", ErrorKind::content_filter},
    {"content_policy_violation", ErrorKind::content_filter},
    {"ResponsibleAIPolicyViolation", ErrorKind::content_filter},
    {"timeout_error", ErrorKind::timeout},
}};

// For vendors that say it in the message alone; lower case.
constexpr std::array<Word, 6> kPhrases = {{
    {"maximum context length", ErrorKind::context_length},
    {"context window", ErrorKind::context_length},
    {"range of input length", ErrorKind::context_length},
    {"exceeded your current quota", ErrorKind::quota},
    {"insufficient balance", ErrorKind::quota},
    {"insufficient account balance", ErrorKind::quota},
}};

// The numbers that some servers add to "the prompt is too long".
void append_numbers(const Json& error, std::string& message) {
  for (const char* name : {"n_prompt_tokens", "n_ctx"}) {
    if (error[name].is_number())
      message.append("; ").append(name).append(" ") += error[name].dump();
  }
}

OpenAIComplaint from_object(const Json& error) {
  OpenAIComplaint complaint;
  for (const char* name : {"message", "msg", "detail"}) {
    if (!complaint.message.empty() || error[name].is_null()) continue;
    complaint.message =
        error[name].is_string() ? std::string(error[name].as_string()) : error[name].dump();
  }
  complaint.type = scalar_text(error["type"]);
  complaint.code = scalar_text(error["code"]);
  complaint.inner_code = scalar_text(error["innererror"]["code"]);
  complaint.parameter = scalar_text(error["param"]);
  // OpenRouter's moderation says what it has flagged.
  if (complaint.type.empty() && !error["metadata"]["flagged_input"].is_null())
    complaint.type = "content_filter";
  append_numbers(error, complaint.message);
  complaint.found =
      !complaint.message.empty() || !complaint.type.empty() || !complaint.code.empty();
  return complaint;
}

// MiniMax: status 200 and a status code of its own.
OpenAIComplaint from_base_resp(const Json& base) {
  OpenAIComplaint complaint;
  if (!base["status_code"].is_integer() || base["status_code"].as_int() == 0) return complaint;
  complaint.code = base["status_code"].dump();
  complaint.message = scalar_text(base["status_msg"]);
  complaint.found = true;
  return complaint;
}

OpenAIComplaint complaint_in(const Json& body) {
  if (body.is_array()) return body.size() == 0 ? OpenAIComplaint() : complaint_in(body[0]);
  if (body["base_resp"].is_object()) return from_base_resp(body["base_resp"]);
  const Json error = body["error"];
  if (error.is_string()) {
    OpenAIComplaint complaint;
    complaint.message = std::string(error.as_string());
    complaint.type = complaint.message;
    complaint.code = scalar_text(body["code"]);
    complaint.found = true;
    return complaint;
  }
  if (error.is_object()) return from_object(error);
  const Json in_choice = body["choices"][0]["error"];
  return from_object(in_choice.is_object() ? in_choice : body);
}

std::optional<ErrorKind> kind_by_message(const std::string& text, const OpenAIDialect& dialect) {
  const std::string message = ascii_lower(text);
  for (const VendorCode& phrase : dialect.phrases)
    if (message.find(phrase.code) != std::string::npos) return phrase.kind;
  for (const Word& phrase : kPhrases)
    if (message.find(phrase.word) != std::string::npos) return phrase.kind;
  return std::nullopt;
}

ErrorKind kind_of(const OpenAIComplaint& complaint, int status, const OpenAIDialect& dialect) {
  const VendorCode* known = find_code(dialect.codes, complaint.code);
  // What is wrong with a request the message tells; Spark says "invalid user" with 401 and the code
  // of a wrong parameter.
  const bool vague = known && known->kind == ErrorKind::invalid_request;
  if (known && !vague) return known->kind;
  if (status == 413) return kind_of_status(status);
  for (const Word& word : kWords) {
    if (complaint.code == word.word || complaint.type == word.word ||
        complaint.inner_code == word.word) {
      return word.kind;
    }
  }
  if (const auto kind = kind_by_message(complaint.message, dialect)) return *kind;
  if (vague && status != 401) return known->kind;
  int number = 0;
  const std::string& code = complaint.code;
  const auto read = std::from_chars(code.data(), code.data() + code.size(), number);
  const bool is_status = read.ec == std::errc() && number >= 400 && number < 600;
  return kind_of_status(status < 300 && is_status ? number : status);
}

Complaint resolved(OpenAIComplaint complaint, int status, const OpenAIDialect& dialect) {
  complaint.kind = kind_of(complaint, status, dialect);
  if (const VendorCode* known = find_code(dialect.codes, complaint.code);
      known && !known->advice.empty())
    complaint.message.append(complaint.message.empty() ? "" : " ").append(known->advice);
  if (complaint.code.empty()) complaint.code = complaint.type;
  return complaint;
}

}  // namespace

ApiError openai_error(const HttpReply& reply, const Endpoint& endpoint,
                      const OpenAIDialect& dialect) {
  const Json body = parse_or_null(utf8::repair(reply.body));
  OpenAIComplaint complaint = complaint_in(body);
  complaint.request_id = scalar_text(body[dialect.id_field]);
  if (const std::string* id = reply.headers.find("x-request-id")) complaint.request_id = *id;
  const bool known = find_code(dialect.codes, complaint.code) != nullptr;
  ApiError error =
      api_error(resolved(std::move(complaint), reply.status, dialect), reply, endpoint);
  // The vendor's code says more than the status does.
  if (known && !error.should_retry) error.should_retry = may_pass(error.kind());
  return error;
}

ApiError openai_error_in_reply(std::string_view json, const OpenAIDialect& dialect) {
  const Json body = parse_or_null(json);
  Complaint complaint = resolved(complaint_in(body), 200, dialect);
  complaint.request_id = scalar_text(body[dialect.id_field]);
  return api_error_in_reply(std::move(complaint), json, dialect.name);
}

bool is_openai_error(std::string_view json) { return complaint_in(parse_or_null(json)).found; }

}  // namespace v0
}  // namespace lian
