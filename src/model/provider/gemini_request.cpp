#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "core/json_writer.hpp"
#include "model/provider/api_error.hpp"
#include "model/provider/gemini.hpp"
#include "model/provider/gemini_contents.hpp"
#include "model/provider/gemini_schema.hpp"
#include "model/provider/json_text.hpp"
#include "model/provider/openai_messages.hpp"

namespace lian {
inline namespace v0 {
namespace {

// The members of GenerationConfig: where a field of `extra` with such a name lives.
constexpr std::array<std::string_view, 23> kConfigFields = {"temperature",
                                                            "topP",
                                                            "topK",
                                                            "candidateCount",
                                                            "maxOutputTokens",
                                                            "stopSequences",
                                                            "seed",
                                                            "presencePenalty",
                                                            "frequencyPenalty",
                                                            "responseLogprobs",
                                                            "logprobs",
                                                            "responseMimeType",
                                                            "responseSchema",
                                                            "responseJsonSchema",
                                                            "responseModalities",
                                                            "speechConfig",
                                                            "mediaResolution",
                                                            "imageConfig",
                                                            "thinkingConfig",
                                                            "audioTimestamp",
                                                            "routingConfig",
                                                            "enableAffectiveDialog",
                                                            "enableEnhancedCivicAnswers"};

bool in_config(std::string_view field) {
  return std::find(kConfigFields.begin(), kConfigFields.end(), field) != kConfigFields.end();
}

// Writes one request. Settings that need no care go into the config as they are.
class RequestWriter {
 public:
  RequestWriter(const ChatRequest& request, const Endpoint& endpoint,
                std::vector<std::string>& warnings, JsonWriter& json)
      : request_(request),
        options_(request.options),
        endpoint_(endpoint),
        warnings_(warnings),
        json_(json) {}

  /// The members, into an object that is open.
  void write() {
    write_messages();
    if (!options_.tools().empty()) write_tools();
    write_tool_choice();
    const Json config = this->config();
    if (!config.empty()) json_.key("generationConfig").raw(config.dump());
    for (const std::string& name : options_.extra().keys())
      if (!in_config(name) && name != "generationConfig")
        json_.key(name).raw(options_.extra()[name].dump());
  }

  void write_contents() {
    json_.key("contents");
    write_gemini_contents(request_.messages, endpoint_, json_, warnings_);
  }

 private:
  // What `extra` has is written last.
  bool is_ours(std::string_view field) const { return !options_.extra().contains(field); }

  void write_messages() {
    if (has_gemini_system(request_.messages) && is_ours("systemInstruction")) {
      json_.key("systemInstruction");
      write_gemini_system(request_.messages, json_, warnings_);
    }
    if (is_ours("contents")) write_contents();
  }

  void write_tools() {
    if (!is_ours("tools")) return;
    json_.key("tools").begin_array().begin_object().key("functionDeclarations").begin_array();
    for (const ToolSpec& tool : options_.tools()) write_tool(tool);
    json_.end_array().end_object().end_array();
  }

  void write_tool(const ToolSpec& tool) {
    check_request_utf8(tool.name, "tool name");
    check_request_utf8(tool.description, "tool description");
    if (tool.name.empty()) refuse_request("a tool has no name");
    if (!tool.parameters.is_null() && !tool.parameters.is_object())
      refuse_request("the parameters of tool " + tool.name + " must be a JSON Schema object");
    json_.begin_object().key("name").string(tool.name);
    json_.key("description").string(tool.description);
    if (takes_arguments(tool.parameters)) {
      if (const auto schema = gemini_schema(tool.parameters, false))
        json_.key("parameters").raw(schema->dump());
      else
        json_.key("parametersJsonSchema").raw(tool.parameters.dump());
    }
    json_.end_object();
  }

  // An object without properties is left out: Gemini refuses an empty one.
  static bool takes_arguments(const Json& schema) {
    return !schema.empty() && !(schema["type"] == Json("object") && schema["properties"].empty() &&
                                !schema.contains("$ref") && !schema.contains("anyOf"));
  }

  void write_tool_choice() {
    if (!options_.tool_choice() || !is_ours("toolConfig")) return;
    const ToolChoice& choice = *options_.tool_choice();
    const bool named = choice.mode() == ToolChoice::Mode::named;
    const bool required = named || choice.mode() == ToolChoice::Mode::required;
    if (options_.tools().empty()) {
      if (required && is_ours("tools"))
        refuse_request("tool_choice is set but tools are not: pass the tools");
      return;
    }
    const auto is_chosen = [&](const ToolSpec& tool) { return tool.name == choice.name(); };
    if (named && std::none_of(options_.tools().begin(), options_.tools().end(), is_chosen))
      refuse_request("tool_choice names \"" + choice.name() + "\", which is not among the tools");
    json_.key("toolConfig").begin_object().key("functionCallingConfig").begin_object();
    json_.key("mode").string(required                                       ? "ANY"
                             : choice.mode() == ToolChoice::Mode::automatic ? "AUTO"
                                                                            : "NONE");
    if (named) json_.key("allowedFunctionNames").begin_array().string(choice.name()).end_array();
    json_.end_object().end_object();
  }

  Json config() {
    Json config = Json::object();
    set(config, "temperature", options_.temperature());
    set(config, "topP", options_.top_p());
    set(config, "maxOutputTokens", ranged("max_tokens", options_.max_tokens(), 1, INT32_MAX));
    set(config, "candidateCount", options_.n());
    set(config, "seed", ranged("seed", options_.seed(), INT32_MIN, INT32_MAX));
    set(config, "presencePenalty", ranged("presence_penalty", options_.presence_penalty(), -2, 2));
    set(config, "frequencyPenalty",
        ranged("frequency_penalty", options_.frequency_penalty(), -2, 2));
    add_stop(config);
    add_logprobs(config);
    add_format(config);
    if (!options_.reasoning_effort().empty() && is_ours("thinkingConfig"))
      config.set("thinkingConfig",
                 gemini_thinking(options_.model(), options_.reasoning_effort(), warnings_));
    const Json given = options_.extra()["generationConfig"];
    for (const std::string& name : given.keys()) config.set(name, given[name]);
    for (const std::string& name : options_.extra().keys())
      if (in_config(name)) config.set(name, options_.extra()[name]);
    return config;
  }

  template <class T>
  static void set(Json& config, std::string_view name, const std::optional<T>& value) {
    if (value) config.set(name, *value);
  }

  // The value, refused outside the range or, where the request is lenient, moved into it.
  template <class T>
  std::optional<T> ranged(std::string_view name, std::optional<T> value, std::int64_t low,
                          std::int64_t high) {
    const auto least = static_cast<T>(low), most = static_cast<T>(high);
    if (!value || (*value >= least && *value <= most)) return value;
    const std::string what = std::string(name) + " is " + std::to_string(*value) +
                             " but must lie between " + std::to_string(low) + " and " +
                             std::to_string(high);
    if (!options_.lenient()) refuse_request(what);
    value = *value > most ? most : least;
    warnings_.push_back(what + ": " + std::to_string(*value) + " was sent");
    return value;
  }

  void add_stop(Json& config) const {
    if (options_.stop().empty()) return;
    Json stop = Json::array();
    for (const std::string& text : options_.stop()) {
      check_request_utf8(text, "stop");
      stop.push_back(text);
    }
    config.set("stopSequences", std::move(stop));
  }

  void add_logprobs(Json& config) {
    const bool wanted = options_.logprobs().value_or(false);
    if (options_.top_logprobs() && !wanted)
      refuse_request("top_logprobs is set but logprobs is not: set logprobs(true)");
    if (!wanted) return;
    config.set("responseLogprobs", true);
    set(config, "logprobs", ranged("top_logprobs", options_.top_logprobs(), 0, 20));
  }

  void add_format(Json& config) const {
    if (!options_.response_format()) return;
    const ResponseFormat& format = *options_.response_format();
    if (format.kind() == ResponseFormat::Kind::text) return;
    config.set("responseMimeType", "application/json");
    if (format.kind() != ResponseFormat::Kind::json_schema) return;
    if (!format.schema().is_object())
      refuse_request("the response format's schema must be a JSON object");
    if (auto schema = gemini_schema(format.schema(), true))
      config.set("responseSchema", std::move(*schema));
    else
      config.set("responseJsonSchema", format.schema());
  }

  const ChatRequest& request_;
  const ChatOptions& options_;
  const Endpoint& endpoint_;
  std::vector<std::string>& warnings_;
  JsonWriter& json_;
};

}  // namespace

GeminiChatCodec::GeminiChatCodec(const Endpoint& endpoint)
    : provider_(endpoint.provider), framing_(stream_framing(endpoint)) {}

ChatAbilities GeminiChatCodec::abilities(std::string_view model) const {
  ChatAbilities abilities;
  abilities.parallel_tool_calls = abilities.logit_bias = abilities.user = false;
  abilities.reasoning_effort = gemini_thinks(model);
  abilities.max_alternatives = 8;
  abilities.max_stop = 5;
  return abilities;
}

HttpRequest GeminiChatCodec::encode(const ChatRequest& request, const Endpoint& endpoint,
                                    std::vector<std::string>& warnings) const {
  std::string body;
  JsonWriter json(body);
  json.begin_object();
  RequestWriter(request, endpoint, warnings, json).write();
  json.end_object();
  const std::string verb = request.stream
                               ? "streamGenerateContent" + std::string(stream_query(framing_))
                               : "generateContent";
  HttpRequest post = google_post(endpoint, request.options.model(), verb, std::move(body));
  post.stream = request.stream;
  return post;
}

// Contents alone where that says all; Vertex takes the request's own members.
HttpRequest GeminiChatCodec::encode_count(const ChatRequest& request,
                                          const Endpoint& endpoint) const {
  const ChatOptions& options = request.options;
  const bool plain = !has_gemini_system(request.messages) && options.tools().empty() &&
                     !options.response_format() && options.extra().empty();
  std::vector<std::string> warnings;
  std::string body;
  JsonWriter json(body);
  RequestWriter writer(request, endpoint, warnings, json);
  json.begin_object();
  if (plain) {
    writer.write_contents();
  } else if (on_vertex(endpoint)) {
    writer.write();
  } else {
    json.key("generateContentRequest").begin_object().key("model");
    json.string(google_model_name(options.model()));
    writer.write();
    json.end_object();
  }
  json.end_object();
  return google_post(endpoint, options.model(), "countTokens", std::move(body));
}

std::int64_t GeminiChatCodec::decode_count(const HttpReply& reply) const {
  const Json root = google_reply(reply, provider_);
  if (!root.is_object() || (root.contains("totalTokens") && !root["totalTokens"].is_integer()))
    throw_not_json(provider_, reply.body, 0, "no totalTokens");
  return root.contains("totalTokens") ? root["totalTokens"].as_int() : 0;
}

}  // namespace v0
}  // namespace lian
