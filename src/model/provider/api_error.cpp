#include "model/provider/api_error.hpp"

#include <chrono>
#include <utility>

#include "core/redact.hpp"
#include "lian/core/utf8.hpp"
#include "net/retry_after.hpp"
#include "net/url.hpp"

namespace lian {
inline namespace v0 {

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

ErrorKind kind_of_status(int status) noexcept {
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
    case 434:  // Zhipu: the key may not use this yet
      return ErrorKind::permission;
    case 435:  // Zhipu: a file is too large
      return ErrorKind::limit;
    case 429:
      return ErrorKind::rate_limited;
    case 498:  // Groq: no capacity
    case 503:
    case 529:
      return ErrorKind::overloaded;
    default:
      break;
  }
  if (status >= 300 && status < 400) return ErrorKind::config;
  return status >= 400 && status < 500 ? ErrorKind::invalid_request : ErrorKind::server;
}

namespace {

constexpr std::size_t kMaxBodyBytes = 4096;
constexpr std::size_t kMaxQuotedBytes = 300;

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

std::string redirect_advice(const HttpReply& reply, const Endpoint& endpoint) {
  std::string text = "Redirects are not followed: the base URL is " + endpoint.base_url;
  if (const std::string* place = reply.headers.find("location"))
    text.append(" and leads to ").append(cut(utf8::repair(*place), kMaxQuotedBytes));
  return redact(text, endpoint.secrets) + "; set the one that serves the API.";
}

std::string advice(ErrorKind kind, const HttpReply& reply, const Endpoint& endpoint,
                   const std::string& host, const std::string& parameter) {
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
      return redirect_advice(reply, endpoint);
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

}  // namespace

ApiError api_error(Complaint complaint, const HttpReply& reply, const Endpoint& endpoint) {
  const std::string body = utf8::repair(reply.body);
  if (complaint.message.empty() && complaint.code.empty()) complaint.message = describe_body(body);
  const std::string host = host_of(endpoint.base_url);
  const ErrorKind kind = complaint.kind.value_or(kind_of_status(reply.status));
  const std::string code = redact(complaint.code, endpoint.secrets);
  const std::string parameter = redact(complaint.parameter, endpoint.secrets);

  std::string text = endpoint.provider + " (" + host + ") answered " + std::to_string(reply.status);
  if (!code.empty()) text += " (" + code + ")";
  text += ": " + redact(cut(complaint.message, kMaxBodyBytes), endpoint.secrets);
  append_sentence(text, advice(kind, reply, endpoint, host, parameter));
  ApiError error(kind, text);
  error.provider = endpoint.provider;
  error.host = host;
  error.status = reply.status;
  error.code = code;
  error.parameter = parameter;
  error.body = redact(cut(body, 2 * kMaxBodyBytes), endpoint.secrets);
  error.body.resize(utf8::code_point_boundary(error.body, kMaxBodyBytes));
  error.request_id = std::move(complaint.request_id);
  const RetryHint hint = retry_hint(reply.headers, std::chrono::system_clock::now());
  error.retry_after_seconds = complaint.retry_after_seconds;
  if (hint.kind != RetryHint::Kind::none) error.retry_after_seconds = hint.seconds;
  error.should_retry = hint.should_retry;
  return error;
}

ApiError api_error_in_reply(Complaint complaint, std::string_view body, std::string_view provider) {
  std::string text = std::string(provider) + " reported an error in a reply of status 200";
  if (!complaint.code.empty()) text += " (" + redact(complaint.code) + ")";
  text += ": " + redact(complaint.message.empty() ? cut(body, kMaxQuotedBytes)
                                                  : cut(complaint.message, kMaxBodyBytes));
  ApiError error(complaint.kind.value_or(ErrorKind::server), text);
  error.provider = provider;
  error.status = 200;
  error.code = redact(complaint.code);
  error.parameter = redact(complaint.parameter);
  error.request_id = std::move(complaint.request_id);
  error.retry_after_seconds = complaint.retry_after_seconds;
  error.body = redact(cut(body, kMaxBodyBytes));
  return error;
}

}  // namespace v0
}  // namespace lian
