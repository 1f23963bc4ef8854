#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lian/core/export.hpp"
#include "lian/core/json.hpp"
#include "lian/core/message.hpp"

namespace lian {
inline namespace v0 {

/// A tool as the model is told of it. `parameters` is a JSON Schema of type object; `extra` holds
/// further fields of the provider's own tool object, sent as they are.
struct ToolSpec {
  ToolSpec() = default;
  ToolSpec(std::string name_in, std::string description_in, Json parameters_in)
      : name(std::move(name_in)),
        description(std::move(description_in)),
        parameters(std::move(parameters_in)) {}
  std::string name, description;
  Json parameters;
  bool strict = false;
  Json extra;
  friend bool operator==(const ToolSpec&, const ToolSpec&) = default;
};

/// Which tools the model may call: `automatic` (default), `none`, `required`, or one by name.
class LIAN_API ToolChoice {
 public:
  enum class Mode { automatic, none, required, named };
  ToolChoice(Mode mode = Mode::automatic) : mode_(mode) {}
  /// "auto", "none", "required" (or "any"); anything else is a tool's name.
  ToolChoice(std::string_view word);
  ToolChoice(const char* word) : ToolChoice(std::string_view(word)) {}
  Mode mode() const noexcept { return mode_; }
  const std::string& name() const noexcept { return name_; }
  friend bool operator==(const ToolChoice&, const ToolChoice&) = default;

 private:
  Mode mode_ = Mode::automatic;
  std::string name_;
};

/// What the reply must look like: text, any JSON object, or JSON of a schema.
class LIAN_API ResponseFormat {
 public:
  enum class Kind { text, json_object, json_schema };
  ResponseFormat() = default;
  static ResponseFormat json_object();
  static ResponseFormat json_schema(std::string name, Json schema, bool strict = true,
                                    std::string description = {});
  Kind kind() const noexcept { return kind_; }
  const std::string& name() const noexcept { return name_; }
  const std::string& description() const noexcept { return description_; }
  const Json& schema() const noexcept { return schema_; }
  bool strict() const noexcept { return strict_; }
  friend bool operator==(const ResponseFormat&, const ResponseFormat&) = default;

 private:
  Kind kind_ = Kind::text;
  std::string name_, description_;
  Json schema_;
  bool strict_ = false;
};

/// Settings of a chat call. What is not set is not sent: the provider's default holds. Chained
/// setters: `ChatOptions().model("gpt-4o-mini").temperature(0)`. Regular value.
struct LIAN_API ChatOptions {
 public:
  ChatOptions() = default;

  ChatOptions& model(std::string v) { return model_ = std::move(v), *this; }
  ChatOptions& temperature(double v) { return temperature_ = v, *this; }
  ChatOptions& top_p(double v) { return top_p_ = v, *this; }
  ChatOptions& max_tokens(std::int64_t v) { return max_tokens_ = v, *this; }
  ChatOptions& stop(std::vector<std::string> v) { return stop_ = std::move(v), *this; }
  ChatOptions& seed(std::int64_t v) { return seed_ = v, *this; }
  ChatOptions& n(int v) { return n_ = v, *this; }  ///< alternatives to generate, >= 1
  ChatOptions& presence_penalty(double v) { return presence_penalty_ = v, *this; }
  ChatOptions& frequency_penalty(double v) { return frequency_penalty_ = v, *this; }
  ChatOptions& logit_bias(std::vector<std::pair<std::string, double>> v) {
    return logit_bias_ = std::move(v), *this;
  }
  ChatOptions& logprobs(bool v) { return logprobs_ = v, *this; }
  ChatOptions& top_logprobs(int v) { return top_logprobs_ = v, *this; }
  ChatOptions& tools(std::vector<ToolSpec> v) { return tools_ = std::move(v), *this; }
  ChatOptions& tool_choice(ToolChoice v) { return tool_choice_ = std::move(v), *this; }
  ChatOptions& parallel_tool_calls(bool v) { return parallel_tool_calls_ = v, *this; }
  ChatOptions& response_format(ResponseFormat v) {
    return response_format_ = std::move(v), *this;
  }
  /// "none", "minimal", "low", "medium", "high", …: the provider's own words.
  ChatOptions& reasoning_effort(std::string v) { return reasoning_effort_ = std::move(v), *this; }
  ChatOptions& user(std::string v) { return user_ = std::move(v), *this; }
  /// What the provider cannot take is left out, and a number outside its range moved into it, each
  /// with a warning; by default both are errors before a byte is sent.
  ChatOptions& lenient(bool v) { return lenient_ = v, *this; }
  /// Only these settings, e.g. {"stop"}, are left out where the provider does not take them.
  ChatOptions& lenient_about(std::vector<std::string> settings) {
    return lenient_about_ = std::move(settings), *this;
  }
  /// Keeps the provider's reply as it came in the message's `extra` under "raw": its JSON, of a
  /// stream an array of its events' JSON.
  ChatOptions& keep_raw(bool v) { return keep_raw_ = v, *this; }
  /// Any further request field, sent as it is; replaces a field lian would write itself.
  ChatOptions& extra(std::string_view field, Json v) {
    return extra_.set(field, std::move(v)), *this;
  }

  const std::string& model() const noexcept { return model_; }
  const std::optional<double>& temperature() const noexcept { return temperature_; }
  const std::optional<double>& top_p() const noexcept { return top_p_; }
  const std::optional<std::int64_t>& max_tokens() const noexcept { return max_tokens_; }
  const std::vector<std::string>& stop() const noexcept { return stop_; }
  const std::optional<std::int64_t>& seed() const noexcept { return seed_; }
  const std::optional<int>& n() const noexcept { return n_; }
  const std::optional<double>& presence_penalty() const noexcept { return presence_penalty_; }
  const std::optional<double>& frequency_penalty() const noexcept { return frequency_penalty_; }
  const std::vector<std::pair<std::string, double>>& logit_bias() const noexcept {
    return logit_bias_;
  }
  const std::optional<bool>& logprobs() const noexcept { return logprobs_; }
  const std::optional<int>& top_logprobs() const noexcept { return top_logprobs_; }
  const std::vector<ToolSpec>& tools() const noexcept { return tools_; }
  const std::optional<ToolChoice>& tool_choice() const noexcept { return tool_choice_; }
  const std::optional<bool>& parallel_tool_calls() const noexcept { return parallel_tool_calls_; }
  const std::optional<ResponseFormat>& response_format() const noexcept {
    return response_format_;
  }
  const std::string& reasoning_effort() const noexcept { return reasoning_effort_; }
  const std::string& user() const noexcept { return user_; }
  bool lenient() const noexcept { return lenient_.value_or(false); }
  const std::vector<std::string>& lenient_about() const noexcept { return lenient_about_; }
  bool keep_raw() const noexcept { return keep_raw_.value_or(false); }
  const Json& extra() const noexcept { return extra_; }
  /// Takes a setting back, so that it is not sent, by its setter's name.
  ChatOptions& unset(std::string_view name);

  /// From {"temperature": 0, "stop": ["…"], …} with the setters' names; "extra" is an object of
  /// further request fields. Throws Error{config} naming an unknown member or one of another type.
  static ChatOptions from_json(const Json& json);

  /// These options with everything that `over` sets replaced by it.
  ChatOptions merged(const ChatOptions& over) const;
  friend bool operator==(const ChatOptions&, const ChatOptions&) = default;

 private:
  std::string model_, reasoning_effort_, user_;
  std::optional<double> temperature_, top_p_, presence_penalty_, frequency_penalty_;
  std::optional<std::int64_t> max_tokens_, seed_;
  std::optional<int> n_, top_logprobs_;
  std::optional<bool> logprobs_, parallel_tool_calls_, lenient_, keep_raw_;
  std::vector<std::string> stop_, lenient_about_;
  std::vector<std::pair<std::string, double>> logit_bias_;
  std::vector<ToolSpec> tools_;
  std::optional<ToolChoice> tool_choice_;
  std::optional<ResponseFormat> response_format_;
  Json extra_;
};

/// What a chat model takes: made from a string (one user message), a message or messages.
struct ChatInput {
  ChatInput() = default;
  ChatInput(const char* text) : messages{user(text)} {}
  ChatInput(std::string text) : messages{user(std::move(text))} {}
  ChatInput(std::string_view text) : messages{user(std::string(text))} {}
  ChatInput(Message message) : messages{std::move(message)} {}
  ChatInput(Messages messages_in) : messages(std::move(messages_in)) {}
  ChatInput(std::initializer_list<Message> messages_in) : messages(messages_in) {}
  Messages messages;
};

/// The messages, as events show them.
LIAN_API void append_text(std::string& out, const ChatInput& input);

/// Messages and settings together: what a codec encodes.
struct ChatRequest {
  ChatRequest() = default;
  ChatRequest(Messages messages_in, ChatOptions options_in)
      : messages(std::move(messages_in)), options(std::move(options_in)) {}
  Messages messages;
  ChatOptions options;
  bool stream = false;
};

}  // namespace v0
}  // namespace lian
