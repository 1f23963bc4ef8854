#include <algorithm>
#include <utility>

#include "core/base64.hpp"
#include "core/json_writer.hpp"
#include "model/provider/openai.hpp"
#include "model/provider/openai_messages.hpp"
#include "model/provider/responses.hpp"

namespace lian {
inline namespace v0 {
namespace {

constexpr std::int64_t least_output_tokens = 16;

class ItemWriter {
 public:
  ItemWriter(JsonWriter& json, std::size_t index) : json_(json), index_(index) {}

  void write(const Message& message) {
    switch (message.role) {
      case Role::assistant:
        return write_assistant(message);
      case Role::tool:
        return write_results(message);
      default:
        return write_input(message);
    }
  }

 private:
  std::string place() const { return "messages[" + std::to_string(index_) + "]"; }

  void string(std::string_view value, std::string_view where) {
    check_request_utf8(value, place() + "." + std::string(where));
    json_.string(value);
  }

  void write_extra(const Json& extra) {
    for (const std::string& name : extra.keys()) json_.key(name).raw(extra[name].dump());
  }

  void write_results(const Message& message) {
    for (const Part& part : message.parts) {
      const auto* result = std::get_if<ToolResult>(&part);
      if (!result) refuse_request(place() + " has the role tool but not only ToolResult parts");
      if (result->call_id.empty())
        refuse_request(place() + " has a ToolResult without call_id: set the id of its call");
      json_.begin_object().key("type").string("function_call_output").key("call_id");
      string(result->call_id, "call_id");
      json_.key("output");
      string(result->content, "content");
      write_extra(result->extra);
      json_.end_object();
    }
  }

  void write_input(const Message& message) {
    json_.begin_object().key("role");
    string(message.role == Role::other ? std::string_view(message.role_name)
                                       : to_string(message.role),
           "role");
    json_.key("content");
    const auto* only = message.parts.size() == 1 ? std::get_if<TextPart>(&message.parts[0])
                                                 : nullptr;
    if (message.parts.empty()) {
      json_.string("");
    } else if (only && only->extra.empty()) {
      string(only->text, "content");
    } else {
      json_.begin_array();
      for (const Part& part : message.parts)
        std::visit([this](const auto& p) { write_part(p); }, part);
      json_.end_array();
    }
    write_extra(message.extra);
    json_.end_object();
  }

  // An assistant's turn is a list of items: messages, reasoning, calls, in their order.
  void write_assistant(const Message& message) {
    std::size_t i = 0;
    while (i < message.parts.size()) {
      const Part& part = message.parts[i];
      if (is_said(part)) {
        i = write_said(message, i);
        continue;
      }
      if (const auto* thought = std::get_if<ReasoningPart>(&part)) write_thought(*thought);
      if (const auto* call = std::get_if<ToolCall>(&part)) write_call(*call);
      if (const auto* unknown = std::get_if<UnknownPart>(&part)) json_.raw(unknown->value.dump());
      if (std::holds_alternative<ToolResult>(part))
        refuse_request(place() + " is an assistant's but holds a ToolResult: use tool(…)");
      ++i;
    }
  }

  static bool is_said(const Part& part) {
    return std::holds_alternative<TextPart>(part) || std::holds_alternative<RefusalPart>(part);
  }

  std::size_t write_said(const Message& message, std::size_t from) {
    json_.begin_object().key("role").string("assistant").key("content").begin_array();
    std::size_t i = from;
    for (; i < message.parts.size() && is_said(message.parts[i]); ++i) {
      json_.begin_object().key("type");
      if (const auto* text = std::get_if<TextPart>(&message.parts[i])) {
        json_.string("output_text").key("text");
        string(text->text, "content");
        write_extra(text->extra);
      } else {
        json_.string("refusal").key("refusal");
        string(std::get<RefusalPart>(message.parts[i]).text, "content");
      }
      json_.end_object();
    }
    json_.end_array().end_object();
    return i;
  }

  // Only an item of this protocol can go back; another vendor's signature is no JSON object.
  void write_thought(const ReasoningPart& thought) {
    if (!thought.signature.starts_with('{')) return;
    json_.raw(thought.signature);
  }

  void write_call(const ToolCall& call) {
    json_.begin_object().key("type").string("function_call").key("call_id");
    string(call.id, "tool_calls id");
    json_.key("name");
    string(call.name, "tool_calls name");
    json_.key("arguments");
    string(call.arguments.empty() ? std::string_view("{}") : call.arguments,
           "tool_calls arguments");
    write_extra(call.extra);
    json_.end_object();
  }

  void write_part(const TextPart& part) {
    json_.begin_object().key("type").string("input_text").key("text");
    string(part.text, "content");
    write_extra(part.extra);
    json_.end_object();
  }

  void write_part(const ImagePart& part) {
    json_.begin_object().key("type").string("input_image");
    write_source(part.source, "image_url", "image_url");
    json_.key("detail");
    string(part.detail.empty() ? std::string_view("auto") : part.detail, "image detail");
    write_extra(part.extra);
    json_.end_object();
  }

  void write_part(const FilePart& part) {
    json_.begin_object().key("type").string("input_file");
    if (!part.name.empty()) {
      json_.key("filename");
      string(part.name, "filename");
    }
    write_source(part.source, "file_url", "file_data");
    write_extra(part.extra);
    json_.end_object();
  }

  void write_source(const MediaSource& source, std::string_view url_field,
                    std::string_view data_field) {
    if (!source.file_id.empty()) {
      json_.key("file_id");
      return string(source.file_id, "file_id");
    }
    if (!source.url.empty()) {
      json_.key(url_field);
      return string(source.url, "url");
    }
    if (source.mime_type.empty())
      refuse_request(place() + " has bytes without a mime_type: set it, e.g. \"image/png\"");
    json_.key(data_field);
    std::string& out = json_.begin_string();
    append_json_escaped("data:" + source.mime_type + ";base64,", out);
    out += base64_encode(source.data);
    json_.end_string();
  }

  void write_part(const UnknownPart& part) { json_.raw(part.value.dump()); }
  template <class Other>
  void write_part(const Other&) {
    refuse_request(place() + " has a part that only an assistant's or a tool's message may have");
  }

  JsonWriter& json_;
  std::size_t index_;
};

class ResponsesWriter {
 public:
  ResponsesWriter(const ChatRequest& request, std::string& out)
      : request_(request), options_(request.options), json_(out) {}

  void write(bool count) {
    json_.begin_object();
    if (field("model")) string(options_.model(), "model");
    write_input();
    if (!count) write_settings();
    write_tools();
    write_reasoning();
    write_format();
    write_extra();
    json_.end_object();
  }

 private:
  bool field(std::string_view name) {
    if (options_.extra().contains(name)) return false;
    json_.key(name);
    return true;
  }
  void string(std::string_view value, std::string_view where) {
    check_request_utf8(value, where);
    json_.string(value);
  }

  void write_input() {
    const Messages& messages = request_.messages;
    if (messages.empty()) refuse_request("the request has no messages");
    const bool instructed = messages[0].role == Role::system && messages.size() > 1;
    if (instructed && field("instructions")) string(messages[0].text(), "messages[0].content");
    if (!field("input")) return;
    json_.begin_array();
    for (std::size_t i = instructed ? 1 : 0; i < messages.size(); ++i)
      ItemWriter(json_, i).write(messages[i]);
    json_.end_array();
  }

  void write_settings() {
    if (options_.max_tokens()) {
      if (*options_.max_tokens() < least_output_tokens)
        refuse_request("max_tokens is " + std::to_string(*options_.max_tokens()) +
                       " but must be at least " + std::to_string(least_output_tokens));
      if (field("max_output_tokens")) json_.integer(*options_.max_tokens());
    }
    if (options_.temperature() && field("temperature")) json_.number(*options_.temperature());
    if (options_.top_p() && field("top_p")) json_.number(*options_.top_p());
    if (options_.logprobs().value_or(false) && field("include"))
      json_.begin_array().string("message.output_text.logprobs").end_array();
    if (options_.top_logprobs() && field("top_logprobs")) json_.integer(*options_.top_logprobs());
    if (!options_.user().empty() && field("user")) string(options_.user(), "user");
    if (request_.stream && field("stream")) json_.boolean(true);
  }

  // Here `parameters` and `strict` must be there; left out, the server takes strict as true.
  void write_tools() {
    if (!options_.tools().empty() && field("tools")) {
      json_.begin_array();
      for (const ToolSpec& tool : options_.tools()) {
        json_.begin_object().key("type").string("function").key("name");
        string(tool.name, "tools name");
        if (!tool.description.empty()) {
          json_.key("description");
          string(tool.description, "tools description");
        }
        json_.key("parameters").raw(tool.parameters.dump());
        json_.key("strict").boolean(tool.strict).end_object();
      }
      json_.end_array();
    }
    if (options_.tool_choice() && field("tool_choice")) write_tool_choice(*options_.tool_choice());
    if (options_.parallel_tool_calls() && field("parallel_tool_calls"))
      json_.boolean(*options_.parallel_tool_calls());
  }

  void write_tool_choice(const ToolChoice& choice) {
    using Mode = ToolChoice::Mode;
    if (choice.mode() == Mode::named) {
      json_.begin_object().key("type").string("function").key("name").string(choice.name());
      json_.end_object();
      return;
    }
    json_.string(choice.mode() == Mode::none       ? "none"
                 : choice.mode() == Mode::required ? "required"
                                                   : "auto");
  }

  void write_reasoning() {
    if (options_.reasoning_effort().empty()) return;
    Json reasoning = options_.extra()["reasoning"];
    reasoning.set("effort", Json(options_.reasoning_effort()));
    json_.key("reasoning").raw(reasoning.dump());
  }

  void write_format() {
    if (!options_.response_format()) return;
    const ResponseFormat& format = *options_.response_format();
    Json wire = Json::object();
    switch (format.kind()) {
      case ResponseFormat::Kind::text:
        wire.set("type", Json("text"));
        break;
      case ResponseFormat::Kind::json_object:
        wire.set("type", Json("json_object"));
        break;
      case ResponseFormat::Kind::json_schema:
        wire.set("type", Json("json_schema")).set("name", Json(format.name()));
        if (!format.description().empty()) wire.set("description", Json(format.description()));
        wire.set("strict", Json(format.strict())).set("schema", format.schema());
        break;
    }
    Json text = options_.extra()["text"];
    text.set("format", std::move(wire));
    json_.key("text").raw(text.dump());
  }

  void write_extra() {
    for (const std::string& name : options_.extra().keys()) {
      if (name == "reasoning" && !options_.reasoning_effort().empty()) continue;
      if (name == "text" && options_.response_format()) continue;
      json_.key(name).raw(options_.extra()[name].dump());
    }
  }

  const ChatRequest& request_;
  const ChatOptions& options_;
  JsonWriter json_;
};

HttpRequest post(const ChatRequest& request, const Endpoint& endpoint, std::string_view path,
                 bool count) {
  std::string body;
  ResponsesWriter(request, body).write(count);
  return openai_post(endpoint, path, std::move(body));
}

}  // namespace

ChatAbilities ResponsesCodec::abilities(std::string_view) const {
  ChatAbilities abilities;
  abilities.audio = false;
  abilities.max_stop = 0;
  abilities.max_alternatives = 1;
  abilities.seed = abilities.logit_bias = false;
  abilities.presence_penalty = abilities.frequency_penalty = false;
  return abilities;
}

HttpRequest ResponsesCodec::encode(const ChatRequest& request, const Endpoint& endpoint,
                                   std::vector<std::string>&) const {
  HttpRequest out = post(request, endpoint, "/responses", false);
  out.stream = request.stream;
  return out;
}

HttpRequest ResponsesCodec::encode_count(const ChatRequest& request,
                                         const Endpoint& endpoint) const {
  return post(request, endpoint, "/responses/input_tokens", true);
}

}  // namespace v0
}  // namespace lian
