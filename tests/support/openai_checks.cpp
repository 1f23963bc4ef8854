#include "support/openai_checks.hpp"

#include <map>
#include <set>
#include <string_view>

namespace lian::test {
namespace {

using nlohmann::json;
using Check = std::optional<Refusal>;
using Test = bool (*)(const json&);

struct Field {
  Test test;
  const char* wanted;
};

bool any(const json&) { return true; }
bool text(const json& value) { return value.is_string() && !value.empty(); }
bool boolean(const json& value) { return value.is_boolean(); }
bool integer(const json& value) { return value.is_number_integer(); }
bool positive(const json& value) { return value.is_number_integer() && value.get<long>() > 0; }
bool object(const json& value) { return value.is_object(); }

bool filled_array(const json& value) { return value.is_array() && !value.empty(); }

template <int Low, int High>
bool between(const json& value) {
  return value.is_number() && value.get<double>() >= Low && value.get<double>() <= High;
}

template <int Low, int High>
bool whole_between(const json& value) {
  return value.is_number_integer() && between<Low, High>(value);
}

bool stop(const json& value) {
  if (value.is_null() || value.is_string()) return true;
  if (!value.is_array() || value.empty() || value.size() > 4) return false;
  for (const auto& item : value) {
    if (!item.is_string()) return false;
  }
  return true;
}

bool text_map(const json& value) {
  if (!value.is_object() || value.size() > 16) return false;
  for (const auto& [key, item] : value.items()) {
    if (key.size() > 64 || !item.is_string() || item.get_ref<const std::string&>().size() > 512) {
      return false;
    }
  }
  return true;
}

template <const char* const& Names>
bool one_of(const json& value) {
  if (!value.is_string()) return false;
  const std::string wrapped = "|" + value.get<std::string>() + "|";
  return std::string_view(Names).find(wrapped) != std::string_view::npos;
}

constexpr const char* efforts = "|none|minimal|low|medium|high|xhigh|max|";
constexpr const char* verbosities = "|low|medium|high|";
constexpr const char* tiers = "|auto|default|flex|scale|priority|fast|";
constexpr const char* retentions = "|in_memory|24h|";
constexpr const char* encodings = "|float|base64|";

const std::map<std::string, Field>& chat_fields() {
  static const std::map<std::string, Field> fields{
      {"model", {text, "a non-empty string"}},
      {"messages", {filled_array, "a non-empty array"}},
      {"max_completion_tokens", {positive, "a positive integer"}},
      {"max_tokens", {positive, "a positive integer"}},
      {"temperature", {between<0, 2>, "a number from 0 to 2"}},
      {"top_p", {between<0, 1>, "a number from 0 to 1"}},
      {"n", {whole_between<1, 128>, "an integer from 1 to 128"}},
      {"stop", {stop, "a string or up to four strings"}},
      {"seed", {integer, "an integer"}},
      {"presence_penalty", {between<-2, 2>, "a number from -2 to 2"}},
      {"frequency_penalty", {between<-2, 2>, "a number from -2 to 2"}},
      {"logit_bias", {object, "an object"}},
      {"logprobs", {boolean, "a boolean"}},
      {"top_logprobs", {whole_between<0, 20>, "an integer from 0 to 20"}},
      {"stream", {boolean, "a boolean"}},
      {"stream_options", {object, "an object"}},
      {"tools", {filled_array, "a non-empty array"}},
      {"tool_choice", {any, ""}},
      {"parallel_tool_calls", {boolean, "a boolean"}},
      {"response_format", {object, "an object"}},
      {"reasoning_effort", {one_of<efforts>, efforts}},
      {"verbosity", {one_of<verbosities>, verbosities}},
      {"modalities", {filled_array, "a non-empty array"}},
      {"audio", {object, "an object"}},
      {"prediction", {object, "an object"}},
      {"web_search_options", {object, "an object"}},
      {"service_tier", {one_of<tiers>, tiers}},
      {"store", {boolean, "a boolean"}},
      {"metadata", {text_map, "at most 16 short strings"}},
      {"user", {text, "a non-empty string"}},
      {"safety_identifier", {text, "a non-empty string"}},
      {"prompt_cache_key", {text, "a non-empty string"}},
      {"prompt_cache_retention", {one_of<retentions>, retentions}},
      {"prompt_cache_options", {object, "an object"}},
      {"moderation", {any, ""}},
      {"functions", {filled_array, "a non-empty array"}},
      {"function_call", {any, ""}}};
  return fields;
}

const std::map<std::string, Field>& embedding_fields() {
  static const std::map<std::string, Field> fields{
      {"model", {text, "a non-empty string"}},
      {"input", {any, ""}},
      {"dimensions", {positive, "a positive integer"}},
      {"encoding_format", {one_of<encodings>, encodings}},
      {"user", {text, "a non-empty string"}}};
  return fields;
}

Check check_fields(const json& body, const std::map<std::string, Field>& fields,
                   const std::set<std::string>& required) {
  if (!body.is_object()) return Refusal{"The body must be a JSON object.", ""};
  for (const auto& name : required) {
    if (!body.contains(name)) return Refusal{"Missing required parameter: '" + name + "'.", name};
  }
  for (const auto& [name, value] : body.items()) {
    const auto field = fields.find(name);
    if (field == fields.end()) return Refusal{"Unrecognized request argument: " + name, name};
    if (!field->second.test(value)) {
      return Refusal{"Invalid value for '" + name + "': expected " + field->second.wanted, name};
    }
  }
  return std::nullopt;
}

Refusal refuse(std::size_t index, const std::string& message) {
  const std::string param = "messages.[" + std::to_string(index) + "]";
  return Refusal{"Invalid '" + param + "': " + message, param};
}

bool is_part(const json& part, const std::string& role) {
  if (!part.is_object() || !part.contains("type") || !part["type"].is_string()) return false;
  const std::string type = part["type"];
  if (type == "text") return part.contains("text") && part["text"].is_string();
  if (type == "refusal") return role == "assistant" && part.contains("refusal");
  const bool media = type == "image_url" || type == "input_audio" || type == "file";
  return media && role == "user" && part.contains(type) && part[type].is_object();
}

bool is_content(const json& content, const std::string& role) {
  if (content.is_string()) return true;
  if (!content.is_array() || content.empty()) return false;
  for (const auto& part : content) {
    if (!is_part(part, role)) return false;
  }
  return true;
}

bool is_tool_call(const json& call) {
  if (!call.is_object() || !call.contains("id") || !call["id"].is_string()) return false;
  if (call.value("type", "") != "function" || !call.contains("function")) return false;
  const json& function = call["function"];
  return function.is_object() && function.contains("name") && function["name"].is_string() &&
         function.contains("arguments") && function["arguments"].is_string();
}

// Follows the roles through the conversation: tool messages must answer the calls before them.
class Conversation {
 public:
  Check add(const json& message, std::size_t index) {
    if (!message.is_object() || !message.contains("role") || !message["role"].is_string()) {
      return refuse(index, "a message needs a role");
    }
    const std::string role = message["role"];
    if (role == "tool") return add_answer(message, index);
    if (!open_calls_.empty()) {
      return refuse(index, "the tool call " + *open_calls_.begin() + " has no answer");
    }
    if (role == "assistant") return add_assistant(message, index);
    const std::set<std::string> known{"system", "developer", "user", "function"};
    if (!known.count(role)) return refuse(index, "unknown role " + role);
    return check_content(message, role, index);
  }

  Check finish(std::size_t count) const {
    if (open_calls_.empty()) return std::nullopt;
    return refuse(count - 1, "the tool call " + *open_calls_.begin() + " has no answer");
  }

 private:
  static Check check_content(const json& message, const std::string& role, std::size_t index) {
    static const std::set<std::string> fields{"role",         "content",      "name",
                                              "tool_calls",   "refusal",      "audio",
                                              "tool_call_id", "function_call"};
    for (const auto& [name, value] : message.items()) {
      if (!fields.count(name)) return refuse(index, "unknown field " + name);
    }
    const bool may_be_null = role == "assistant" && message.contains("tool_calls");
    const bool absent = !message.contains("content") || message["content"].is_null();
    if (absent && may_be_null) return std::nullopt;
    if (absent || !is_content(message["content"], role)) {
      return refuse(index, "the content does not fit the role " + role);
    }
    return std::nullopt;
  }

  Check add_assistant(const json& message, std::size_t index) {
    if (const auto refusal = check_content(message, "assistant", index)) return refusal;
    if (!message.contains("tool_calls")) return std::nullopt;
    if (!filled_array(message["tool_calls"])) return refuse(index, "tool_calls must not be empty");
    for (const auto& call : message["tool_calls"]) {
      if (!is_tool_call(call)) return refuse(index, "a malformed tool call");
      open_calls_.insert(call["id"].get<std::string>());
    }
    return std::nullopt;
  }

  Check add_answer(const json& message, std::size_t index) {
    if (const auto refusal = check_content(message, "tool", index)) return refusal;
    const std::string id = message.value("tool_call_id", "");
    if (open_calls_.erase(id) == 0) return refuse(index, "it answers no tool call: " + id);
    return std::nullopt;
  }

  std::set<std::string> open_calls_;
};

bool is_tool(const json& tool) {
  if (!tool.is_object() || !tool.contains("type") || !tool["type"].is_string()) return false;
  const std::string type = tool["type"];
  if (type != "function" && type != "custom") return false;
  if (!tool.contains(type) || !tool[type].is_object()) return false;
  const std::string name = tool[type].value("name", "");
  constexpr const char* letters =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
  const bool named = !name.empty() && name.size() <= 64;
  return named && name.find_first_not_of(letters) == std::string::npos;
}

Check check_tools(const json& body) {
  if (!body.contains("tools")) {
    if (!body.contains("tool_choice")) return std::nullopt;
    return Refusal{"'tool_choice' is only allowed when 'tools' are specified.", "tool_choice"};
  }
  for (const auto& tool : body["tools"]) {
    if (!is_tool(tool)) return Refusal{"Invalid tool: " + tool.dump(), "tools"};
  }
  return std::nullopt;
}

Check check_stream_options(const json& body) {
  if (!body.contains("stream_options")) return std::nullopt;
  const std::string param = "stream_options";
  if (!body.value("stream", false)) {
    return Refusal{"The 'stream_options' parameter is only allowed when 'stream' is true.", param};
  }
  for (const auto& [name, value] : body["stream_options"].items()) {
    const bool known = name == "include_usage" || name == "include_obfuscation";
    if (!known || !value.is_boolean()) return Refusal{"Invalid stream option: " + name, param};
  }
  return std::nullopt;
}

Check check_response_format(const json& body) {
  if (!body.contains("response_format")) return std::nullopt;
  const json& format = body["response_format"];
  const std::string type = format.value("type", "");
  const bool plain = type == "text" || type == "json_object";
  const bool schema = type == "json_schema" && format.contains("json_schema") &&
                      format["json_schema"].is_object() && format["json_schema"].contains("name");
  if (plain || schema) return std::nullopt;
  return Refusal{"Invalid response format: " + format.dump(), "response_format"};
}

bool is_input(const json& input) {
  if (input.is_string()) return !input.get_ref<const std::string&>().empty();
  if (!input.is_array() || input.empty() || input.size() > 2048) return false;
  for (const auto& item : input) {
    const bool words = item.is_string() && !item.get_ref<const std::string&>().empty();
    if (!words && !item.is_number_unsigned() && !filled_array(item)) return false;
  }
  return true;
}

}  // namespace

Check check_chat_request(const json& body) {
  if (const auto refusal = check_fields(body, chat_fields(), {"model", "messages"})) return refusal;
  Conversation conversation;
  std::size_t index = 0;
  for (const auto& message : body["messages"]) {
    if (const auto refusal = conversation.add(message, index++)) return refusal;
  }
  if (const auto refusal = conversation.finish(index)) return refusal;
  if (const auto refusal = check_tools(body)) return refusal;
  if (const auto refusal = check_stream_options(body)) return refusal;
  return check_response_format(body);
}

Check check_embeddings_request(const json& body) {
  if (const auto refusal = check_fields(body, embedding_fields(), {"model", "input"})) {
    return refusal;
  }
  if (is_input(body["input"])) return std::nullopt;
  return Refusal{"'input' must be non-empty text, or a list of it.", "input"};
}

}  // namespace lian::test
