#include "model/provider/openai_finish.hpp"

#include <string>
#include <utility>

#include "model/provider/api_error.hpp"

namespace lian {
inline namespace v0 {

namespace {

[[noreturn]] void throw_failed(std::string_view word, const OpenAIDialect& dialect) {
  Complaint complaint;
  complaint.code = std::string(word);
  complaint.message = "the model stopped with the finish reason " + complaint.code;
  complaint.kind = ErrorKind::server;
  throw api_error_in_reply(std::move(complaint), {}, dialect.name);
}

}  // namespace

FinishReason openai_finish_reason(std::string_view word, const OpenAIDialect& dialect) {
  if (word.empty()) return FinishReason::none;
  if (word == "stop") return FinishReason::stop;
  if (word == "length") return FinishReason::length;
  if (word == "tool_calls" || word == "function_call") return FinishReason::tool_calls;
  if (word == "content_filter") return FinishReason::content_filter;
  for (const FinishWord& known : dialect.finish_words) {
    if (known.word != word) continue;
    if (known.failure) throw_failed(word, dialect);
    return known.reason;
  }
  return FinishReason::other;
}

FinishReason missing_finish_reason(bool any_tool_call) noexcept {
  return any_tool_call ? FinishReason::tool_calls : FinishReason::stop;
}

}  // namespace v0
}  // namespace lian
