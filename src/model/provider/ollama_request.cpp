#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>

#include "core/json_writer.hpp"
#include "lian/core/error.hpp"
#include "model/provider/function_tool.hpp"
#include "model/provider/ollama.hpp"
#include "model/provider/ollama_messages.hpp"
#include "model/provider/openai_messages.hpp"

namespace lian {
inline namespace v0 {

namespace {

constexpr std::array<std::string_view, 33> option_names = {"num_ctx",
                                                           "num_predict",
                                                           "num_keep",
                                                           "num_batch",
                                                           "num_gpu",
                                                           "main_gpu",
                                                           "num_thread",
                                                           "use_mmap",
                                                           "use_mlock",
                                                           "low_vram",
                                                           "numa",
                                                           "vocab_only",
                                                           "f16_kv",
                                                           "logits_all",
                                                           "embedding_only",
                                                           "temperature",
                                                           "top_k",
                                                           "top_p",
                                                           "min_p",
                                                           "typical_p",
                                                           "tfs_z",
                                                           "seed",
                                                           "stop",
                                                           "repeat_last_n",
                                                           "repeat_penalty",
                                                           "mirostat",
                                                           "mirostat_eta",
                                                           "mirostat_tau",
                                                           "penalize_newline",
                                                           "presence_penalty",
                                                           "frequency_penalty",
                                                           "rope_frequency_base",
                                                           "rope_frequency_scale"};

bool is_option(std::string_view name) {
  return std::find(option_names.begin(), option_names.end(), name) != option_names.end();
}

class RequestWriter {
 public:
  RequestWriter(const ChatRequest& request, OllamaChatCodec::Api api,
                std::vector<std::string>& warnings, std::string& out)
      : request_(request),
        options_(request.options),
        extra_(request.options.extra()),
        inner_(extra_["options"]),
        is_chat_(api == OllamaChatCodec::Api::chat),
        warnings_(warnings),
        json_(out) {}

  void write() {
    json_.begin_object();
    write_model();
    write_input();
    if (!options_.tools().empty()) write_tools();
    write_format();
    write_think();
    write_options();
    if (options_.logprobs() && open("logprobs")) json_.boolean(*options_.logprobs());
    write_top_logprobs();
    // Ollama streams unless told otherwise.
    json_.key("stream").boolean(request_.stream);
    for (const std::string& name : extra_.keys())
      if (name != "options" && name != "stream" && !is_option(name)) raw(name, extra_[name]);
    json_.end_object();
  }

 private:
  void raw(std::string_view name, const Json& value) { json_.key(name).raw(value.dump()); }

  // Opens a field unless `extra` writes it.
  bool open(std::string_view name) {
    if (extra_.contains(name)) return false;
    json_.key(name);
    return true;
  }

  void write_model() {
    if (extra_.contains("model")) return;
    if (options_.model().empty())
      refuse_request("no model is named: set one, e.g. chat_model(\"ollama:llama3.2\")");
    check_request_utf8(options_.model(), "model");
    json_.key("model").string(options_.model());
  }

  void write_input() {
    OllamaMessages messages(request_.messages, options_.lenient(), json_, warnings_);
    if (is_chat_ && !extra_.contains("messages")) messages.write_messages();
    if (!is_chat_ && !extra_.contains("prompt")) messages.write_prompt();
  }

  void write_tools() {
    if (!is_chat_) refuse_request("a text model calls no tools: use chat_model");
    if (!open("tools")) return;
    json_.begin_array();
    for (ToolSpec tool : options_.tools()) {
      tool.strict = false;  // not a word of Ollama's
      write_function_tool(tool, json_);
    }
    json_.end_array();
  }

  void write_format() {
    if (!options_.response_format()) return;
    const ResponseFormat& format = *options_.response_format();
    if (format.kind() == ResponseFormat::Kind::text || !open("format")) return;
    if (format.kind() == ResponseFormat::Kind::json_object)
      json_.string("json");
    else
      json_.raw(format.schema().dump());
  }

  // true, false, or how much.
  void write_think() {
    const std::string& effort = options_.reasoning_effort();
    if (effort.empty()) return;
    const bool known = effort == "low" || effort == "medium" || effort == "high" || effort == "max";
    const std::string_view nearest = effort == "minimal" ? "low" : effort == "xhigh" ? "max" : "";
    if (!known && effort != "none" && nearest.empty())
      refuse_request("reasoning_effort is \"" + effort +
                     "\" but must be none, low, medium, high or max");
    if (!open("think")) return;
    if (effort == "none") {
      json_.boolean(false);
      return;
    }
    json_.string(nearest.empty() ? std::string_view(effort) : nearest);
    if (!nearest.empty())
      warnings_.push_back("ollama has no reasoning_effort \"" + effort + "\": think \"" +
                          std::string(nearest) + "\" was sent");
  }

  void write_top_logprobs() {
    const std::optional<int>& count = options_.top_logprobs();
    if (!count) return;
    if (*count < 0 || *count > 20)
      refuse_request("top_logprobs is " + std::to_string(*count) +
                     " but must lie between 0 and 20");
    if (open("top_logprobs")) json_.integer(*count);
  }

  // Opens an option unless `extra` writes it; the object is opened with the first.
  bool open_option(std::string_view name) {
    if (extra_.contains(name) || inner_.contains(name)) return false;
    option_key(name);
    return true;
  }

  void option_key(std::string_view name) {
    if (!std::exchange(in_options_, true)) json_.key("options").begin_object();
    json_.key(name);
  }

  void write_options() {
    const auto number = [this](std::string_view name, const std::optional<double>& value) {
      if (value && open_option(name)) json_.number(*value);
    };
    if (options_.max_tokens() && *options_.max_tokens() < 1)
      refuse_request("max_tokens is " + std::to_string(*options_.max_tokens()) +
                     " but must be at least 1; for no limit pass extra(\"num_predict\", -1)");
    number("temperature", options_.temperature());
    number("top_p", options_.top_p());
    if (options_.max_tokens() && open_option("num_predict")) json_.integer(*options_.max_tokens());
    if (options_.seed() && open_option("seed")) json_.integer(*options_.seed());
    write_stop();
    number("presence_penalty", options_.presence_penalty());
    number("frequency_penalty", options_.frequency_penalty());
    for (const std::string& name : extra_.keys())
      if (is_option(name)) raw_option(name, extra_[name]);
    for (const std::string& name : inner_.keys())
      if (!is_option(name) || !extra_.contains(name)) raw_option(name, inner_[name]);
    if (in_options_) json_.end_object();
  }

  void raw_option(std::string_view name, const Json& value) {
    option_key(name);
    json_.raw(value.dump());
  }

  void write_stop() {
    if (options_.stop().empty() || !open_option("stop")) return;
    json_.begin_array();
    for (const std::string& text : options_.stop()) {
      check_request_utf8(text, "stop");
      json_.string(text);
    }
    json_.end_array();
  }

  const ChatRequest& request_;
  const ChatOptions& options_;
  const Json& extra_;
  Json inner_;  // `extra("options", {…})`
  bool is_chat_;
  bool in_options_ = false;
  std::vector<std::string>& warnings_;
  JsonWriter json_;
};

}  // namespace

ChatAbilities OllamaChatCodec::abilities(std::string_view) const {
  ChatAbilities abilities;
  abilities.tools = api_ == Api::chat;
  abilities.tool_choice_none = abilities.tool_choice_required = abilities.tool_choice_named = false;
  abilities.parallel_tool_calls = false;
  abilities.audio = abilities.files = false;
  abilities.logit_bias = abilities.user = false;
  abilities.max_alternatives = 1;
  abilities.max_stop = 1024;
  return abilities;
}

HttpRequest ollama_post(const Endpoint& endpoint, std::string_view path, std::string body) {
  HttpRequest post;
  post.url = endpoint.base_url;
  post.url += path;
  post.headers.add("content-type", "application/json");
  if (!endpoint.api_key.empty()) post.headers.add("authorization", "Bearer " + endpoint.api_key);
  post.body = std::move(body);
  return post;
}

HttpRequest OllamaChatCodec::encode(const ChatRequest& request, const Endpoint& endpoint,
                                    std::vector<std::string>& warnings) const {
  std::string body;
  RequestWriter(request, api_, warnings, body).write();
  HttpRequest post =
      ollama_post(endpoint, api_ == Api::chat ? "/api/chat" : "/api/generate", std::move(body));
  post.stream = request.stream;
  return post;
}

}  // namespace v0
}  // namespace lian
