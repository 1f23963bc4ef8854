#include "model/provider/google_error.hpp"

#include <array>
#include <charconv>
#include <optional>
#include <string>

#include "core/ascii.hpp"
#include "lian/core/utf8.hpp"
#include "model/provider/api_error.hpp"

namespace lian {
inline namespace v0 {
namespace {

struct Word {
  std::string_view word;
  ErrorKind kind;
};

// Reasons of google.rpc.ErrorInfo that tell more than the status: a bad key is INVALID_ARGUMENT.
constexpr std::array<Word, 4> kReasons = {{
    {"API_KEY_INVALID", ErrorKind::authentication},
    {"ACCESS_TOKEN_EXPIRED", ErrorKind::authentication},
    {"API_KEY_SERVICE_BLOCKED", ErrorKind::permission},
    {"BILLING_DISABLED", ErrorKind::quota},
}};

// The names of google.rpc.Code.
constexpr std::array<Word, 14> kStatuses = {{
    {"INVALID_ARGUMENT", ErrorKind::invalid_request},
    {"FAILED_PRECONDITION", ErrorKind::invalid_request},
    {"OUT_OF_RANGE", ErrorKind::invalid_request},
    {"UNAUTHENTICATED", ErrorKind::authentication},
    {"PERMISSION_DENIED", ErrorKind::permission},
    {"NOT_FOUND", ErrorKind::not_found},
    {"RESOURCE_EXHAUSTED", ErrorKind::rate_limited},
    {"UNAVAILABLE", ErrorKind::overloaded},
    {"DEADLINE_EXCEEDED", ErrorKind::timeout},
    {"INTERNAL", ErrorKind::server},
    {"UNKNOWN", ErrorKind::server},
    {"ABORTED", ErrorKind::server},
    {"DATA_LOSS", ErrorKind::server},
    {"UNIMPLEMENTED", ErrorKind::unsupported},
}};

// For what is said in the message alone; lower case.
constexpr std::array<Word, 3> kPhrases = {{
    {"input token count", ErrorKind::context_length},
    {"exceeds the maximum number of tokens", ErrorKind::context_length},
    {"location is not supported", ErrorKind::permission},
}};

struct GoogleComplaint : Complaint {
  std::string reason;
  int number = 0;  // the HTTP status inside the body
  bool daily_quota = false;
};

// "34.074824224s", the JSON form of google.protobuf.Duration.
std::optional<double> seconds(const Json& duration) {
  const std::string text = scalar_text(duration);
  double value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool whole = read.ec == std::errc() && read.ptr + 1 == text.data() + text.size();
  if (!whole || *read.ptr != 's' || value < 0) return std::nullopt;
  return value;
}

void read_detail(const Json& detail, GoogleComplaint& complaint) {
  const std::string type = scalar_text(detail["@type"]);
  if (type.ends_with("google.rpc.ErrorInfo")) complaint.reason = scalar_text(detail["reason"]);
  if (type.ends_with("google.rpc.RetryInfo"))
    complaint.retry_after_seconds = seconds(detail["retryDelay"]);
  if (type.ends_with("google.rpc.RequestInfo"))
    complaint.request_id = scalar_text(detail["requestId"]);
  if (type.ends_with("google.rpc.BadRequest"))
    complaint.parameter = scalar_text(detail["fieldViolations"][0]["field"]);
  if (!type.ends_with("google.rpc.QuotaFailure")) return;
  for (const Json& violation : detail["violations"].items())
    if (scalar_text(violation["quotaId"]).find("PerDay") != std::string::npos)
      complaint.daily_quota = true;
}

GoogleComplaint complaint_in(const Json& body) {
  if (body.is_array()) return body.empty() ? GoogleComplaint() : complaint_in(body[0]);
  GoogleComplaint complaint;
  const Json error = body["error"];
  if (error.is_string()) {  // OAuth's: {"error":"invalid_grant","error_description":"…"}
    complaint.code = scalar_text(error);
    complaint.message = scalar_text(body["error_description"]);
  }
  if (!error.is_object()) return complaint;
  complaint.message = scalar_text(error["message"]);
  complaint.code = scalar_text(error["status"]);
  const std::string number = scalar_text(error["code"]);
  std::from_chars(number.data(), number.data() + number.size(), complaint.number);
  if (complaint.code.empty()) complaint.code = number;
  if (!error["details"].is_array()) return complaint;
  for (const Json& detail : error["details"].items()) read_detail(detail, complaint);
  return complaint;
}

template <std::size_t N>
const Word* find(const std::array<Word, N>& words, std::string_view wanted) {
  for (const Word& word : words)
    if (word.word == wanted) return &word;
  return nullptr;
}

ErrorKind kind_of(const GoogleComplaint& complaint, int status) {
  if (const Word* reason = find(kReasons, complaint.reason)) return reason->kind;
  const std::string message = ascii_lower(complaint.message);
  for (const Word& phrase : kPhrases)
    if (message.find(phrase.word) != std::string::npos) return phrase.kind;
  if (const Word* word = find(kStatuses, complaint.code)) {
    const bool for_today = complaint.daily_quota && !complaint.retry_after_seconds;
    return word->kind == ErrorKind::rate_limited && for_today ? ErrorKind::quota : word->kind;
  }
  const bool says_more = status < 300 && complaint.number >= 400;
  return kind_of_status(says_more ? complaint.number : status);
}

Complaint resolved(GoogleComplaint complaint, int status) {
  complaint.kind = kind_of(complaint, status);
  return complaint;
}

}  // namespace

ApiError google_error(const HttpReply& reply, const Endpoint& endpoint) {
  GoogleComplaint complaint = complaint_in(parse_or_null(utf8::repair(reply.body)));
  return api_error(resolved(std::move(complaint), reply.status), reply, endpoint);
}

ApiError google_error_in_reply(std::string_view json, std::string_view provider) {
  return api_error_in_reply(resolved(complaint_in(parse_or_null(json)), 200), json, provider);
}

}  // namespace v0
}  // namespace lian
