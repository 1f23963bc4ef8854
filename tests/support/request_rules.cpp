#include "support/request_rules.hpp"

#include <algorithm>
#include <cctype>
#include <set>
#include <stdexcept>

namespace lian::test {
namespace {

using nlohmann::json;
using Complaint = std::optional<std::string>;

bool has(const json& list, const json& item) {
  return std::find(list.begin(), list.end(), item) != list.end();
}

bool is_text(const json& value) {
  return value.is_string() && !value.get_ref<const std::string&>().empty();
}

bool are_texts(const json& value) {
  return value.is_array() && !value.empty() && std::all_of(value.begin(), value.end(), is_text);
}

Complaint unless(bool fits, std::string otherwise) {
  if (fits) return std::nullopt;
  return otherwise;
}

Complaint misfit_of_word(const json& value, const std::string& type) {
  if (type == "any") return std::nullopt;
  if (type == "text") return unless(is_text(value), "must be a text");
  if (type == "texts") return unless(are_texts(value), "must be a list of texts");
  if (type == "flag") return unless(value.is_boolean(), "must be true or false");
  if (type == "integer") return unless(value.is_number_integer(), "must be an integer");
  if (type == "number") return unless(value.is_number(), "must be a number");
  if (type == "object") return unless(value.is_object(), "must be an object");
  if (type == "positive")
    return unless(value.is_number_integer() && value.get<long>() > 0, "must be above 0");
  throw std::logic_error("the rules have an unknown type: " + type);
}

Complaint misfit_of_range(const json& value, const json& range, const std::string& open) {
  if (!value.is_number()) return "must be a number";
  const double number = value, low = range[0], high = range[1];
  const bool above = open == "low" ? number > low : number >= low;
  const bool below = open == "high" ? number < high : number <= high;
  return unless(above && below, "must lie in " + range.dump());
}

Complaint misfit_of_choice(const json& value, const json& allowed) {
  if (value.is_string()) return unless(has(allowed, value) && value != "named", "is unknown");
  const bool named = value.is_object() && value.value("type", "") == "function" &&
                     value.contains("function") && is_text(value["function"].value("name", json()));
  return unless(named && has(allowed, "named"), "must be a word the vendor knows");
}

Complaint misfit_of_format(const json& value, const json& allowed) {
  if (!value.is_object() || !has(allowed, value.value("type", ""))) return "is of no known type";
  if (value["type"] != "json_schema") return unless(value.size() == 1, "has too many members");
  const json schema = value.value("json_schema", json());
  return unless(schema.is_object() && is_text(schema.value("name", json())) &&
                    schema.value("schema", json()).is_object(),
                "must hold json_schema with a name and a schema");
}

Complaint misfit_of_tools(const json& value, const json& allowed) {
  constexpr const char* letters =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
  if (!value.is_array() || value.empty()) return "must not be empty";
  for (const json& tool : value) {
    const std::string type = tool.value("type", "");
    if (!has(allowed, type) || !tool.contains(type)) return "has an unknown tool " + tool.dump();
    const json& inner = tool[type];
    const std::string name = inner.value("name", "");
    if (name.empty() || name.size() > 64 || name.find_first_not_of(letters) != std::string::npos)
      return "has a tool without a proper name";
    if (inner.contains("parameters") && !inner["parameters"].is_object())
      return "has parameters that are no object";
  }
  return std::nullopt;
}

Complaint misfit_of_flags(const json& value, const json& names) {
  if (!value.is_object()) return "must be an object";
  for (const auto& [name, flag] : value.items())
    if (!has(names, name) || !flag.is_boolean()) return "has an unknown member " + name;
  return std::nullopt;
}

// Follows the roles: a call is answered at once and once, an answer has its call.
class Conversation {
 public:
  explicit Conversation(const json& rules) : rules_(rules) {}

  Complaint add(const json& message) {
    if (!message.is_object()) return "is no object";
    const std::string role = message.value("role", "");
    if (!has(rules_["roles"], role)) return "has the role " + role;
    for (const auto& [name, value] : message.items())
      if (!has(rules_["fields"], name)) return "has an unknown field " + name;
    Complaint wrong = role == "tool" ? answer(message) : speak(message, role);
    if (!wrong) wrong = order(role);
    if (role != "system" && role != "developer") last_ = role;
    return wrong;
  }

  Complaint end() const {
    if (!open_.empty()) return "the tool call " + *open_.begin() + " has no answer";
    const json last = rules_.value("last", json::array());
    return unless(last.empty() || has(last, last_), "the last message is of the role " + last_);
  }

 private:
  Complaint order(const std::string& role) const {
    if (role == "system" || role == "developer")
      return unless(!rules_.value("system first", false) || last_.empty(), "comes after others");
    if (!rules_.value("alternate", false) || role == "tool" || last_ == "tool") return std::nullopt;
    return unless(role == (last_ == "user" ? "assistant" : "user"), "is out of turn");
  }

  Complaint answer(const json& message) {
    const std::string id = message.value("tool_call_id", "");
    if (open_.erase(id) == 0) return "answers no tool call: " + id;
    return content(message, "tool");
  }

  Complaint speak(const json& message, const std::string& role) {
    if (!open_.empty()) return "comes before the answer to the tool call " + *open_.begin();
    if (last_ == "tool" && rules_.value("after tool", json()).is_string() && role != "system")
      if (role != rules_["after tool"]) return "stands behind a tool's answer";
    const bool calls = message.contains("tool_calls");
    if (calls && role != "assistant") return "has tool_calls";
    for (const json& call : message.value("tool_calls", json::array()))
      if (Complaint wrong = called(call)) return wrong;
    const json text = message.value("content", json());
    if (calls && (text.is_null() || text == "")) return std::nullopt;
    return content(message, role);
  }

  Complaint called(const json& call) {
    const json function = call.value("function", json::object());
    const std::string id = call.value("id", "");
    const bool whole = call.value("type", "") == "function" && !id.empty() &&
                       is_text(function.value("name", json())) &&
                       function.value("arguments", json()).is_string();
    if (!whole) return "has a malformed tool call";
    const std::size_t length = rules_.value("call id length", std::size_t(0));
    const bool plain = std::all_of(id.begin(), id.end(), [](char c) { return std::isalnum(c); });
    if (length != 0 && (id.size() != length || !plain))
      return "has a tool call id that is not of " + std::to_string(length) + " letters and digits";
    open_.insert(id);
    return std::nullopt;
  }

  Complaint content(const json& message, const std::string& role) const {
    const json text = message.value("content", json());
    if (text.is_string()) return unless(text != "" || role != "user", "has no content");
    if (!text.is_array() || text.empty()) return "has no content";
    for (const json& part : text) {
      const std::string type = part.value("type", "");
      const bool allowed = type == "text" || (role == "user" && has(rules_["parts"], type));
      if (!allowed || !part.contains(type)) return "has a part of the type " + type;
      if (type == "image_url" && !is_image(part["image_url"])) return "has a malformed image";
    }
    return std::nullopt;
  }

  static bool is_image(const json& image) {
    const std::string url = image.is_object() ? image.value("url", "") : "";
    return url.rfind("https://", 0) == 0 || url.rfind("data:image/", 0) == 0;
  }

  const json& rules_;
  std::set<std::string> open_;
  std::string last_;
};

std::string text_of(const json& content) {
  if (content.is_string()) return content;
  std::string text;
  if (content.is_array())
    for (const json& part : content) text += part.value("text", "");
  return text;
}

void add_turn(const json& message, Seen& seen) {
  const std::string role = message["role"];
  const json content = message.value("content", json());
  if (role == "system" || role == "developer") {
    seen.system += text_of(content);
    return;
  }
  const bool results = role == "tool";
  if (!results || seen.turns.empty() || seen.turns.back().role != "tool") seen.turns.emplace_back();
  Seen::Turn& turn = seen.turns.back();
  turn.role = role;
  if (results) {
    turn.results.push_back(text_of(content));
    return;
  }
  turn.text = text_of(content);
  if (content.is_array())
    for (const json& part : content) turn.images += part.value("type", "") == "image_url" ? 1 : 0;
  for (const json& call : message.value("tool_calls", json::array()))
    turn.calls.push_back({call["function"]["name"], call["function"]["arguments"]});
}

template <class T>
std::optional<T> first_of(const json& body, std::initializer_list<const char*> names) {
  for (const char* name : names)
    if (body.contains(name)) return body[name].get<T>();
  return std::nullopt;
}

}  // namespace

Complaint misfit(const json& value, const json& type) {
  if (type.is_string()) return misfit_of_word(value, type);
  if (type.contains("number"))
    return misfit_of_range(value, type["number"], type.value("open", ""));
  if (type.contains("integer")) {
    if (!value.is_number_integer()) return "must be an integer";
    return misfit_of_range(value, type["integer"], "");
  }
  if (type.contains("one of"))
    return unless(has(type["one of"], value), "must be one of " + type["one of"].dump());
  if (type.contains("texts"))
    return unless(is_text(value) || (are_texts(value) && value.size() <= type["texts"]),
                  "must be a text or at most " + type["texts"].dump());
  if (type.contains("flags")) return misfit_of_flags(value, type["flags"]);
  if (type.contains("choices")) return misfit_of_choice(value, type["choices"]);
  if (type.contains("formats")) return misfit_of_format(value, type["formats"]);
  if (type.contains("tools")) return misfit_of_tools(value, type["tools"]);
  throw std::logic_error("the rules have an unknown type: " + type.dump());
}

Complaint complaint(const json& body, const json& fields, const json& message_rules) {
  if (!body.is_object()) return "the body is no object";
  for (const char* name : {"model", "messages"})
    if (!body.contains(name)) return std::string(name) + " is missing";
  for (const auto& [name, value] : body.items()) {
    if (name == "messages") continue;
    if (!fields.contains(name)) return name + " is unknown";
    if (Complaint wrong = misfit(value, fields[name])) return name + " " + *wrong;
  }
  const bool streams = body.value("stream", false);
  if (body.contains("stream_options") && !streams) return "stream_options goes with stream alone";
  if (body.contains("tool_choice") && !body.contains("tools")) return "tool_choice without tools";
  if (!body["messages"].is_array() || body["messages"].empty()) return "messages is empty";
  Conversation conversation(message_rules);
  for (std::size_t i = 0; i < body["messages"].size(); ++i)
    if (Complaint wrong = conversation.add(body["messages"][i]))
      return "messages[" + std::to_string(i) + "] " + *wrong;
  return conversation.end();
}

Seen seen_in_chat(const json& body) {
  Seen seen;
  seen.model = body["model"];
  for (const json& message : body["messages"]) add_turn(message, seen);
  seen.temperature = first_of<double>(body, {"temperature"});
  seen.top_p = first_of<double>(body, {"top_p"});
  seen.max_tokens = first_of<int>(body, {"max_completion_tokens", "max_tokens"});
  if (body.contains("stop"))
    seen.stop = body["stop"].is_string() ? std::vector<std::string>{body["stop"]}
                                         : body["stop"].get<std::vector<std::string>>();
  for (const json& tool : body.value("tools", json::array()))
    seen.tools.push_back(tool["function"]["name"]);
  const json choice = body.value("tool_choice", json(""));
  seen.tool_choice = choice.is_string() ? choice : choice["function"]["name"];
  if (seen.tool_choice == "any") seen.tool_choice = "required";
  const json format = body.value("response_format", json::object());
  seen.json_object = format.value("type", "") == "json_object";
  if (format.contains("json_schema")) seen.schema = format["json_schema"]["schema"];
  seen.stream = body.value("stream", false);
  seen.thinking = body.contains("reasoning_effort") || body.value("enable_thinking", false);
  return seen;
}

}  // namespace lian::test
