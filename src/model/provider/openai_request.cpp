#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "core/json_writer.hpp"
#include "model/provider/function_tool.hpp"
#include "model/provider/openai.hpp"
#include "model/provider/openai_messages.hpp"

namespace lian {
inline namespace v0 {
namespace {

std::string plain(double value) {
  std::string text;
  JsonWriter(text).number(value);
  return text;
}

// Writes one request body. The order of the members is that of OpenAI's documentation.
class RequestWriter {
 public:
  RequestWriter(const ChatRequest& request, const OpenAIDialect& dialect, std::string& out)
      : request_(request), options_(request.options), dialect_(dialect), json_(out) {}

  void write() {
    json_.begin_object();
    write_model_and_messages();
    write_sampling();
    write_tools();
    write_response_format();
    text_field("reasoning_effort", options_.reasoning_effort());
    text_field("user", options_.user());
    if (request_.stream) write_stream();
    write_extra();
    json_.end_object();
  }

 private:
  // Whether the field is lian's to write; opens it. What `extra` has is written last.
  bool open_field(std::string_view name) {
    for (const auto& rename : dialect_.renames) {
      if (!name.empty() && rename.from == name) name = rename.to;
    }
    if (!options_.extra().empty() && options_.extra().contains(name)) return false;
    json_.key(name);
    return true;
  }

  void string(std::string_view value, std::string_view where) {
    check_request_utf8(value, where);
    json_.string(value);
  }

  void text_field(std::string_view name, const std::string& value) {
    if (!value.empty() && open_field(name)) string(value, name);
  }

  void number_field(std::string_view name, const std::optional<double>& value) {
    if (value && open_field(name)) json_.number(*value);
  }

  void number_field(std::string_view name, const std::optional<double>& value, double low,
                    double high) {
    if (!value) return;
    if (!(*value >= low && *value <= high)) {
      refuse_request(std::string(name) + " is " + std::to_string(*value) +
                     " but must lie between " + plain(low) + " and " + plain(high));
    }
    if (open_field(name)) json_.number(*value);
  }

  template <class Integer>
  void integer_field(std::string_view name, const std::optional<Integer>& value, std::int64_t low,
                     std::int64_t high) {
    if (!value) return;
    if (*value < low || *value > high) {
      refuse_request(std::string(name) + " is " + std::to_string(*value) +
                     " but must lie between " + std::to_string(low) + " and " +
                     std::to_string(high));
    }
    if (open_field(name)) json_.integer(*value);
  }

  void bool_field(std::string_view name, const std::optional<bool>& value) {
    if (value && open_field(name)) json_.boolean(*value);
  }

  void write_model_and_messages() {
    if (options_.model().empty() && !options_.extra().contains("model")) {
      refuse_request("no model is named: set one, e.g. chat_model(\"" + std::string(dialect_.name) +
                     ":MODEL\")");
    }
    text_field("model", options_.model());
    if (request_.messages.empty()) refuse_request("the request has no messages");
    if (!open_field("messages")) return;
    write_openai_messages(request_.messages, dialect_, json_);
  }

  void write_sampling() {
    constexpr std::int64_t max = INT64_MAX;
    integer_field(dialect_.token_limit_field, options_.max_tokens(), 1, max);
    number_field("temperature", options_.temperature());
    number_field("top_p", options_.top_p());
    integer_field("n", options_.n(), 1, dialect_.abilities.max_alternatives);
    integer_field("seed", options_.seed(), INT64_MIN, max);
    write_stop();
    number_field("presence_penalty", options_.presence_penalty(), -2, 2);
    number_field("frequency_penalty", options_.frequency_penalty(), -2, 2);
    write_logit_bias();
    if (options_.top_logprobs() && !options_.logprobs().value_or(false)) {
      refuse_request("top_logprobs is set but logprobs is not: set logprobs(true)");
    }
    bool_field("logprobs", options_.logprobs());
    integer_field("top_logprobs", options_.top_logprobs(), 0, 20);
  }

  void write_stop() {
    const auto& stop = options_.stop();
    if (stop.empty()) return;
    if (!open_field("stop")) return;
    json_.begin_array();
    for (const std::string& text : stop) string(text, "stop");
    json_.end_array();
  }

  void write_logit_bias() {
    if (options_.logit_bias().empty()) return;
    for (const auto& [token, bias] : options_.logit_bias()) {
      if (bias >= -100 && bias <= 100) continue;
      refuse_request("logit_bias of token " + token + " is " + std::to_string(bias) +
                     " but must lie between -100 and 100");
    }
    if (!open_field("logit_bias")) return;
    json_.begin_object();
    for (const auto& [token, bias] : options_.logit_bias()) {
      check_request_utf8(token, "logit_bias");
      json_.key(token).number(bias);
    }
    json_.end_object();
  }

  void write_tools() {
    if (options_.tools().empty() && !options_.extra().contains("tools"))
      return refuse_settings_without_tools();
    if (!options_.tools().empty() && open_field("tools")) {
      json_.begin_array();
      for (const ToolSpec& tool : options_.tools()) write_function_tool(tool, json_);
      json_.end_array();
    }
    if (options_.tool_choice() && dialect_.tool_choice) write_tool_choice(*options_.tool_choice());
    bool_field("parallel_tool_calls", options_.parallel_tool_calls());
  }

  void refuse_settings_without_tools() const {
    if (options_.tool_choice() && options_.tool_choice()->mode() != ToolChoice::Mode::automatic &&
        options_.tool_choice()->mode() != ToolChoice::Mode::none) {
      refuse_request("tool_choice is set but tools are not: pass the tools");
    }
  }

  void write_tool_choice(const ToolChoice& choice) {
    const bool named = choice.mode() == ToolChoice::Mode::named;
    const auto is_chosen = [&](const ToolSpec& tool) { return tool.name == choice.name(); };
    if (named && !options_.extra().contains("tools") &&
        std::none_of(options_.tools().begin(), options_.tools().end(), is_chosen)) {
      refuse_request("tool_choice names \"" + choice.name() + "\", which is not among the tools");
    }
    if (!open_field("tool_choice")) return;
    if (named) {
      json_.begin_object().key("type").string("function").key("function").begin_object();
      json_.key("name").string(choice.name()).end_object().end_object();
      return;
    }
    json_.string(choice.mode() == ToolChoice::Mode::none       ? "none"
                 : choice.mode() == ToolChoice::Mode::required ? dialect_.required_word
                                                               : "auto");
  }

  void write_response_format() {
    if (!options_.response_format()) return;
    const ResponseFormat& format = *options_.response_format();
    const bool schema = format.kind() == ResponseFormat::Kind::json_schema;
    if (schema && !is_function_name(format.name())) {
      refuse_request("the name \"" + format.name() +
                     "\" of the response format must be 1 to 64 of A-Z, a-z, 0-9, _ and -");
    }
    if (schema && !format.schema().is_object()) {
      refuse_request("the response format's schema must be a JSON object");
    }
    if (!open_field("response_format")) return;
    json_.begin_object().key("type");
    if (!schema) {
      json_.string(format.kind() == ResponseFormat::Kind::text ? "text" : "json_object");
      json_.end_object();
      return;
    }
    json_.string("json_schema").key("json_schema").begin_object();
    json_.key("name").string(format.name());
    if (!format.description().empty()) {
      json_.key("description");
      string(format.description(), "response_format description");
    }
    json_.key("strict").boolean(format.strict()).key("schema").raw(format.schema().dump());
    json_.end_object().end_object();
  }

  void write_stream() {
    if (open_field("stream")) json_.boolean(true);
    if (!dialect_.stream_usage || !open_field("stream_options")) return;
    json_.begin_object().key("include_usage").boolean(true).end_object();
  }

  void write_extra() { write_members(options_.extra()); }

  void write_members(const Json& object) {
    if (object.empty()) return;
    for (const std::string& name : object.keys()) json_.key(name).raw(object[name].dump());
  }

  const ChatRequest& request_;
  const ChatOptions& options_;
  const OpenAIDialect& dialect_;
  JsonWriter json_;
};

std::size_t expected_bytes(const ChatRequest& request) {
  std::size_t bytes = 128;
  for (const Message& message : request.messages) {
    bytes += 64;
    for (const Part& part : message.parts) {
      if (const auto* text = std::get_if<TextPart>(&part)) bytes += text->text.size() + 32;
    }
  }
  return bytes;
}

}  // namespace

namespace {

void add_who(HttpRequest& request, const Endpoint& endpoint) {
  if (!endpoint.api_key.empty()) request.headers.add("authorization", "Bearer " + endpoint.api_key);
  const std::string& organization = endpoint.option("organization");
  if (!organization.empty()) request.headers.add("openai-organization", organization);
  const std::string& project = endpoint.option("project");
  if (!project.empty()) request.headers.add("openai-project", project);
}

}  // namespace

HttpRequest openai_post(const Endpoint& endpoint, std::string_view path, std::string body) {
  HttpRequest post;
  post.url.reserve(endpoint.base_url.size() + path.size());
  post.url.append(endpoint.base_url).append(path);
  post.headers.add("content-type", "application/json");
  add_who(post, endpoint);
  post.body = std::move(body);
  return post;
}

HttpRequest openai_get(const Endpoint& endpoint, std::string_view path) {
  HttpRequest get;
  get.method = "GET";
  get.url.append(endpoint.base_url).append(path);
  add_who(get, endpoint);
  return get;
}

ChatAbilities OpenAIChatCodec::abilities(std::string_view model) const {
  ChatAbilities can = dialect_.abilities;
  const auto begins = [model](std::string_view name) { return model.starts_with(name); };
  if (std::ranges::any_of(dialect_.reasoning_models, begins)) {
    can.max_stop = 0;
    can.presence_penalty = can.frequency_penalty = false;
  }
  return can;
}

HttpRequest OpenAIChatCodec::encode(const ChatRequest& request, const Endpoint& endpoint,
                                    std::vector<std::string>&) const {
  std::string body;
  body.reserve(expected_bytes(request));
  RequestWriter(request, dialect_, body).write();
  HttpRequest post = openai_post(endpoint, dialect_.chat_path, std::move(body));
  post.stream = request.stream;
  return post;
}

}  // namespace v0
}  // namespace lian
