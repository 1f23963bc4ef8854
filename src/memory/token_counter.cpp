#include "lian/memory/token_counter.hpp"

#include <cmath>
#include <string_view>
#include <variant>

#include "lian/core/error.hpp"
#include "lian/core/utf8.hpp"

namespace lian {
inline namespace v0 {
namespace {

// What a tool call is counted as; LangChain counts it as Python shows it.
constexpr std::string_view around_calls = "[]", between_calls = ", ";
constexpr std::string_view around_call = "{'name': '', 'args': , 'id': '', 'type': 'tool_call'}";

// Code points of a message, those of languages without spaces apart, and its images.
class Measure {
 public:
  void text(std::string_view text) {
    for (std::size_t at = 0; at < text.size();) {
      if (utf8::is_cjk(utf8::next(text, at)))
        ++cjk_;
      else
        ++others_;
    }
  }
  void length(std::size_t chars) { others_ += chars; }

  void operator()(const TextPart& part) { text(part.text); }
  void operator()(const ReasoningPart& part) { text(part.text); }
  void operator()(const RefusalPart& part) { text(part.text); }
  void operator()(const ImagePart&) { ++images_; }
  void operator()(const AudioPart& part) { source(part.source); }
  void operator()(const FilePart& part) {
    source(part.source);
    text(part.name);
  }
  void operator()(const ToolCall& call) {
    length(calls_ == 0 ? around_calls.size() : between_calls.size());
    length(around_call.size());
    ++calls_;
    text(call.name);
    text(call.arguments);
    text(call.id);
  }
  void operator()(const ToolResult& result) {
    text(result.content);
    text(result.call_id);
  }
  void operator()(const UnknownPart& part) { text(part.value.dump()); }

  double tokens(const TokenEstimate& estimate) const {
    const double chars = static_cast<double>(others_) / estimate.chars_per_token();
    const double cjk = static_cast<double>(cjk_) * estimate.tokens_per_cjk_char();
    return std::ceil(chars + cjk) + static_cast<double>(images_) * estimate.tokens_per_image();
  }

 private:
  void source(const MediaSource& source) {
    text(source.url);
    text(source.file_id);
    length((source.data.size() + 2) / 3 * 4);  // it travels as base64
  }
  std::size_t others_ = 0, cjk_ = 0, images_ = 0, calls_ = 0;
};

double tokens_of(const Message& message, const TokenEstimate& estimate) {
  Measure measure;
  for (const Part& part : message.parts) std::visit(measure, part);
  measure.text(message.role == Role::other ? message.role_name : to_string(message.role));
  if (estimate.count_name()) measure.text(message.name);
  return measure.tokens(estimate) + estimate.extra_tokens_per_message();
}

void check(const TokenEstimate& estimate) {
  if (estimate.chars_per_token() > 0 && estimate.tokens_per_cjk_char() > 0 &&
      estimate.extra_tokens_per_message() >= 0 && estimate.tokens_per_image() >= 0)
    return;
  throw Error(
      ErrorKind::config,
      "count_tokens_approximately: chars_per_token and tokens_per_cjk_char must be above 0, "
      "the other numbers not below");
}

std::int64_t estimate_range(const Message* begin, const Message* end,
                            const TokenEstimate& estimate) {
  check(estimate);
  double tokens = 0;
  for (const Message* message = begin; message != end; ++message) {
    tokens += tokens_of(*message, estimate);
  }
  if (!estimate.tools().empty()) {
    Measure measure;
    measure.text(estimate.tools().dump());
    tokens += measure.tokens(estimate);
  }
  return static_cast<std::int64_t>(std::ceil(tokens));
}

}  // namespace

std::int64_t count_tokens_approximately(const Messages& messages, const TokenEstimate& estimate) {
  return estimate_range(messages.data(), messages.data() + messages.size(), estimate);
}

TokenCounter::TokenCounter(TokenEstimate estimate)
    : TokenCounter([estimate = std::move(estimate)](const Messages& messages) {
        return count_tokens_approximately(messages, estimate);
      }) {}

std::int64_t TokenCounter::operator()(const Messages& messages) const {
  if (whole_) return (*whole_)(messages);
  return (*this)(messages.data(), messages.data() + messages.size());
}

std::int64_t TokenCounter::operator()(const Message* begin, const Message* end) const {
  if (whole_) return (*whole_)(Messages(begin, end));
  if (!each_) return estimate_range(begin, end, TokenEstimate());
  std::int64_t tokens = 0;
  for (const Message* message = begin; message != end; ++message) tokens += (*each_)(*message);
  return tokens;
}

}  // namespace v0
}  // namespace lian
