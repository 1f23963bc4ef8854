#include "lian/model/chat_request.hpp"

#include "lian/core/event.hpp"

namespace lian {
inline namespace v0 {
namespace {

template <class T>
void take(std::optional<T>& out, const std::optional<T>& over) {
  if (over) out = over;
}

template <class T>
void take(T& out, const T& over) {
  if (!over.empty()) out = over;
}

}  // namespace

ToolChoice::ToolChoice(std::string_view word) {
  if (word == "auto") return;
  if (word == "none") {
    mode_ = Mode::none;
  } else if (word == "required" || word == "any") {
    mode_ = Mode::required;
  } else {
    mode_ = Mode::named;
    name_ = word;
  }
}

ResponseFormat ResponseFormat::json_object() {
  ResponseFormat format;
  format.kind_ = Kind::json_object;
  return format;
}

ResponseFormat ResponseFormat::json_schema(std::string name, Json schema, bool strict,
                                           std::string description) {
  ResponseFormat format;
  format.kind_ = Kind::json_schema;
  format.name_ = std::move(name);
  format.schema_ = std::move(schema);
  format.strict_ = strict;
  format.description_ = std::move(description);
  return format;
}

ChatOptions ChatOptions::merged(const ChatOptions& over) const {
  ChatOptions out = *this;
  take(out.model_, over.model_);
  take(out.reasoning_effort_, over.reasoning_effort_);
  take(out.user_, over.user_);
  take(out.temperature_, over.temperature_);
  take(out.top_p_, over.top_p_);
  take(out.presence_penalty_, over.presence_penalty_);
  take(out.frequency_penalty_, over.frequency_penalty_);
  take(out.max_tokens_, over.max_tokens_);
  take(out.seed_, over.seed_);
  take(out.n_, over.n_);
  take(out.top_logprobs_, over.top_logprobs_);
  take(out.logprobs_, over.logprobs_);
  take(out.parallel_tool_calls_, over.parallel_tool_calls_);
  take(out.lenient_, over.lenient_);
  take(out.keep_raw_, over.keep_raw_);
  take(out.stop_, over.stop_);
  take(out.lenient_about_, over.lenient_about_);
  take(out.logit_bias_, over.logit_bias_);
  take(out.tools_, over.tools_);
  take(out.tool_choice_, over.tool_choice_);
  take(out.response_format_, over.response_format_);
  for (const std::string& field : over.extra_.keys()) out.extra_.set(field, over.extra_[field]);
  return out;
}

ChatOptions& ChatOptions::unset(std::string_view name) {
  if (name == "temperature") temperature_.reset();
  if (name == "top_p") top_p_.reset();
  if (name == "max_tokens") max_tokens_.reset();
  if (name == "stop") stop_.clear();
  if (name == "seed") seed_.reset();
  if (name == "n") n_.reset();
  if (name == "presence_penalty") presence_penalty_.reset();
  if (name == "frequency_penalty") frequency_penalty_.reset();
  if (name == "logit_bias") logit_bias_.clear();
  if (name == "logprobs") logprobs_.reset(), top_logprobs_.reset();
  if (name == "tools") tools_.clear(), tool_choice_.reset(), parallel_tool_calls_.reset();
  if (name == "tool_choice") tool_choice_.reset();
  if (name == "parallel_tool_calls") parallel_tool_calls_.reset();
  if (name == "response_format") response_format_.reset();
  if (name == "reasoning_effort") reasoning_effort_.clear();
  if (name == "user") user_.clear();
  return *this;
}

void append_text(std::string& out, const ChatInput& input) { append_text(out, input.messages); }

}  // namespace v0
}  // namespace lian
