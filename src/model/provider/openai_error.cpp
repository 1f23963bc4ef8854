#include "model/provider/openai_error.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <string>

#include "core/redact.hpp"
#include "lian/core/utf8.hpp"
#include "net/retry_after.hpp"

namespace lian {
inline namespace v0 {
namespace {

constexpr std::size_t kMaxBodyBytes = 4096;
constexpr std::size_t kMaxQuotedBytes = 300;

// What a vendor says went wrong.
struct Complaint {
  std::string message, type, code, inner_code, parameter;
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
constexpr std::array<Word, 4> kPhrases = {{
    {"maximum context length", ErrorKind::context_length},
    {"context window", ErrorKind::context_length},
    {"exceeded your current quota", ErrorKind::quota},
    {"insufficient balance", ErrorKind::quota},
}};

std::string scalar_text(const Json& value) {
  if (value.is_string()) return std::string(value.as_string());
  return value.is_integer() ? value.dump() : std::string();
}

Json parse_or_null(std::string_view text) {
  try {
    return Json::parse(text);
  } catch (const ParseError&) {
    return {};
  }
}

// The numbers that some servers add to "the prompt is too long".
void append_numbers(const Json& error, std::string& message) {
  for (const char* name : {"n_prompt_tokens", "n_ctx"}) {
    if (error[name].is_number())
      message.append("; ").append(name).append(" ") += error[name].dump();
  }
}

Complaint from_object(const Json& error) {
  Complaint complaint;
  for (const char* name : {"message", "msg", "detail"}) {
    if (!complaint.message.empty() || error[name].is_null()) continue;
    complaint.message =
        error[name].is_string() ? std::string(error[name].as_string()) : error[name].dump();
  }
  complaint.type = scalar_text(error["type"]);
  complaint.code = scalar_text(error["code"]);
  complaint.inner_code = scalar_text(error["innererror"]["code"]);
  complaint.parameter = scalar_text(error["param"]);
  append_numbers(error, complaint.message);
  complaint.found =
      !complaint.message.empty() || !complaint.type.empty() || !complaint.code.empty();
  return complaint;
}

// MiniMax: status 200 and a status code of its own.
Complaint from_base_resp(const Json& base) {
  Complaint complaint;
  if (!base["status_code"].is_integer() || base["status_code"].as_int() == 0) return complaint;
  complaint.code = base["status_code"].dump();
  complaint.message = scalar_text(base["status_msg"]);
  complaint.found = true;
  return complaint;
}

Complaint complaint_in(const Json& body) {
  if (body.is_array()) return body.size() == 0 ? Complaint() : complaint_in(body[0]);
  if (body["base_resp"].is_object()) return from_base_resp(body["base_resp"]);
  const Json error = body["error"];
  if (error.is_string()) {
    Complaint complaint;
    complaint.message = std::string(error.as_string());
    complaint.type = complaint.message;
    complaint.code = scalar_text(body["code"]);
    complaint.found = true;
    return complaint;
  }
  if (error.is_object()) return from_object(error);
  return from_object(body);
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

ErrorKind kind_of_status(int status) {
  switch (status) {
    case 401:
      return ErrorKind::authentication;
    case 402:
      return ErrorKind::quota;
    case 403:
      return ErrorKind::permission;
    case 404:
      return ErrorKind::not_found;
    case 408:
      return ErrorKind::timeout;
    case 409:
      return ErrorKind::server;
    case 413:
      return ErrorKind::limit;
    case 429:
      return ErrorKind::rate_limited;
    case 503:
    case 529:
      return ErrorKind::overloaded;
    default:
      break;
  }
  if (status >= 300 && status < 400) return ErrorKind::config;
  return status >= 400 && status < 500 ? ErrorKind::invalid_request : ErrorKind::server;
}

ErrorKind kind_of(const Complaint& complaint, int status) {
  for (const Word& word : kWords) {
    if (complaint.code == word.word || complaint.type == word.word ||
        complaint.inner_code == word.word) {
      return word.kind;
    }
  }
  const std::string message = lower(complaint.message);
  for (const Word& phrase : kPhrases) {
    if (message.find(phrase.word) != std::string::npos) return phrase.kind;
  }
  int number = 0;
  const std::string& code = complaint.code;
  const auto read = std::from_chars(code.data(), code.data() + code.size(), number);
  const bool is_status = read.ec == std::errc() && number >= 400 && number < 600;
  return kind_of_status(status < 300 && is_status ? number : status);
}

std::string_view host_of(std::string_view url) {
  const auto scheme = url.find("://");
  if (scheme != std::string_view::npos) url.remove_prefix(scheme + 3);
  url = url.substr(0, url.find_first_of("/?#"));
  const auto at = url.rfind('@');
  return at == std::string_view::npos ? url : url.substr(at + 1);
}

std::string_view cut(std::string_view text, std::size_t bytes) {
  return text.substr(0, utf8::code_point_boundary(text, bytes));
}

// What to quote of a body that is no JSON.
std::string describe_body(std::string_view body) {
  const auto first = body.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return "no body";
  if (body[first] != '<') return std::string(cut(body.substr(first), kMaxQuotedBytes));
  const auto open = body.find("<title>");
  const auto close = body.find("</title>");
  if (open == std::string_view::npos || close == std::string_view::npos || close < open) {
    return "an HTML page";
  }
  return "an HTML page, \"" +
         std::string(cut(body.substr(open + 7, close - open - 7), kMaxQuotedBytes)) + "\"";
}

std::string advice(ErrorKind kind, const Endpoint& endpoint, const std::string& host,
                   const std::string& parameter) {
  switch (kind) {
    case ErrorKind::authentication:
      if (endpoint.key_name.empty()) return "Pass an API key that " + host + " accepts.";
      return "Check the key in " + endpoint.key_name + ": " + host + " does not accept it.";
    case ErrorKind::permission:
      return "The key may not do this.";
    case ErrorKind::not_found:
      return "Check the model's name and the base URL.";
    case ErrorKind::quota:
      return "Waiting does not help: check the account's plan and balance.";
    case ErrorKind::rate_limited:
      return "Send fewer requests or wait.";
    case ErrorKind::overloaded:
      return "Try again later.";
    case ErrorKind::context_length:
      return "Shorten the prompt or choose a larger model.";
    case ErrorKind::limit:
      return "The request is too large: send less.";
    case ErrorKind::config:
      return "Redirects are not followed: set the base URL itself.";
    case ErrorKind::invalid_request:
      return parameter.empty() ? std::string() : "The parameter is " + parameter + ".";
    default:
      return {};
  }
}

void append_sentence(std::string& text, std::string_view sentence) {
  if (sentence.empty()) return;
  if (!text.empty() && text.back() != '.' && text.back() != '!') text += '.';
  text.append(" ").append(sentence);
}

std::string code_of(const Complaint& complaint) {
  return complaint.code.empty() ? complaint.type : complaint.code;
}

}  // namespace

ApiError openai_error(const HttpReply& reply, const Endpoint& endpoint) {
  const std::string body = utf8::repair(reply.body);
  Complaint complaint = complaint_in(parse_or_null(body));
  if (!complaint.found) complaint.message = describe_body(body);
  const std::string host(host_of(endpoint.base_url));
  const ErrorKind kind = kind_of(complaint, reply.status);

  const std::string code = redact(code_of(complaint), {endpoint.api_key});
  const std::string parameter = redact(complaint.parameter, {endpoint.api_key});

  std::string text = endpoint.provider + " (" + host + ") answered " + std::to_string(reply.status);
  if (!code.empty()) text += " (" + code + ")";
  text += ": " + redact(cut(complaint.message, kMaxBodyBytes), {endpoint.api_key});
  append_sentence(text, advice(kind, endpoint, host, parameter));
  ApiError error(kind, text);
  error.provider = endpoint.provider;
  error.host = host;
  error.status = reply.status;
  error.code = code;
  error.parameter = parameter;
  error.body = redact(cut(body, 2 * kMaxBodyBytes), {endpoint.api_key});
  error.body.resize(utf8::code_point_boundary(error.body, kMaxBodyBytes));
  if (const std::string* id = reply.headers.find("x-request-id")) error.request_id = *id;
  const RetryHint hint = retry_hint(reply.headers, std::chrono::system_clock::now());
  if (hint.kind != RetryHint::Kind::none) error.retry_after_seconds = hint.seconds;
  error.should_retry = hint.should_retry;
  return error;
}

ApiError openai_error_in_reply(std::string_view json, std::string_view provider) {
  const Complaint complaint = complaint_in(parse_or_null(json));
  const ErrorKind kind = kind_of(complaint, 200);
  std::string text = std::string(provider) + " reported an error in a reply of status 200";
  if (!code_of(complaint).empty()) text += " (" + redact(code_of(complaint)) + ")";
  text += ": " + redact(complaint.found ? cut(complaint.message, kMaxBodyBytes)
                                        : cut(json, kMaxQuotedBytes));
  ApiError error(kind, text);
  error.provider = provider;
  error.status = 200;
  error.code = redact(code_of(complaint));
  error.parameter = redact(complaint.parameter);
  error.body = redact(cut(json, kMaxBodyBytes));
  return error;
}

bool is_openai_error(std::string_view json) { return complaint_in(parse_or_null(json)).found; }

}  // namespace v0
}  // namespace lian
