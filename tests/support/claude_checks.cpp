#include "support/claude_checks.hpp"

#include <functional>
#include <map>
#include <set>
#include <string_view>

namespace lian::test {
namespace {

using nlohmann::json;
using Check = std::optional<std::string>;

bool text(const json& value) { return value.is_string() && !value.get<std::string>().empty(); }
bool boolean(const json& value) { return value.is_boolean(); }
bool object(const json& value) { return value.is_object(); }
bool array(const json& value) { return value.is_array() && !value.empty(); }
bool from_zero(const json& value) { return value.is_number_integer() && value.get<long>() >= 0; }
bool share(const json& value) {
  return value.is_number() && value.get<double>() >= 0 && value.get<double>() <= 1;
}
bool texts(const json& value) {
  if (!array(value)) return false;
  for (const json& item : value)
    if (!text(item)) return false;
  return true;
}

using Fields = std::map<std::string, bool (*)(const json&)>;

Check check_fields(const json& value, const Fields& fields, const std::set<std::string>& required,
                   const std::string& where = {}) {
  if (!value.is_object()) return where + "Input should be an object";
  for (const std::string& name : required)
    if (!value.contains(name)) return where + name + ": Field required";
  for (const auto& [name, member] : value.items()) {
    const auto field = fields.find(name);
    if (field == fields.end()) return where + name + ": Extra inputs are not permitted";
    if (!field->second(member)) return where + name + ": Input should be a valid value";
  }
  return std::nullopt;
}

const Fields& message_fields() {
  static const Fields fields{{"model", text},
                             {"messages", array},
                             {"max_tokens", from_zero},
                             {"system", [](const json& v) { return v.is_string() || array(v); }},
                             {"stop_sequences", texts},
                             {"stream", boolean},
                             {"metadata", object},
                             {"service_tier", text},
                             {"thinking", object},
                             {"tools", array},
                             {"tool_choice", object},
                             {"output_config", object},
                             {"cache_control", object},
                             {"container", text},
                             {"inference_geo", text},
                             {"speed", text}};
  return fields;
}

const Fields& counted_fields() {
  static const Fields fields{{"model", text},
                             {"messages", array},
                             {"system", message_fields().at("system")},
                             {"thinking", object},
                             {"tools", array},
                             {"tool_choice", object},
                             {"output_config", object},
                             {"cache_control", object}};
  return fields;
}

Fields with_sampling(Fields fields) {
  fields.emplace("temperature", share);
  fields.emplace("top_p", share);
  fields.emplace("top_k", from_zero);
  return fields;
}

// The blocks of a content, which may be a bare text.
json blocks_of(const json& content) {
  if (!content.is_string()) return content;
  return json::array({{{"type", "text"}, {"text", content}}});
}

bool is_source(const json& source, const std::set<std::string>& types) {
  if (!source.is_object()) return false;
  const std::string type = source.value("type", "");
  if (type == "url") return text(source.value("url", json()));
  if (type == "file") return text(source.value("file_id", json()));
  if (type != "base64" && type != "text") return false;
  return types.count(source.value("media_type", "")) > 0 && text(source.value("data", json()));
}

const Fields& block_fields(const std::string& type) {
  static const auto any = [](const json&) { return true; };
  static const std::map<std::string, Fields> all{
      {"text", {{"text", text}, {"citations", any}}},
      {"image",
       {{"source",
         [](const json& v) {
           return is_source(v, {"image/jpeg", "image/png", "image/gif", "image/webp"});
         }}}},
      {"document",
       {{"source",
         [](const json& v) {
           return is_source(v, {"application/pdf", "text/plain"});
         }},
        {"title", text},
        {"context", text},
        {"citations", object}}},
      {"tool_use", {{"id", text}, {"name", text}, {"input", object}, {"caller", object}}},
      {"tool_result", {{"tool_use_id", text}, {"content", any}, {"is_error", boolean}}},
      {"thinking",
       {{"thinking", [](const json& v) { return v.is_string(); }}, {"signature", text}}},
      {"redacted_thinking", {{"data", text}}}};
  static const Fields none;
  const auto found = all.find(type);
  return found == all.end() ? none : found->second;
}

Check check_block(const json& block, const std::string& role, const std::string& version,
                  const std::string& where) {
  if (!block.is_object() || !block.contains("type")) return where + "type: Field required";
  const std::string type = block["type"];
  Fields fields = block_fields(type);
  if (fields.empty()) return where + "type: '" + type + "' is not a known block";
  std::set<std::string> required;
  for (const char* name :
       {"text", "source", "id", "input", "tool_use_id", "thinking", "signature", "data"})
    if (fields.count(name) > 0) required.insert(name);
  fields.emplace("type", text);
  fields.emplace("cache_control", object);
  if (auto refusal = check_fields(block, fields, required, where)) return refusal;
  const bool assistants = type == "tool_use" || type == "thinking" || type == "redacted_thinking";
  if (assistants && role != "assistant") return where + "'" + type + "' is the assistant's";
  if (role == "assistant" && (type == "image" || type == "tool_result"))
    return where + "'" + type + "' is the user's";
  if (role == "assistant" && type == "document" && version >= "2026-10-21")
    return where + "documents are not permitted in assistant messages";
  return std::nullopt;
}

// Follows the sides through the conversation: every call is answered in the next user message,
// before any text.
class Conversation {
 public:
  explicit Conversation(const std::string& version) : version_(version) {}

  Check add(const json& message, std::size_t index) {
    const std::string where = "messages." + std::to_string(index) + ".";
    if (!message.is_object()) return where + "Input should be an object";
    for (const auto& [name, value] : message.items())
      if (name != "role" && name != "content") return where + name + ": Extra inputs";
    const std::string role = message.value("role", "");
    if (role != "user" && role != "assistant") return where + "role: Input should be 'user'";
    if (index == 0 && role != "user") return where + "role: first message must use 'user'";
    if (role == last_role_) return where + "role: the sides must alternate";
    last_role_ = role;
    const json blocks = blocks_of(message.value("content", json()));
    if (!array(blocks)) return where + "content: all messages must have non-empty content";
    for (const json& block : blocks)
      if (auto refusal = check_block(block, role, version_, where + "content.")) return refusal;
    return role == "user" ? add_user(blocks, where) : add_assistant(blocks);
  }

 private:
  Check add_user(const json& blocks, const std::string& where) {
    std::set<std::string> open = std::move(open_calls_);
    open_calls_.clear();
    bool rest = false;
    for (const json& block : blocks) {
      if (block["type"] != "tool_result") {
        rest = true;
        continue;
      }
      if (rest) return where + "content: tool_result blocks must come first";
      if (open.erase(block["tool_use_id"]) == 0) return where + "content: unexpected `tool_use_id`";
    }
    if (!open.empty()) return where + "content: tool_use without tool_result: " + *open.begin();
    return std::nullopt;
  }

  Check add_assistant(const json& blocks) {
    for (const json& block : blocks)
      if (block["type"] == "tool_use") open_calls_.insert(block["id"].get<std::string>());
    return std::nullopt;
  }

  std::string version_, last_role_;
  std::set<std::string> open_calls_;
};

Check check_tools(const json& body) {
  if (!body.contains("tools")) {
    if (!body.contains("tool_choice")) return std::nullopt;
    return "tool_choice: may only be specified while providing tools";
  }
  constexpr const char* letters =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
  for (const json& tool : body["tools"]) {
    const Fields fields{{"name", text},           {"description", text}, {"type", text},
                        {"input_schema", object}, {"strict", boolean},   {"cache_control", object}};
    if (auto refusal = check_fields(tool, fields, {"name", "input_schema"}, "tools."))
      return refusal;
    const std::string name = tool["name"];
    if (name.size() > 128 || name.find_first_not_of(letters) != name.npos)
      return "tools.name: String should match pattern";
    if (tool["input_schema"].value("type", "") != "object")
      return "tools.input_schema.type: Input should be 'object'";
  }
  if (!body.contains("tool_choice")) return std::nullopt;
  const std::string type = body["tool_choice"].value("type", "");
  Fields fields{{"type", text}};
  if (type != "none") fields.emplace("disable_parallel_tool_use", boolean);
  if (type == "tool") fields.emplace("name", text);
  if (std::set<std::string>{"auto", "any", "none", "tool"}.count(type) == 0)
    return "tool_choice: Input tag '" + type + "' does not match";
  return check_fields(body["tool_choice"], fields,
                      type == "tool" ? std::set<std::string>{"name"} : std::set<std::string>(),
                      "tool_choice.");
}

bool thinks(const json& body) {
  return body.contains("thinking") && body["thinking"].value("type", "") != "disabled";
}

Check check_thinking(const json& body, bool counts) {
  if (!thinks(body)) return std::nullopt;
  const json& thinking = body["thinking"];
  if (thinking["type"] == "enabled") {
    const long budget = thinking.value("budget_tokens", 0L);
    if (budget < 1024) return "thinking.budget_tokens: Input should be at least 1024";
    if (!counts && budget >= body["max_tokens"].get<long>())
      return "`max_tokens` must be greater than `thinking.budget_tokens`";
  } else if (thinking["type"] != "adaptive") {
    return "thinking.type: Input tag does not match";
  }
  if (body.value("temperature", 1.0) != 1.0)
    return "`temperature` may only be set to 1 when thinking is enabled";
  const json choice = body.value("tool_choice", json::object());
  const std::string type = choice.value("type", "auto");
  if (type == "auto" || type == "none") return std::nullopt;
  return "Thinking may not be enabled when tool_choice forces tool use";
}

Check check_output(const json& body) {
  const json config = body.value("output_config", json::object());
  for (const auto& [name, value] : config.items())
    if (name != "effort" && name != "format")
      return "output_config." + name + ": Extra inputs are not permitted";
  if (config.contains("effort") &&
      std::set<std::string>{"low", "medium", "high", "xhigh", "max"}.count(config["effort"]) == 0)
    return "output_config.effort: Input should be 'low', 'medium', 'high', 'xhigh' or 'max'";
  if (!config.contains("format")) return std::nullopt;
  return check_fields(config["format"], {{"type", text}, {"schema", object}}, {"type", "schema"},
                      "output_config.format.");
}

std::string text_in(const json& blocks) {
  std::string all;
  for (const json& block : blocks)
    if (block.value("type", "") == "text") all += block.value("text", "");
  return all;
}

std::string result_in(const json& block) {
  return text_in(blocks_of(block.value("content", json(""))));
}

void add_user(Seen& seen, const json& blocks) {
  Seen::Turn results, rest;
  results.role = "tool";
  rest.role = "user";
  rest.text = text_in(blocks);
  bool any = false;
  for (const json& block : blocks) {
    if (block["type"] == "tool_result")
      results.results.push_back(result_in(block));
    else
      any = true;
    if (block["type"] == "image") ++rest.images;
  }
  if (!results.results.empty()) seen.turns.push_back(results);
  if (any) seen.turns.push_back(rest);
}

void add_assistant(Seen& seen, const json& blocks) {
  Seen::Turn turn;
  turn.role = "assistant";
  turn.text = text_in(blocks);
  for (const json& block : blocks)
    if (block["type"] == "tool_use")
      turn.calls.push_back({block["name"].get<std::string>(), block["input"].dump()});
  seen.turns.push_back(turn);
}

std::string choice_in(const json& body) {
  if (!body.contains("tool_choice")) return {};
  const json& choice = body["tool_choice"];
  if (choice["type"] == "tool") return choice["name"];
  return choice["type"] == "any" ? "required" : choice["type"].get<std::string>();
}

template <class T>
std::optional<T> number_in(const json& body, const char* name) {
  if (!body.contains(name)) return std::nullopt;
  return body[name].get<T>();
}

void read_settings(Seen& seen, const json& body, const char* max_tokens) {
  seen.model = body["model"];
  seen.temperature = number_in<double>(body, "temperature");
  seen.top_p = number_in<double>(body, "top_p");
  seen.max_tokens = number_in<int>(body, max_tokens);
  seen.stop = body.value("stop_sequences", std::vector<std::string>());
  seen.stream = body.value("stream", false);
}

}  // namespace

Check check_messages_request(const json& body, const std::string& version, bool counts) {
  Fields fields = counts ? counted_fields() : message_fields();
  if (!counts && version < "2026-10-21") fields = with_sampling(fields);
  std::set<std::string> required{"model", "messages"};
  if (!counts) required.insert("max_tokens");
  if (auto refusal = check_fields(body, fields, required)) return refusal;
  Conversation conversation(version);
  std::size_t index = 0;
  for (const json& message : body["messages"])
    if (auto refusal = conversation.add(message, index++)) return refusal;
  for (const json& block : blocks_of(body.value("system", json(" "))))
    if (block.value("type", "") != "text" || !text(block.value("text", json())))
      return "system: Input should be text blocks";
  if (auto refusal = check_tools(body)) return refusal;
  if (auto refusal = check_thinking(body, counts)) return refusal;
  return check_output(body);
}

Check check_complete_request(const json& body) {
  Fields fields{
      {"model", text},           {"prompt", text},     {"max_tokens_to_sample", from_zero},
      {"stop_sequences", texts}, {"metadata", object}, {"stream", boolean}};
  if (auto refusal =
          check_fields(body, with_sampling(fields), {"model", "prompt", "max_tokens_to_sample"}))
    return refusal;
  const std::string prompt = body["prompt"];
  const std::size_t human = prompt.find("\n\nHuman:");
  if (human == prompt.npos) return "prompt must start with \"\n\nHuman:\" turn";
  if (prompt.find("\n\nAssistant:", human) == prompt.npos)
    return "prompt must end with \"\n\nAssistant:\" turn";
  return std::nullopt;
}

Seen seen_in_messages(const json& body) {
  Seen seen;
  read_settings(seen, body, "max_tokens");
  if (body.contains("system")) seen.system = text_in(blocks_of(body["system"]));
  for (const json& message : body["messages"]) {
    const json blocks = blocks_of(message["content"]);
    if (message["role"] == "user")
      add_user(seen, blocks);
    else
      add_assistant(seen, blocks);
  }
  for (const json& tool : body.value("tools", json::array())) seen.tools.push_back(tool["name"]);
  seen.tool_choice = choice_in(body);
  const json config = body.value("output_config", json::object());
  if (config.contains("format")) seen.schema = config["format"]["schema"];
  seen.thinking = thinks(body);
  return seen;
}

Seen seen_in_complete(const json& body) {
  Seen seen;
  read_settings(seen, body, "max_tokens_to_sample");
  std::string_view prompt = body["prompt"].get_ref<const std::string&>();
  seen.system = prompt.substr(0, prompt.find("\n\nHuman:"));
  prompt.remove_prefix(seen.system.size());
  constexpr std::string_view human = "\n\nHuman:", assistant = "\n\nAssistant:";
  while (!prompt.empty()) {
    const bool users = prompt.substr(0, human.size()) == human;
    prompt.remove_prefix(users ? human.size() : assistant.size());
    const std::size_t end = std::min(prompt.find(human), prompt.find(assistant));
    Seen::Turn turn;
    turn.role = users ? "user" : "assistant";
    turn.text = prompt.substr(0, end);
    if (!turn.text.empty() && turn.text[0] == ' ') turn.text.erase(0, 1);
    if (users || !turn.text.empty()) seen.turns.push_back(turn);
    prompt.remove_prefix(std::min(end, prompt.size()));
  }
  return seen;
}

}  // namespace lian::test
