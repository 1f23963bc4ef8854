#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "core/json_writer.hpp"
#include "lian/core/error.hpp"
#include "model/provider/counting_chat.hpp"
#include "model/provider/llamacpp.hpp"
#include "model/provider/openai_messages.hpp"

namespace lian {
inline namespace v0 {

namespace {

std::string prompt_of(const Messages& messages) {
  if (messages.size() != 1 || messages.front().role != Role::user)
    refuse_request("a text model takes one message of the user; for more use chat_model");
  std::string prompt = messages.front().text();
  check_request_utf8(prompt, "prompt");
  return prompt;
}

bool is_number(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

class RequestWriter {
 public:
  RequestWriter(const ChatRequest& request, std::string& out)
      : request_(request), options_(request.options), json_(out) {}

  bool fills_in() const {
    return options_.extra().contains("input_prefix") || options_.extra().contains("input_suffix");
  }

  void write() {
    json_.begin_object();
    if (!options_.model().empty() && open("model")) {
      check_request_utf8(options_.model(), "model");
      json_.string(options_.model());
    }
    write_prompt();
    write_sampling();
    write_format();
    if (open("stream")) json_.boolean(request_.stream);
    const Json& extra = options_.extra();
    for (const std::string& name : extra.keys()) json_.key(name).raw(extra[name].dump());
    json_.end_object();
  }

 private:
  bool open(std::string_view name) {
    if (options_.extra().contains(name)) return false;
    json_.key(name);
    return true;
  }

  void write_prompt() {
    if (options_.extra().contains("prompt")) return;  // tokens, or text and tokens
    const std::string prompt = prompt_of(request_.messages);
    if (prompt.empty() && !fills_in()) refuse_request("the prompt is empty");
    json_.key("prompt").string(prompt);
  }

  void write_sampling() {
    const auto number = [this](std::string_view name, const std::optional<double>& value) {
      if (value && open(name)) json_.number(*value);
    };
    if (options_.max_tokens() && *options_.max_tokens() < 0)
      refuse_request("max_tokens is " + std::to_string(*options_.max_tokens()) +
                     " but must be at least 0");
    if (options_.max_tokens() && open("n_predict")) json_.integer(*options_.max_tokens());
    number("temperature", options_.temperature());
    number("top_p", options_.top_p());
    if (options_.seed() && open("seed")) json_.integer(*options_.seed());
    number("presence_penalty", options_.presence_penalty());
    number("frequency_penalty", options_.frequency_penalty());
    write_stop();
    write_logit_bias();
    if (options_.logprobs().value_or(false) && open("n_probs"))
      json_.integer(std::max(1, options_.top_logprobs().value_or(1)));
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

  // Pairs of a token, by number or by its text, and its bias.
  void write_logit_bias() {
    if (options_.logit_bias().empty() || !open("logit_bias")) return;
    json_.begin_array();
    for (const auto& [token, bias] : options_.logit_bias()) {
      check_request_utf8(token, "logit_bias");
      json_.begin_array();
      if (is_number(token))
        json_.raw(token);
      else
        json_.string(token);
      json_.number(bias).end_array();
    }
    json_.end_array();
  }

  void write_format() {
    if (!options_.response_format()) return;
    const ResponseFormat& format = *options_.response_format();
    if (format.kind() == ResponseFormat::Kind::text || !open("json_schema")) return;
    const bool any = format.kind() == ResponseFormat::Kind::json_object;
    json_.raw(any ? R"({"type":"object"})" : format.schema().dump());
  }

  const ChatRequest& request_;
  const ChatOptions& options_;
  JsonWriter json_;
};

HttpRequest post_to(const Endpoint& endpoint, std::string_view path, std::string body) {
  Endpoint root = endpoint;
  root.base_url = server_root(endpoint.base_url);
  return openai_post(root, path, std::move(body));
}

}  // namespace

ChatAbilities LlamaCppCompletionCodec::abilities(std::string_view) const {
  ChatAbilities abilities;
  abilities.system = abilities.tools = false;
  abilities.images = abilities.audio = abilities.files = false;
  abilities.user = abilities.reasoning_effort = false;
  abilities.max_alternatives = 1;
  abilities.max_stop = 1024;
  return abilities;
}

HttpRequest LlamaCppCompletionCodec::encode(const ChatRequest& request, const Endpoint& endpoint,
                                            std::vector<std::string>&) const {
  std::string body;
  RequestWriter writer(request, body);
  writer.write();
  HttpRequest post =
      post_to(endpoint, writer.fills_in() ? "/infill" : "/completion", std::move(body));
  post.stream = request.stream;
  return post;
}

HttpRequest LlamaCppCompletionCodec::encode_count(const ChatRequest& request,
                                                  const Endpoint& endpoint) const {
  std::string body;
  JsonWriter json(body);
  json.begin_object().key("content").string(prompt_of(request.messages));
  json.key("add_special").boolean(true).end_object();
  return post_to(endpoint, "/tokenize", std::move(body));
}

}  // namespace v0
}  // namespace lian
