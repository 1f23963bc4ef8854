#include "model/provider/palm_conversation.hpp"

#include <array>
#include <utility>
#include <variant>

#include "lian/core/error.hpp"
#include "model/provider/openai_messages.hpp"

namespace lian {
inline namespace v0 {
namespace {

bool is_system(const Message& message) {
  return message.role == Role::system || message.role == Role::developer;
}

// The text of messages; what is none is refused or, leniently, left out.
class TextOf {
 public:
  TextOf(bool lenient, std::string_view provider, std::vector<std::string>& warnings)
      : lenient_(lenient), provider_(provider), warnings_(warnings) {}

  std::string operator()(const Message& message) const {
    std::string text;
    for (const Part& part : message.parts) {
      if (const auto* plain = std::get_if<TextPart>(&part))
        text += plain->text;
      else if (const auto* refusal = std::get_if<RefusalPart>(&part))
        text += refusal->text;
      else if (!std::holds_alternative<ReasoningPart>(part))
        leave_out(std::holds_alternative<UnknownPart>(part) ? "parts of this kind" : "tools");
    }
    check_request_utf8(text, "messages");
    return text;
  }

 private:
  void leave_out(const std::string& what) const {
    const std::string why = std::string(provider_) + " does not take " + what;
    if (!lenient_) throw UnsupportedError(why + "; nothing was sent", what);
    warnings_.push_back(why + ": they were left out of the conversation");
  }

  bool lenient_;
  std::string_view provider_;
  std::vector<std::string>& warnings_;
};

struct Turn {
  bool of_model;
  std::string text;
};

void append_line(std::string& text, std::string_view line) {
  if (!text.empty()) text += '\n';
  text += line;
}

}  // namespace

Json palm_chat_prompt(const ChatRequest& request, const PalmAuthors& authors,
                      std::string_view provider, std::vector<std::string>& warnings) {
  const TextOf text_of(request.options.lenient(), provider, warnings);
  std::string context;
  std::vector<Turn> turns;
  for (const Message& message : request.messages) {
    const std::string text = text_of(message);
    const bool of_model = message.role == Role::assistant;
    if (is_system(message))
      append_line(context, text);
    else if (text.empty() && (of_model || message.role == Role::tool))
      continue;  // only tools were in it
    else if (!turns.empty() && turns.back().of_model == of_model)
      append_line(turns.back().text, text);
    else
      turns.push_back(Turn{of_model, text});
  }
  const Json& extra = request.options.extra();
  Json prompt = Json::object();
  if (!context.empty()) prompt.set("context", context);
  Json messages = Json::array();
  for (const Turn& turn : turns)
    messages.push_back(Json::object(
        {{"author", turn.of_model ? authors.model : authors.user}, {"content", turn.text}}));
  prompt.set("messages", std::move(messages));
  for (const char* field : {"context", "examples", "messages"})
    if (extra.contains(field)) prompt.set(field, extra[field]);
  if (extra.contains("messages")) return prompt;
  if (turns.empty() || turns.front().of_model || turns.back().of_model)
    refuse_request(std::string(provider) +
                   " needs a conversation that the user begins and has the last word in");
  return prompt;
}

std::string palm_text_prompt(const ChatRequest& request, std::string_view provider,
                             std::vector<std::string>& warnings) {
  if (request.messages.size() != 1 || request.messages[0].role != Role::user)
    refuse_request("a text completion of " + std::string(provider) + " takes one user message");
  return TextOf(request.options.lenient(), provider, warnings)(request.messages[0]);
}

Json palm_settings(const ChatOptions& options) {
  if (options.max_tokens() && *options.max_tokens() < 1)
    refuse_request("max_tokens is " + std::to_string(*options.max_tokens()) +
                   " but must be at least 1");
  Json settings = Json::object();
  const auto set = [&](std::string_view name, const auto& value) {
    if (value) settings.set(name, *value);
  };
  set("temperature", options.temperature());
  set("maxOutputTokens", options.max_tokens());
  set("topP", options.top_p());
  set("candidateCount", options.n());
  set("seed", options.seed());
  set("presencePenalty", options.presence_penalty());
  set("frequencyPenalty", options.frequency_penalty());
  if (!options.stop().empty()) {
    Json stop = Json::array();
    for (const std::string& text : options.stop()) {
      check_request_utf8(text, "stop");
      stop.push_back(text);
    }
    settings.set("stopSequences", std::move(stop));
  }
  if (options.logit_bias().empty()) return settings;
  Json bias = Json::object();
  for (const auto& [token, value] : options.logit_bias()) bias.set(token, value);
  return settings.set("logitBias", std::move(bias));
}

ChatAbilities palm_abilities() {
  ChatAbilities abilities;
  abilities.tools = abilities.tool_choice_none = abilities.tool_choice_required =
      abilities.tool_choice_named = abilities.parallel_tool_calls = false;
  abilities.images = abilities.audio = abilities.files = false;
  abilities.json_object = abilities.json_schema = abilities.reasoning_effort = false;
  abilities.logprobs = abilities.user = false;
  abilities.max_alternatives = 8;
  abilities.max_stop = 5;
  abilities.temperature = Range(0, 1);
  return abilities;
}

}  // namespace v0
}  // namespace lian
