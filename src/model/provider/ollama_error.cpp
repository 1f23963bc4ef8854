#include <array>
#include <string>
#include <utility>

#include "core/ascii.hpp"
#include "lian/core/utf8.hpp"
#include "model/provider/api_error.hpp"
#include "model/provider/ollama.hpp"
#include "model/provider/openai_error.hpp"

namespace lian {
inline namespace v0 {

namespace {

struct Phrase {
  std::string_view words;  // lower case
  ErrorKind kind;
};

// An error is a text and no more; what its status does not tell stands in it.
constexpr std::array<Phrase, 9> phrases = {{
    {"context length", ErrorKind::context_length},
    {"context window", ErrorKind::context_length},
    {"exceeds the available context", ErrorKind::context_length},
    {"not found", ErrorKind::not_found},
    {"does not exist", ErrorKind::not_found},
    {"unauthorized", ErrorKind::authentication},
    {"usage limit", ErrorKind::rate_limited},
    {"server busy", ErrorKind::overloaded},
    {"does not support", ErrorKind::invalid_request},
}};

std::optional<ErrorKind> kind_told(std::string_view message) {
  const std::string lower = ascii_lower(message);
  for (const Phrase& phrase : phrases)
    if (lower.find(phrase.words) != std::string::npos) return phrase.kind;
  return std::nullopt;
}

Complaint complaint_in(const Json& body, int status) {
  Complaint complaint;
  complaint.message = scalar_text(body["error"]);
  const bool is_clear = status >= 400 && status != 400 && status < 500;
  if (!is_clear) complaint.kind = kind_told(complaint.message);
  return complaint;
}

}  // namespace

ApiError ollama_error(const HttpReply& reply, const Endpoint& endpoint) {
  const Json body = parse_or_null(utf8::repair(reply.body));
  if (body["error"].is_object()) return openai_error(reply, endpoint);  // a gateway's
  return api_error(complaint_in(body, reply.status), reply, endpoint);
}

ApiError ollama_error_in_reply(std::string_view json) {
  const Json body = parse_or_null(json);
  if (body["error"].is_object()) return openai_error_in_reply(json, named("ollama"));
  return api_error_in_reply(complaint_in(body, 200), json, "ollama");
}

}  // namespace v0
}  // namespace lian
