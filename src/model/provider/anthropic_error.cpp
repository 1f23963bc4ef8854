#include "model/provider/anthropic_error.hpp"

#include <array>
#include <chrono>
#include <optional>
#include <string>
#include <utility>

#include "core/ascii.hpp"
#include "lian/core/utf8.hpp"
#include "model/provider/anthropic.hpp"
#include "model/provider/api_error.hpp"
#include "net/rfc3339.hpp"

namespace lian {
inline namespace v0 {
namespace {

struct Word {
  std::string_view word;
  ErrorKind kind;
};

constexpr std::array<Word, 13> types = {{
    {"invalid_request_error", ErrorKind::invalid_request},
    {"authentication_error", ErrorKind::authentication},
    {"billing_error", ErrorKind::quota},
    {"permission_error", ErrorKind::permission},
    {"not_found_error", ErrorKind::not_found},
    {"conflict_error", ErrorKind::server},
    {"request_too_large", ErrorKind::limit},
    {"rate_limit_error", ErrorKind::rate_limited},
    {"api_error", ErrorKind::server},
    {"timeout_error", ErrorKind::timeout},
    {"overloaded_error", ErrorKind::overloaded},
    {"enforced_spend_limit_reached", ErrorKind::quota},
    {"credit_balance_too_low", ErrorKind::quota},
}};

// What only the message tells; lower case.
constexpr std::array<Word, 6> phrases = {{
    {"prompt is too long", ErrorKind::context_length},
    {"exceed context limit", ErrorKind::context_length},
    {"context window", ErrorKind::context_length},
    {"credit balance is too low", ErrorKind::quota},
    {"api usage limits", ErrorKind::quota},
    {"blocked by content filtering", ErrorKind::content_filter},
}};

std::optional<ErrorKind> kind_in(std::string_view type) {
  for (const Word& word : types)
    if (word.word == type) return word.kind;
  return std::nullopt;
}

// "max_tokens: Field required", "messages.0.content: …": the path before the colon.
std::string parameter_in(std::string_view message) {
  const std::size_t colon = message.find(": ");
  const std::string_view path = message.substr(0, colon);
  constexpr std::string_view letters =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-[]";
  if (colon == message.npos || path.find_first_not_of(letters) != path.npos) return {};
  return std::string(path);
}

std::string text_of(const Json& error) {
  for (const char* name : {"message", "msg", "detail"})
    if (error[name].is_string()) return std::string(error[name].as_string());
  return {};
}

// A type that is vague yields to what the message says, e.g. of a prompt that is too long.
std::optional<ErrorKind> kind_of(const std::string& type, const Complaint& complaint) {
  std::optional<ErrorKind> kind = kind_in(complaint.code);
  if (!kind) kind = kind_in(type);
  const bool is_vague =
      !kind || *kind == ErrorKind::invalid_request || *kind == ErrorKind::rate_limited;
  if (!is_vague) return kind;
  const std::string message = ascii_lower(complaint.message);
  for (const Word& phrase : phrases)
    if (message.find(phrase.word) != message.npos) return phrase.kind;
  return kind;
}

Complaint complaint_in(const Json& body) {
  if (body.is_array()) return body.empty() ? Complaint() : complaint_in(body[0]);
  Complaint complaint;
  const Json error = body["error"].is_null() ? body : body["error"];
  complaint.message = error.is_string() ? std::string(error.as_string()) : text_of(error);
  const std::string type = scalar_text(error["type"]);
  complaint.code = scalar_text(error["details"]["error_code"]);
  if (complaint.code.empty()) complaint.code = type;
  complaint.request_id = scalar_text(body["request_id"]);
  complaint.kind = kind_of(type, complaint);
  if (complaint.kind == ErrorKind::invalid_request)
    complaint.parameter = parameter_in(complaint.message);
  return complaint;
}

// Seconds until the last of the used up limits is filled again, where no `retry-after` says it.
std::optional<double> reset_seconds(const HttpHeaders& headers) {
  const auto now = std::chrono::system_clock::now();
  std::optional<double> longest;
  for (const char* limit : {"requests", "tokens", "input-tokens", "output-tokens"}) {
    const std::string name = std::string("anthropic-ratelimit-") + limit;
    const std::string* left = headers.find(name + "-remaining");
    const std::string* reset = headers.find(name + "-reset");
    if (!left || *left != "0" || !reset) continue;
    const auto at = rfc3339_time(*reset);
    if (!at || *at <= now) continue;
    const double seconds = std::chrono::duration<double>(*at - now).count();
    if (!longest || seconds > *longest) longest = seconds;
  }
  return longest;
}

}  // namespace

ApiError anthropic_error(const HttpReply& reply, const Endpoint& endpoint) {
  Complaint complaint = complaint_in(parse_or_null(utf8::repair(reply.body)));
  if (complaint.request_id.empty())
    if (const std::string* id = reply.headers.find("request-id")) complaint.request_id = *id;
  if (reply.status == 429) complaint.retry_after_seconds = reset_seconds(reply.headers);
  return api_error(std::move(complaint), reply, endpoint);
}

ApiError anthropic_error_in_reply(std::string_view json) {
  return api_error_in_reply(complaint_in(parse_or_null(json)), json, anthropic_name);
}

bool is_anthropic_error(const Json& body) {
  if (body.is_array()) return !body.empty() && is_anthropic_error(body[0]);
  const Json type = body["type"];
  return !body["error"].is_null() || (type.is_string() && type.as_string() == "error");
}

}  // namespace v0
}  // namespace lian
