#include <algorithm>
#include <chrono>

#include <fmt/format.h>

#include "core/digest.hpp"
#include "core/json_writer.hpp"
#include "lian/core/error.hpp"
#include "model/provider/baichuan.hpp"
#include "model/provider/openai_messages.hpp"

namespace lian {
inline namespace v0 {

namespace {

bool is_system(const Message& message) {
  return message.role == Role::system || message.role == Role::developer;
}

// The text of a message of the user or the assistant; nothing else is taken.
std::string text_of(const Message& message, std::size_t index) {
  const std::string place = fmt::format("messages[{}]", index);
  if (message.role != Role::user && message.role != Role::assistant)
    throw UnsupportedError(place +
                               " has a role that baichuan's signed API does not take: it takes "
                               "system, user and assistant; nothing was sent",
                           "message roles");
  std::string text;
  for (const Part& part : message.parts) {
    if (const auto* plain = std::get_if<TextPart>(&part)) {
      text += plain->text;
    } else if (const auto* refusal = std::get_if<RefusalPart>(&part)) {
      text += refusal->text;
    } else if (!std::holds_alternative<ReasoningPart>(part)) {
      throw UnsupportedError(
          place +
              " has a part that is no text, which baichuan's signed API does not take; nothing "
              "was sent",
          "message parts");
    }
  }
  check_request_utf8(text, place + ".content");
  return text;
}

void write_messages(const Messages& messages, JsonWriter& json) {
  json.begin_array();
  for (std::size_t i = 0; i < messages.size(); ++i) {
    const std::string text = text_of(messages[i], i);
    json.begin_object().key("role").string(to_string(messages[i].role));
    json.key("content").string(text);
    if (messages[i].role == Role::user)  // what a reply says about itself does not go back
      for (const std::string& name : messages[i].extra.keys())
        json.key(name).raw(messages[i].extra[name].dump());
    json.end_object();
  }
  json.end_array();
}

// The settings with the fields of `extra` over them; its own "parameters" count as such fields.
Json parameters_of(const ChatOptions& options) {
  Json parameters;
  if (options.temperature()) parameters.set("temperature", Json(*options.temperature()));
  if (options.top_p()) parameters.set("top_p", Json(*options.top_p()));
  const Json given = options.extra()["parameters"];
  for (const std::string& name : given.keys()) parameters.set(name, given[name]);
  for (const std::string& name : options.extra().keys())
    if (name != "parameters" && name != "model" && name != "messages")
      parameters.set(name, options.extra()[name]);
  return parameters;
}

}  // namespace

Messages baichuan_fold_system(Messages messages, std::vector<std::string>& warnings) {
  std::string system;
  for (const Message& message : messages)
    if (is_system(message)) system += message.text() + "\n";
  if (system.empty()) return messages;
  std::erase_if(messages, &is_system);
  const auto first = std::find_if(messages.begin(), messages.end(), [](const Message& message) {
    return message.role == Role::user;
  });
  if (first == messages.end()) refuse_request("the request has no message of the user");
  first->parts.insert(first->parts.begin(), TextPart(std::move(system)));
  warnings.emplace_back(
      "this model of baichuan takes no system messages: they were put before the first message of "
      "the user");
  return messages;
}

ChatAbilities BaichuanLegacyCodec::abilities(std::string_view) const {
  ChatAbilities can;
  can.tools = can.parallel_tool_calls = false;
  can.tool_choice_none = can.tool_choice_required = can.tool_choice_named = false;
  can.images = can.audio = can.files = can.json_object = can.json_schema = false;
  can.reasoning_effort = can.max_tokens = can.seed = can.logprobs = can.logit_bias = false;
  can.user = can.presence_penalty = can.frequency_penalty = false;
  can.max_alternatives = 1;
  can.max_stop = 0;
  can.temperature = Range(0, 1);
  can.top_p = Range(0, 1, false, true);
  return can;
}

HttpRequest BaichuanLegacyCodec::encode(const ChatRequest& request, const Endpoint& endpoint,
                                        std::vector<std::string>& warnings) const {
  const ChatOptions& options = request.options;
  if (options.model().empty()) refuse_request("no model is named: set one, e.g. Baichuan2-53B");
  check_request_utf8(options.model(), "model");
  if (request.messages.empty()) refuse_request("the request has no messages");
  const Messages messages = baichuan_fold_system(request.messages, warnings);

  HttpRequest post;
  post.url = endpoint.base_url + (request.stream ? "/stream/chat" : "/chat");
  post.headers.add("content-type", "application/json");
  if (!endpoint.api_key.empty()) post.headers.add("authorization", "Bearer " + endpoint.api_key);
  JsonWriter json(post.body);
  json.begin_object().key("model").string(options.model()).key("messages");
  const Json given = options.extra()["messages"];
  given.is_null() ? write_messages(messages, json) : static_cast<void>(json.raw(given.dump()));
  const Json parameters = parameters_of(options);
  if (!parameters.empty()) json.key("parameters").raw(parameters.dump());
  json.end_object();
  return post;
}

std::string baichuan_signature(std::string_view secret_key, std::string_view body,
                               std::string_view timestamp) {
  std::string text;
  text.reserve(secret_key.size() + body.size() + timestamp.size());
  text.append(secret_key).append(body).append(timestamp);
  return hex(md5(text));
}

void BaichuanLegacyCodec::sign(HttpRequest& request, const Endpoint& endpoint,
                               const Signing& signing) const {
  using namespace std::chrono;
  const auto seconds_now = duration_cast<seconds>(signing.now.time_since_epoch()).count();
  const std::string timestamp = std::to_string(seconds_now);
  request.headers.set("x-bc-timestamp", timestamp);
  request.headers.set("x-bc-signature",
                      baichuan_signature(endpoint.option("secret_key"), request.body, timestamp));
  request.headers.set("x-bc-sign-algo", "MD5");
}

}  // namespace v0
}  // namespace lian
