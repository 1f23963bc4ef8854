#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include "core/ascii.hpp"
#include "core/json_writer.hpp"
#include "lian/core/error.hpp"
#include "model/provider/function_tool.hpp"
#include "model/provider/openai_messages.hpp"
#include "model/provider/qwen.hpp"
#include "model/provider/qwen_messages.hpp"
#include "model/provider/qwen_thinking.hpp"

namespace lian {
inline namespace v0 {

namespace {

constexpr std::string_view text_path = "/services/aigc/text-generation/generation";
constexpr std::string_view multimodal_path = "/services/aigc/multimodal-generation/generation";

bool is_part_of_body(std::string_view name) {
  return name == "model" || name == "input" || name == "parameters" || name == "resources";
}

class RequestWriter {
 public:
  RequestWriter(const ChatRequest& request, std::vector<std::string>& warnings, std::string& out)
      : request_(request),
        options_(request.options),
        extra_(request.options.extra()),
        inner_(extra_["parameters"]),
        warnings_(warnings),
        multimodal_(is_multimodal(options_.model(), request.messages)),
        json_(out) {}

  bool multimodal() const noexcept { return multimodal_; }

  void write() {
    json_.begin_object();
    write_model();
    if (!extra_.contains("input")) {
      json_.key("input").begin_object().key("messages");
      write_qwen_messages(request_.messages, multimodal_, json_, warnings_);
      json_.end_object();
    }
    json_.key("parameters").begin_object();
    write_parameters();
    json_.end_object();
    for (const std::string& name : extra_.keys())
      if (is_part_of_body(name) && name != "parameters") raw(name, extra_[name]);
    json_.end_object();
  }

 private:
  void raw(std::string_view name, const Json& value) { json_.key(name).raw(value.dump()); }

  void write_model() {
    if (extra_.contains("model")) return;
    if (options_.model().empty())
      refuse_request("no model is named: set one, e.g. chat_model(\"qwen:qwen-plus\")");
    check_request_utf8(options_.model(), "model");
    json_.key("model").string(options_.model());
  }

  // Opens the parameter unless `extra` writes it.
  bool open(std::string_view name) {
    if (extra_.contains(name) || inner_.contains(name)) return false;
    json_.key(name);
    return true;
  }

  void write_parameters() {
    if (!multimodal_ && open("result_format")) json_.string("message");
    if (request_.stream && open("incremental_output")) json_.boolean(true);
    write_sampling();
    write_tools();
    write_thinking();
    for (const std::string& name : extra_.keys())
      if (!is_part_of_body(name)) raw(name, extra_[name]);
    if (inner_.is_null()) return;
    for (const std::string& name : inner_.keys())
      if (!extra_.contains(name)) raw(name, inner_[name]);
  }

  void integer(std::string_view name, std::optional<std::int64_t> value, std::int64_t low,
               std::int64_t high) {
    if (!value) return;
    if (*value < low || *value > high)
      refuse_request(std::string(name) + " is " + std::to_string(*value) +
                     " but must lie between " + std::to_string(low) + " and " +
                     std::to_string(high));
    if (open(name)) json_.integer(*value);
  }

  void write_sampling() {
    integer("seed", options_.seed(), 0, INT64_MAX);
    integer("max_tokens", options_.max_tokens(), 1, INT64_MAX);
    write_top_p();
    if (options_.temperature() && open("temperature")) json_.number(*options_.temperature());
    write_presence_penalty();
    write_stop();
    if (options_.n()) integer("n", *options_.n(), 1, 4);
    if (options_.logprobs() && open("logprobs")) json_.boolean(*options_.logprobs());
    if (options_.top_logprobs()) integer("top_logprobs", *options_.top_logprobs(), 0, 5);
    write_response_format();
  }

  void write_top_p() {
    if (!options_.top_p() || !open("top_p")) return;
    if (*options_.top_p() == 1) warnings_.push_back("qwen takes no top_p of 1: 0.9999 was sent");
    json_.number(std::min(*options_.top_p(), 0.9999));
  }

  void write_presence_penalty() {
    const std::optional<double>& value = options_.presence_penalty();
    if (!value) return;
    if (!(*value >= -2 && *value <= 2))
      refuse_request("presence_penalty is " + std::to_string(*value) +
                     " but must lie between -2 and 2");
    if (open("presence_penalty")) json_.number(*value);
  }

  void write_stop() {
    if (options_.stop().empty() || !open("stop")) return;
    json_.begin_array();
    for (const std::string& text : options_.stop()) {
      check_request_utf8(text, "stop");
      json_.string(text);
    }
    json_.end_array();
  }

  void write_response_format() {
    if (!options_.response_format() || !open("response_format")) return;
    const bool json = options_.response_format()->kind() == ResponseFormat::Kind::json_object;
    json_.begin_object().key("type").string(json ? "json_object" : "text").end_object();
  }

  void write_tools() {
    if (!options_.tools().empty() && open("tools")) {
      json_.begin_array();
      for (const ToolSpec& tool : options_.tools()) write_function_tool(tool, json_);
      json_.end_array();
    }
    const bool any =
        !options_.tools().empty() || extra_.contains("tools") || inner_.contains("tools");
    if (!any) return refuse_choice_without_tools();
    if (options_.tool_choice()) write_tool_choice(*options_.tool_choice());
    if (options_.parallel_tool_calls() && open("parallel_tool_calls"))
      json_.boolean(*options_.parallel_tool_calls());
  }

  void refuse_choice_without_tools() const {
    if (options_.tool_choice() && options_.tool_choice()->mode() == ToolChoice::Mode::named)
      refuse_request("tool_choice is set but tools are not: pass the tools");
  }

  void write_tool_choice(const ToolChoice& choice) {
    const bool named = choice.mode() == ToolChoice::Mode::named;
    const auto is_chosen = [&](const ToolSpec& tool) { return tool.name == choice.name(); };
    if (named && !options_.tools().empty() &&
        std::none_of(options_.tools().begin(), options_.tools().end(), is_chosen))
      refuse_request("tool_choice names \"" + choice.name() + "\", which is not among the tools");
    if (!open("tool_choice")) return;
    if (!named) {
      json_.string(choice.mode() == ToolChoice::Mode::none ? "none" : "auto");
      return;
    }
    json_.begin_object().key("type").string("function").key("function").begin_object();
    json_.key("name").string(choice.name()).end_object().end_object();
  }

  void write_thinking() {
    const bool told = extra_.contains("enable_thinking") || inner_.contains("enable_thinking");
    const QwenThinking thinking = qwen_thinking(request_, told, warnings_);
    if (thinking.enabled && open("enable_thinking")) json_.boolean(*thinking.enabled);
    if (thinking.budget > 0 && open("thinking_budget")) json_.integer(thinking.budget);
  }

  const ChatRequest& request_;
  const ChatOptions& options_;
  const Json& extra_;
  Json inner_;  // `extra("parameters", {…})`
  std::vector<std::string>& warnings_;
  bool multimodal_;
  JsonWriter json_;
};

bool is_media(const Part& part) {
  return std::holds_alternative<ImagePart>(part) || std::holds_alternative<AudioPart>(part) ||
         std::holds_alternative<UnknownPart>(part);
}

}  // namespace

bool is_multimodal(std::string_view model, const Messages& messages) {
  const std::string name = ascii_lower(model);
  for (const std::string_view word : {"vl", "audio", "qvq", "asr", "ocr", "omni"})
    if (qwen_has_word(name, word)) return true;
  if (name.starts_with("qwen2-audio")) return true;
  return std::any_of(messages.begin(), messages.end(), [](const Message& message) {
    return std::any_of(message.parts.begin(), message.parts.end(), is_media);
  });
}

ChatAbilities QwenChatCodec::abilities(std::string_view) const {
  ChatAbilities abilities;
  abilities.tool_choice_required = false;
  abilities.files = false;
  abilities.json_schema = false;
  abilities.logit_bias = abilities.user = abilities.frequency_penalty = false;
  abilities.max_alternatives = 4;
  abilities.max_stop = 1024;
  abilities.temperature = Range(0, 2, false, true);
  abilities.top_p = Range(0, 1, true);  // 1 becomes 0.9999: classic models refuse it
  return abilities;
}

HttpRequest qwen_post(const Endpoint& endpoint, std::string_view path, std::string body) {
  HttpRequest post;
  post.url = endpoint.base_url;
  post.url += path;
  post.headers.add("content-type", "application/json");
  if (!endpoint.api_key.empty()) post.headers.add("authorization", "Bearer " + endpoint.api_key);
  const std::string& workspace = endpoint.option("workspace");
  if (!workspace.empty()) post.headers.add("x-dashscope-workspace", workspace);
  post.body = std::move(body);
  return post;
}

HttpRequest QwenChatCodec::encode(const ChatRequest& request, const Endpoint& endpoint,
                                  std::vector<std::string>& warnings) const {
  std::string body;
  RequestWriter writer(request, warnings, body);
  writer.write();
  HttpRequest post =
      qwen_post(endpoint, writer.multimodal() ? multimodal_path : text_path, std::move(body));
  post.stream = request.stream;
  if (request.stream) {
    post.headers.add("accept", "text/event-stream");
    post.headers.add("x-dashscope-sse", "enable");
  }
  return post;
}

}  // namespace v0
}  // namespace lian
