#include "core/json_writer.hpp"
#include "model/provider/json_text.hpp"
#include "model/provider/openai.hpp"
#include "model/provider/openai_error.hpp"
#include "model/provider/openai_messages.hpp"

namespace lian {
inline namespace v0 {
namespace {

class CompletionWriter {
 public:
  CompletionWriter(const ChatRequest& request, std::string& out)
      : request_(request), options_(request.options), json_(out) {}

  void write(bool stream_usage) {
    json_.begin_object();
    if (field("model")) string(options_.model(), "model");
    if (field("prompt")) write_prompt();
    if (options_.max_tokens() && field("max_tokens")) json_.integer(*options_.max_tokens());
    number("temperature", options_.temperature());
    number("top_p", options_.top_p());
    if (options_.n() && field("n")) json_.integer(*options_.n());
    if (options_.seed() && field("seed")) json_.integer(*options_.seed());
    if (!options_.stop().empty() && field("stop")) write_stop();
    number("presence_penalty", options_.presence_penalty());
    number("frequency_penalty", options_.frequency_penalty());
    if (options_.logprobs().value_or(false) && field("logprobs"))
      json_.integer(options_.top_logprobs().value_or(1));
    if (!options_.user().empty() && field("user")) string(options_.user(), "user");
    if (request_.stream && field("stream")) json_.boolean(true);
    if (request_.stream && stream_usage && field("stream_options"))
      json_.begin_object().key("include_usage").boolean(true).end_object();
    for (const std::string& name : options_.extra().keys())
      json_.key(name).raw(options_.extra()[name].dump());
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
  void number(std::string_view name, const std::optional<double>& value) {
    if (value && field(name)) json_.number(*value);
  }
  void write_prompt() {
    std::string prompt;
    for (const Message& message : request_.messages) prompt += message.text();
    string(prompt, "prompt");
  }
  void write_stop() {
    json_.begin_array();
    for (const std::string& text : options_.stop()) string(text, "stop");
    json_.end_array();
  }

  const ChatRequest& request_;
  const ChatOptions& options_;
  JsonWriter json_;
};

std::string text_of(const Json& value) {
  return value.is_string() ? std::string(value.as_string()) : std::string();
}

}  // namespace

ChatAbilities OpenAICompletionsCodec::abilities(std::string_view) const {
  ChatAbilities abilities = dialect().abilities;
  abilities.tools = abilities.images = abilities.audio = abilities.files = false;
  abilities.json_object = abilities.json_schema = abilities.reasoning_effort = false;
  return abilities;
}

HttpRequest OpenAICompletionsCodec::encode(const ChatRequest& request, const Endpoint& endpoint,
                                           std::vector<std::string>&) const {
  std::string body;
  CompletionWriter(request, body).write(dialect().stream_usage);
  HttpRequest post = openai_post(endpoint, dialect().completions_path, std::move(body));
  post.stream = request.stream;
  return post;
}

HttpRequest OpenAIModelListCodec::encode(const Endpoint& endpoint, const std::string&) const {
  return openai_get(endpoint, "/models");
}

ModelListCodec::Page OpenAIModelListCodec::decode(const HttpReply& reply) const {
  const Json body = Json::parse(reply.body);
  // Together answers with the bare array.
  const Json list = body.is_array() ? body : body["data"];
  if (!list.is_array()) {
    if (is_openai_error(reply.body)) throw openai_error_in_reply(reply.body, named(provider_));
    throw_not_json(provider_, reply.body, 0, "it has no list of models");
  }
  Page page;
  for (const Json& item : list.items()) {
    ModelInfo model;
    model.id = text_of(item["id"]);
    if (model.id.empty()) throw_not_json(provider_, reply.body, 0, "a model has no id");
    model.title = text_of(item["name"]);
    for (const char* length : {"context_length", "context_window", "max_context_length",
                               "max_model_len"})
      if (model.input_tokens == 0 && item[length].is_integer())
        model.input_tokens = item[length].as_int();
    const Json trained = item["meta"]["n_ctx_train"];  // llama.cpp
    if (model.input_tokens == 0 && trained.is_integer()) model.input_tokens = trained.as_int();
    model.raw = item;
    page.models.push_back(std::move(model));
  }
  return page;
}

ApiError OpenAIModelListCodec::classify(const HttpReply& reply, const Endpoint& endpoint) const {
  return openai_error(reply, endpoint);
}

}  // namespace v0
}  // namespace lian
