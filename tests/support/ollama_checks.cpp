#include "support/ollama_checks.hpp"

#include <map>
#include <set>

namespace lian::test {
namespace {

using nlohmann::json;
using Test = bool (*)(const json&);
using Fields = std::map<std::string, Test>;

bool any(const json&) { return true; }
bool boolean(const json& value) { return value.is_boolean(); }
bool text(const json& value) { return value.is_string(); }
bool number(const json& value) { return value.is_number(); }
bool whole(const json& value) { return value.is_number_integer(); }
bool array(const json& value) { return value.is_array(); }
bool object(const json& value) { return value.is_object(); }
bool texts(const json& value) {
  if (!value.is_array()) return false;
  for (const json& item : value)
    if (!item.is_string()) return false;
  return true;
}
bool think(const json& value) {
  static const std::set<std::string> words{"low", "medium", "high", "max"};
  return value.is_boolean() || (value.is_string() && words.count(value.get<std::string>()) > 0);
}
bool format(const json& value) { return value == "json" || value.is_object(); }

const Fields& shared_fields() {
  static const Fields fields{{"model", text},        {"stream", boolean}, {"options", object},
                             {"format", format},     {"think", think},    {"keep_alive", any},
                             {"truncate", boolean},  {"shift", boolean},  {"logprobs", boolean},
                             {"top_logprobs", whole}};
  return fields;
}

const Fields& options() {
  static const Fields fields{{"num_ctx", whole},
                             {"num_predict", whole},
                             {"temperature", number},
                             {"top_k", whole},
                             {"top_p", number},
                             {"min_p", number},
                             {"typical_p", number},
                             {"seed", whole},
                             {"stop", texts},
                             {"repeat_penalty", number},
                             {"repeat_last_n", whole},
                             {"presence_penalty", number},
                             {"frequency_penalty", number},
                             {"num_keep", whole},
                             {"num_batch", whole},
                             {"num_gpu", whole},
                             {"main_gpu", whole},
                             {"use_mmap", boolean},
                             {"num_thread", whole}};
  return fields;
}

void check_fields(const json& given, const Fields& known, const Fields& more,
                  const std::string& where) {
  require(given.is_object(), where + " must be an object");
  for (const auto& [name, value] : given.items()) {
    const auto in_known = known.find(name);
    const auto in_more = more.find(name);
    require(in_known != known.end() || in_more != more.end(), where + name + " is unknown");
    const Test test = in_known != known.end() ? in_known->second : in_more->second;
    require(test(value), "json: cannot unmarshal " + value.dump() + " into " + where + name);
  }
}

bool is_base64(const std::string& data) {
  const std::string letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=";
  return !data.empty() && data.size() % 4 == 0 &&
         data.find_first_not_of(letters) == std::string::npos;
}

void check_images(const json& holder) {
  for (const json& image : holder.value("images", json::array()))
    require(is_base64(image.get<std::string>()), "illegal base64 data at input byte 4");
}

void check_message(const json& message) {
  static const Fields fields{{"role", text},        {"content", text},     {"thinking", text},
                             {"images", texts},     {"tool_calls", array}, {"tool_name", text},
                             {"tool_call_id", text}};
  check_fields(message, fields, {}, "messages.");
  const std::string role = message.at("role");
  require(role == "system" || role == "user" || role == "assistant" || role == "tool",
          "invalid role: " + role);
  check_images(message);
  for (const json& call : message.value("tool_calls", json::array())) {
    const json& function = call.at("function");
    require(function.at("arguments").is_object(), "arguments must be an object");
    require(!function.at("name").get<std::string>().empty(), "a call must have a name");
  }
  if (role == "tool") require(message.contains("tool_name"), "a result must name its tool");
}

void check_options(const json& body) {
  check_fields(body.value("options", json::object()), options(), {}, "options.");
}

void check_tools(const json& body) {
  for (const json& tool : body.value("tools", json::array())) {
    require(tool.at("type") == "function", "a tool must be a function");
    for (const auto& [name, value] : tool.at("function").items())
      require(name == "name" || name == "description" || name == "parameters",
              "a function has an unknown field: " + name);
  }
}

Seen::Turn turn_of(const json& message) {
  Seen::Turn turn;
  turn.role = message["role"];
  if (turn.role == "tool") {
    turn.results.push_back(message["content"]);
    return turn;
  }
  turn.text = message["content"];
  turn.images = static_cast<int>(message.value("images", json::array()).size());
  for (const json& call : message.value("tool_calls", json::array()))
    turn.calls.push_back({call["function"]["name"], call["function"]["arguments"].dump()});
  return turn;
}

void see_messages(const json& messages, Seen& seen) {
  for (const json& message : messages) {
    if (message["role"] == "system") {
      if (!seen.system.empty()) seen.system += '\n';
      seen.system += message["content"].get<std::string>();
    } else if (message["role"] == "tool" && !seen.turns.empty() &&
               seen.turns.back().role == "tool") {
      seen.turns.back().results.push_back(message["content"]);
    } else {
      seen.turns.push_back(turn_of(message));
    }
  }
}

}  // namespace

void check_ollama_chat(const json& body) {
  check_fields(body, shared_fields(), {{"messages", array}, {"tools", array}}, "");
  require(!body.at("model").get<std::string>().empty(), "model is required");
  for (const json& message : body.at("messages")) check_message(message);
  check_options(body);
  check_tools(body);
}

void check_ollama_generate(const json& body) {
  check_fields(body, shared_fields(),
               {{"prompt", text},
                {"suffix", text},
                {"system", text},
                {"template", text},
                {"raw", boolean},
                {"images", texts},
                {"context", array}},
               "");
  require(!body.at("model").get<std::string>().empty(), "model is required");
  check_images(body);
  check_options(body);
}

void check_ollama_embed(const json& body) {
  check_fields(body, {},
               {{"model", text},
                {"input", texts},
                {"truncate", boolean},
                {"dimensions", whole},
                {"options", object},
                {"keep_alive", any}},
               "");
}

Seen seen_by_ollama(const json& body) {
  Seen seen;
  seen.model = body["model"];
  seen.stream = body.value("stream", true);
  if (body.contains("messages")) {
    see_messages(body["messages"], seen);
  } else {
    seen.system = body.value("system", "");
    Seen::Turn turn;
    turn.role = "user";
    turn.text = body.value("prompt", "");
    seen.turns.push_back(turn);
  }
  const json given = body.value("options", json::object());
  if (given.contains("temperature")) seen.temperature = given["temperature"].get<double>();
  if (given.contains("top_p")) seen.top_p = given["top_p"].get<double>();
  if (given.contains("num_predict")) seen.max_tokens = given["num_predict"].get<int>();
  if (given.contains("stop")) seen.stop = given["stop"].get<std::vector<std::string>>();
  for (const json& tool : body.value("tools", json::array()))
    seen.tools.push_back(tool["function"]["name"]);
  const json wanted = body.value("format", json());
  seen.json_object = wanted == "json";
  if (wanted.is_object()) seen.schema = wanted;
  const json thinks = body.value("think", json(false));
  seen.thinking = thinks.is_string() || thinks == true;
  return seen;
}

}  // namespace lian::test
