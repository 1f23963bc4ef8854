#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "core/json_writer.hpp"
#include "model/provider/ernie.hpp"
#include "model/provider/ernie_messages.hpp"
#include "model/provider/openai_messages.hpp"
#include "net/url.hpp"

namespace lian {
inline namespace v0 {

namespace {

constexpr std::int64_t least_max_tokens = 2;

HttpRequest post(const Endpoint& endpoint, std::string_view kind, const std::string& path,
                 std::string body) {
  HttpRequest request;
  request.url = fmt::format("{}/{}/{}", endpoint.base_url, kind, percent_encode(path));
  request.headers.add("content-type", "application/json");
  request.body = std::move(body);
  return request;
}

const std::string& named(const std::string& model) {
  if (model.empty()) refuse_request("no model is named: set one, e.g. \"ernie:ERNIE-4.0-8K\"");
  check_request_utf8(model, "model");
  return model;
}

// Writes one request body; a field the user gave by `extra` takes the place of lian's own.
class RequestWriter {
 public:
  RequestWriter(const ChatRequest& request, std::vector<std::string>& warnings, std::string& out)
      : request_(request), options_(request.options), warnings_(warnings), json_(out) {}

  void write_chat() {
    const ErnieConversation conversation = ernie_conversation(request_.messages, warnings_);
    json_.begin_object();
    if (open("messages")) write_turns(conversation.turns);
    if (!conversation.system.empty() && open("system")) json_.string(conversation.system);
    write_settings();
    write_tools();
    write_end();
  }

  void write_completion() {
    std::string prompt;
    for (const Message& message : request_.messages) prompt += message.text();
    if (prompt.empty()) refuse_request("the prompt is empty");
    check_request_utf8(prompt, "prompt");
    json_.begin_object();
    if (open("prompt")) json_.string(prompt);
    write_settings();
    write_end();
  }

 private:
  bool open(std::string_view name) {
    if (options_.extra().contains(name)) return false;
    json_.key(name);
    return true;
  }

  void string(std::string_view text, std::string_view where) {
    check_request_utf8(text, where);
    json_.string(text);
  }

  void number(std::string_view name, const std::optional<double>& value) {
    if (value && open(name)) json_.number(*value);
  }

  void write_turns(const std::vector<ErnieTurn>& turns) {
    json_.begin_array();
    for (const ErnieTurn& turn : turns) write_turn(turn);
    json_.end_array();
  }

  void write_turn(const ErnieTurn& turn) {
    constexpr std::array<std::string_view, 3> roles = {"user", "assistant", "function"};
    json_.begin_object().key("role").string(roles.at(static_cast<std::size_t>(turn.role)));
    if (!turn.name.empty()) {
      json_.key("name");
      string(turn.name, "message name");
    }
    json_.key("content");
    turn.text.empty() ? json_.null() : json_.string(turn.text);
    if (turn.call) write_call(*turn.call);
    write_members(turn.extra);
    json_.end_object();
  }

  // The model's `thoughts` do not go back.
  void write_call(const ToolCall& call) {
    json_.key("function_call").begin_object().key("name");
    string(call.name, "function_call name");
    json_.key("arguments");
    string(call.arguments.empty() ? std::string_view("{}") : call.arguments,
           "function_call arguments");
    json_.end_object();
  }

  void write_settings() {
    number("temperature", options_.temperature());
    number("top_p", options_.top_p());
    number("presence_penalty", options_.presence_penalty());
    number("frequency_penalty", options_.frequency_penalty());
    write_max_tokens();
    write_stop();
    write_response_format();
    if (!options_.user().empty() && open("user_id")) string(options_.user(), "user");
  }

  void write_max_tokens() {
    if (!options_.max_tokens()) return;
    std::int64_t most = *options_.max_tokens();
    if (most < least_max_tokens && !options_.lenient())
      refuse_request(fmt::format("max_tokens is {} but must be at least {} for ernie", most,
                                 least_max_tokens));
    if (most < least_max_tokens) {
      warnings_.push_back(
          fmt::format("max_tokens is {} but must be at least {} for ernie: {} was "
                      "sent",
                      most, least_max_tokens, least_max_tokens));
      most = least_max_tokens;
    }
    if (open("max_output_tokens")) json_.integer(most);
  }

  void write_stop() {
    if (options_.stop().empty() || !open("stop")) return;
    json_.begin_array();
    for (const std::string& text : options_.stop()) string(text, "stop");
    json_.end_array();
  }

  void write_response_format() {
    if (!options_.response_format() || !open("response_format")) return;
    const bool text = options_.response_format()->kind() == ResponseFormat::Kind::text;
    json_.string(text ? "text" : "json_object");
  }

  void write_tools() {
    const bool as_tools = ernie_takes_tools_field(options_.model());
    if (!options_.tools().empty() && open(as_tools ? "tools" : "functions")) {
      json_.begin_array();
      for (const ToolSpec& tool : options_.tools()) write_tool(tool, as_tools);
      json_.end_array();
    }
    if (options_.tool_choice()) write_tool_choice(*options_.tool_choice());
  }

  void write_tool(const ToolSpec& tool, bool as_tool) {
    if (!tool.parameters.is_null() && !tool.parameters.is_object())
      refuse_request("the parameters of tool " + tool.name + " must be a JSON Schema object");
    if (as_tool) json_.begin_object().key("type").string("function").key("function");
    json_.begin_object().key("name");
    string(tool.name, "tool name");
    json_.key("description");
    string(tool.description, "tool description");
    json_.key("parameters");
    json_.raw(tool.parameters.is_null() ? R"({"type":"object","properties":{}})"
                                        : tool.parameters.dump());
    json_.end_object();
    if (as_tool) json_.end_object();
  }

  // Automatic is what happens without the field.
  void write_tool_choice(const ToolChoice& choice) {
    if (choice.mode() != ToolChoice::Mode::named) return;
    const auto& tools = options_.tools();
    const bool known = std::any_of(tools.begin(), tools.end(), [&choice](const ToolSpec& tool) {
      return tool.name == choice.name();
    });
    if (!known)
      refuse_request("tool_choice names \"" + choice.name() + "\", which is not among the tools");
    if (!open("tool_choice")) return;
    json_.begin_object().key("type").string("function").key("function").begin_object();
    json_.key("name").string(choice.name()).end_object().end_object();
  }

  void write_end() {
    if (request_.stream && open("stream")) json_.boolean(true);
    write_members(options_.extra());
    json_.end_object();
  }

  void write_members(const Json& object) {
    for (const std::string& name : object.keys()) json_.key(name).raw(object[name].dump());
  }

  const ChatRequest& request_;
  const ChatOptions& options_;
  std::vector<std::string>& warnings_;
  JsonWriter json_;
};

}  // namespace

// Ranges: Qianfan's API pages and SDK; 0 is no temperature there.
ChatAbilities ErnieChatCodec::abilities(std::string_view model) const {
  ChatAbilities can;
  can.tool_choice_none = can.tool_choice_required = can.parallel_tool_calls = false;
  can.several_tool_calls = false;
  can.images = can.audio = can.files = false;
  can.json_schema = can.reasoning_effort = false;
  can.seed = can.logprobs = can.logit_bias = false;
  can.presence_penalty = can.frequency_penalty = ernie_is_foreign(model);
  can.max_alternatives = 1;
  can.temperature = Range(0, 1, true);
  return can;
}

ChatAbilities ErnieTextCodec::abilities(std::string_view model) const {
  ChatAbilities can = ErnieChatCodec::abilities(model);
  can.system = can.tools = can.tool_choice_named = can.json_object = false;
  return can;
}

HttpRequest ErnieChatCodec::encode(const ChatRequest& request, const Endpoint& endpoint,
                                   std::vector<std::string>& warnings) const {
  const std::string path = ernie_chat_path(named(request.options.model()));
  std::string body;
  RequestWriter(request, warnings, body).write_chat();
  return post(endpoint, "chat", path, std::move(body));
}

HttpRequest ErnieTextCodec::encode(const ChatRequest& request, const Endpoint& endpoint,
                                   std::vector<std::string>& warnings) const {
  const std::string path = ernie_text_path(named(request.options.model()));
  std::string body;
  RequestWriter(request, warnings, body).write_completion();
  return post(endpoint, "completions", path, std::move(body));
}

HttpRequest ErnieEmbeddingCodec::encode(const EmbeddingRequest& request,
                                        const Endpoint& endpoint) const {
  const std::string path = ernie_embedding_path(named(request.model));
  if (request.dimensions != 0)
    throw UnsupportedError("ernie v1 lets one choose no width of embeddings; nothing was sent",
                           "dimensions");
  std::string body;
  JsonWriter json(body);
  json.begin_object().key("input").begin_array();
  for (const std::string& text : request.texts) {
    check_request_utf8(text, "input");
    json.string(text);
  }
  json.end_array().end_object();
  return post(endpoint, "embeddings", path, std::move(body));
}

}  // namespace v0
}  // namespace lian
