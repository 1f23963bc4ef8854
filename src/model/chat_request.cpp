#include "lian/model/chat_request.hpp"

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
  take(out.stop_, over.stop_);
  take(out.logit_bias_, over.logit_bias_);
  take(out.tools_, over.tools_);
  take(out.tool_choice_, over.tool_choice_);
  take(out.response_format_, over.response_format_);
  for (const std::string& field : over.extra_.keys()) out.extra_.set(field, over.extra_[field]);
  return out;
}

}  // namespace v0
}  // namespace lian
