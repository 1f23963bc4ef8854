#include "model/provider/qwen_error.hpp"

#include <array>
#include <charconv>
#include <string>
#include <utility>

#include "core/ascii.hpp"
#include "lian/core/utf8.hpp"
#include "model/provider/api_error.hpp"
#include "model/provider/openai_error.hpp"

namespace lian {
inline namespace v0 {

namespace {

// For codes that say no more than "InvalidParameter"; lower case.
constexpr std::array<std::string_view, 3> too_long = {
    "range of input length", "maximum context length", "input length exceeds"};

bool has(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

bool is_name(char c) {
  return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

std::string_view word_at(std::string_view text, std::size_t at) {
  std::size_t end = at;
  while (end < text.size() && is_name(text[end])) ++end;
  return text.substr(at, end - at);
}

// "Range of max_tokens should be [1, 8192]", "parameter.enable_thinking must be set to false",
// "Temperature should be in [0.0, 2.0)".
std::string parameter_in(std::string_view message) {
  for (const std::string_view before : {"Range of ", "parameters.", "parameter."}) {
    const std::size_t at = message.find(before);
    if (at != std::string_view::npos) return std::string(word_at(message, at + before.size()));
  }
  const std::string_view first = word_at(message, 0);
  const std::string_view rest = message.substr(first.size());
  const bool is_told = rest.starts_with(" should be") || rest.starts_with(" must be");
  return is_told ? ascii_lower(first) : std::string();
}

ErrorKind kind_of(const Complaint& complaint, int status) {
  const std::string message = ascii_lower(complaint.message);
  for (const std::string_view phrase : too_long)
    if (has(message, phrase)) return ErrorKind::context_length;
  for (const VendorCode& known : qwen_codes)
    if (has(complaint.code, known.code)) return known.kind;
  return kind_of_status(status);
}

Complaint complaint_in(const Json& body, int status) {
  Complaint complaint;
  complaint.code = scalar_text(body["code"]);
  complaint.message = scalar_text(body["message"]);
  complaint.request_id = scalar_text(body["request_id"]);
  complaint.kind = kind_of(complaint, status);
  if (*complaint.kind == ErrorKind::invalid_request)
    complaint.parameter = parameter_in(complaint.message);
  return complaint;
}

// 0 where no comment tells.
int status_in(std::string_view comments) {
  constexpr std::string_view sign = ":HTTP_STATUS/";
  const std::size_t at = comments.find(sign);
  int status = 0;
  if (at != std::string_view::npos)
    std::from_chars(comments.data() + at + sign.size(), comments.data() + comments.size(), status);
  return status;
}

}  // namespace

ApiError qwen_error(const HttpReply& reply, const Endpoint& endpoint) {
  const Json body = parse_or_null(utf8::repair(reply.body));
  if (!body["error"].is_null()) return openai_error(reply, endpoint);  // a gateway's
  return api_error(complaint_in(body, reply.status), reply, endpoint);
}

ApiError qwen_error_in_reply(std::string_view json, std::string_view comments) {
  const Json body = parse_or_null(json);
  if (!body["error"].is_null()) return openai_error_in_reply(json, named("qwen"));
  const int status = status_in(comments);
  ApiError error = api_error_in_reply(complaint_in(body, status), json, "qwen");
  if (status >= 400) error.status = status;
  return error;
}

}  // namespace v0
}  // namespace lian
