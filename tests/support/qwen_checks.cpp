#include "support/qwen_checks.hpp"

#include <map>
#include <set>

namespace lian::test {
namespace {

using nlohmann::json;
using Test = bool (*)(const json&);

bool boolean(const json& value) { return value.is_boolean(); }
bool object(const json& value) { return value.is_object(); }
bool filled_array(const json& value) { return value.is_array() && !value.empty(); }
bool whole(const json& value) { return value.is_number_integer(); }
bool positive(const json& value) { return whole(value) && value.get<long>() > 0; }

const std::map<std::string, Test>& parameters() {
  static const std::map<std::string, Test> tests{
      {"result_format", [](const json& v) { return v == "message" || v == "text"; }},
      {"incremental_output", boolean},
      {"seed", [](const json& v) { return whole(v) && v.get<long>() >= 0; }},
      {"max_tokens", positive},
      {"temperature", [](const json& v) { return v.is_number() && v >= 0.0 && v < 2.0; }},
      {"top_p", [](const json& v) { return v.is_number() && v > 0.0 && v < 1.0; }},
      {"top_k", whole},
      {"repetition_penalty", [](const json& v) { return v.is_number() && v > 0.0; }},
      {"presence_penalty", [](const json& v) { return v.is_number() && v >= -2.0 && v <= 2.0; }},
      {"stop", [](const json& v) { return v.is_string() || filled_array(v); }},
      {"enable_search", boolean},
      {"search_options", object},
      {"tools", filled_array},
      {"tool_choice", [](const json& v) { return v == "auto" || v == "none" || v.is_object(); }},
      {"parallel_tool_calls", boolean},
      {"response_format",
       [](const json& v) { return v["type"] == "json_object" || v["type"] == "text"; }},
      {"enable_thinking", boolean},
      {"thinking_budget", positive},
      {"n", [](const json& v) { return positive(v) && v <= 4; }},
      {"logprobs", boolean},
      {"top_logprobs", whole},
      {"vl_high_resolution_images", boolean}};
  return tests;
}

void check_parameters(const json& given, bool multimodal) {
  require(given.is_object(), "parameters must be an object");
  for (const auto& [name, value] : given.items()) {
    const auto found = parameters().find(name);
    require(found != parameters().end(), "parameters." + name + " is unknown");
    require(found->second(value), "parameters." + name + " is wrong: " + value.dump());
  }
  require(!multimodal || !given.contains("result_format"), "multimodal takes no result_format");
  for (const json& tool : given.value("tools", json::array())) {
    require(tool["type"] == "function", "a tool must be a function");
    require(!tool["function"]["name"].get<std::string>().empty(), "a tool must have a name");
  }
}

void check_content(const json& message, bool multimodal) {
  const json& content = message.at("content");
  const bool may_be_empty = message.contains("tool_calls") || message["role"] == "tool";
  if (content.is_string()) {
    require(!multimodal, "multimodal contents are lists");
    require(may_be_empty || !content.get<std::string>().empty(),
            "Role must be user or assistant and Content length must be greater than 0");
    return;
  }
  require(content.is_array(), "content must be a text or a list");
  require(may_be_empty || !content.empty(), "Content length must be greater than 0");
  for (const json& item : content)
    for (const auto& [kind, value] : item.items()) {
      const bool known = kind == "text" || kind == "image" || kind == "audio" || kind == "video" ||
                         kind == "cache_control";
      require(known, "a content has an unknown part: " + kind);
      require(kind == "video" || kind == "cache_control" || value.is_string(),
              kind + " must be a text");
    }
}

void check_calls(const json& message, std::set<std::string>& ids) {
  int index = 0;
  for (const json& call : message["tool_calls"]) {
    require(call.at("index") == index++, "tool_calls must be counted by index");
    require(call.at("type") == "function", "a tool call must be of a function");
    require(json::parse(call.at("function").at("arguments").get<std::string>()).is_object(),
            "arguments must be the text of an object");
    ids.insert(call.at("id").get<std::string>());
  }
}

void check_fields(const json& message) {
  static const std::set<std::string> known{"role", "content", "tool_calls",
                                           "name", "partial", "tool_call_id"};
  for (const auto& [name, value] : message.items())
    require(known.count(name) > 0, "a message has an unknown field: " + name);
}

// system first, then user and assistant in turn, tools' results after the calls.
void check_messages(const json& messages, bool multimodal) {
  require(filled_array(messages), "messages must be a filled list");
  std::set<std::string> ids;
  std::string last;
  for (std::size_t i = 0; i < messages.size(); ++i) {
    const json& message = messages[i];
    const std::string role = message.at("role");
    check_fields(message);
    check_content(message, multimodal);
    if (role == "system") require(i == 0, "system must be first");
    const bool talks = role == "user" || role == "assistant";
    require(talks || role == "system" || role == "tool", "unknown role: " + role);
    require(!talks || role != last, "user and assistant must alternate");
    if (message.contains("tool_calls")) {
      require(role == "assistant", "tool_calls belong to the assistant");
      check_calls(message, ids);
    }
    if (role == "tool")
      require(ids.count(message.at("tool_call_id").get<std::string>()) > 0,
              "a result answers no call");
    last = role;
  }
  require(last == "user" || last == "tool" || messages.back().value("partial", false),
          "the last message must be of the user or a tool");
}

std::string text_in(const json& content) {
  if (content.is_string()) return content;
  std::string text;
  for (const json& item : content) text += item.value("text", "");
  return text;
}

int images_in(const json& content) {
  int count = 0;
  if (content.is_array())
    for (const json& item : content) count += item.contains("image") ? 1 : 0;
  return count;
}

Seen::Turn turn_of(const json& message) {
  Seen::Turn turn;
  turn.role = message["role"];
  if (turn.role == "tool") {
    turn.results.push_back(text_in(message["content"]));
    return turn;
  }
  turn.text = text_in(message["content"]);
  turn.images = images_in(message["content"]);
  for (const json& call : message.value("tool_calls", json::array()))
    turn.calls.push_back({call["function"]["name"], call["function"]["arguments"]});
  return turn;
}

}  // namespace

void check_generation(const json& body, bool multimodal) {
  for (const auto& [name, value] : body.items())
    require(name == "model" || name == "input" || name == "parameters", "unknown field: " + name);
  require(!body.at("model").get<std::string>().empty(), "model must not be empty");
  require(body.at("input").size() == 1, "input must be messages alone");
  check_messages(body["input"].at("messages"), multimodal);
  check_parameters(body.value("parameters", json::object()), multimodal);
}

void check_text_embedding(const json& body) {
  const std::string model = body.at("model");
  const bool old = model == "text-embedding-v1" || model == "text-embedding-v2";
  const json& texts = body.at("input").at("texts");
  require(filled_array(texts), "texts must be a filled list");
  require(texts.size() <= (old ? 25U : 10U), "batch size is invalid");
  for (const json& text : texts)
    require(text.is_string() && !text.get<std::string>().empty(), "a text must not be empty");
  const json parameters = body.value("parameters", json::object());
  for (const auto& [name, value] : parameters.items()) {
    if (name == "text_type") {
      require(value == "query" || value == "document", "text_type is wrong");
    } else if (name == "dimension" && !old) {
      require(positive(value), "dimension is wrong");
    } else {
      require(name == "output_type" && !old, "parameters." + name + " is unknown");
    }
  }
}

Seen seen_by_qwen(const json& body, bool stream) {
  Seen seen;
  seen.model = body["model"];
  seen.stream = stream;
  for (const json& message : body["input"]["messages"]) {
    if (message["role"] == "system")
      seen.system = text_in(message["content"]);
    else if (message["role"] == "tool" && !seen.turns.empty() && seen.turns.back().role == "tool")
      seen.turns.back().results.push_back(text_in(message["content"]));
    else
      seen.turns.push_back(turn_of(message));
  }
  const json given = body.value("parameters", json::object());
  if (given.contains("temperature")) seen.temperature = given["temperature"].get<double>();
  if (given.contains("top_p")) seen.top_p = given["top_p"].get<double>();
  if (given.contains("max_tokens")) seen.max_tokens = given["max_tokens"].get<int>();
  if (given.contains("stop")) seen.stop = given["stop"].get<std::vector<std::string>>();
  for (const json& tool : given.value("tools", json::array()))
    seen.tools.push_back(tool["function"]["name"]);
  const json choice = given.value("tool_choice", json(""));
  seen.tool_choice = choice.is_object() ? choice["function"]["name"].get<std::string>()
                                        : choice.get<std::string>();
  seen.json_object =
      given.value("response_format", json::object()).value("type", "") == "json_object";
  seen.thinking = given.value("enable_thinking", false);
  return seen;
}

}  // namespace lian::test
