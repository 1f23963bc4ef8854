#include <algorithm>
#include <climits>
#include <memory>
#include <string>
#include <utility>

#include "core/json_writer.hpp"
#include "lian/core/error.hpp"
#include "lian/core/utf8.hpp"
#include "model/provider/anthropic.hpp"
#include "model/provider/anthropic_blocks.hpp"
#include "model/provider/anthropic_content.hpp"
#include "model/provider/anthropic_error.hpp"
#include "model/provider/json_reader.hpp"
#include "model/provider/json_text.hpp"
#include "model/provider/openai_messages.hpp"

namespace lian {
inline namespace v0 {
namespace {

constexpr std::string_view human = "\n\nHuman:", assistant = "\n\nAssistant:";
constexpr std::int64_t usual_max_tokens = 4096;

void append_turn(std::string& prompt, const Message& message) {
  const std::string text = message.text();
  if (message.role == Role::system || message.role == Role::developer) {
    prompt += text;
    return;
  }
  prompt += message.role == Role::assistant ? assistant : human;
  prompt += " ";
  prompt += text;
}

std::string prompt_of(const Messages& messages) {
  if (messages.empty()) refuse_request("the request has no prompt");
  std::string prompt;
  if (messages.size() == 1 && messages[0].text().find(human) != std::string::npos)
    prompt = messages[0].text();
  else
    for (const Message& message : messages) append_turn(prompt, message);
  const std::size_t turn = prompt.rfind(human);
  if (turn == prompt.npos) refuse_request("the request has no message of the user");
  if (prompt.find(assistant, turn) == prompt.npos) prompt += assistant;
  check_request_utf8(prompt, "prompt");
  return prompt;
}

class TextRequestWriter {
 public:
  TextRequestWriter(const ChatRequest& request, std::string& out)
      : request_(request), options_(request.options), json_(out) {}

  void write() {
    check_request_utf8(options_.model(), "model");
    json_.begin_object();
    if (open_field("model")) json_.string(options_.model());
    if (open_field("prompt")) json_.string(prompt_of(request_.messages));
    if (open_field("max_tokens_to_sample")) json_.integer(max_tokens());
    write_stop();
    if (options_.temperature() && open_field("temperature")) json_.number(*options_.temperature());
    if (options_.top_p() && open_field("top_p")) json_.number(*options_.top_p());
    write_user();
    if (request_.stream && open_field("stream")) json_.boolean(true);
    write_members(options_.extra(), json_);
    json_.end_object();
  }

 private:
  bool open_field(std::string_view name) {
    if (options_.extra().contains(name)) return false;
    json_.key(name);
    return true;
  }

  std::int64_t max_tokens() const {
    const std::int64_t wanted = options_.max_tokens().value_or(usual_max_tokens);
    if (wanted < 1)
      refuse_request("max_tokens is " + std::to_string(wanted) + " but must be at least 1");
    return wanted;
  }

  void write_stop() {
    if (options_.stop().empty() || !open_field("stop_sequences")) return;
    json_.begin_array();
    for (const std::string& text : options_.stop()) {
      check_request_utf8(text, "stop");
      json_.string(text);
    }
    json_.end_array();
  }

  void write_user() {
    if (options_.user().empty() || !open_field("metadata")) return;
    check_request_utf8(options_.user(), "user");
    json_.begin_object().key("user_id").string(options_.user()).end_object();
  }

  const ChatRequest& request_;
  const ChatOptions& options_;
  JsonWriter json_;
};

FinishReason finish_reason(std::string_view word) {
  if (word.empty()) return FinishReason::none;
  if (word == "stop_sequence") return FinishReason::stop;
  return word == "max_tokens" ? FinishReason::length : FinishReason::other;
}

// The terminal sign is the event that has a stop_reason.
class AnthropicTextDecoder : public ChatStreamDecoder {
 public:
  AnthropicTextDecoder() : reader_(anthropic_name) {}

  bool decode(const StreamEvent& event, ChatPiece& piece) override {
    piece.clear();
    if (stopped_ || event.data.find_first_not_of(" \t\r\n") == event.data.npos) return false;
    if (event.type == "ping" || event.data.starts_with("[DONE]")) return false;
    const std::string_view kind = anthropic_event_kind(event, reader_, kind_);
    if (kind == "error") throw anthropic_error_in_reply(event.data);
    if (kind != "completion") return false;
    reader_.read(event.data, [&](JsonValue root) {
      root.fields([&](JsonKey key, JsonValue value) { read_field(key, value, piece); });
    });
    identified_ = true;
    piece.finish_reason = finish_reason(piece.raw_finish_reason);
    stopped_ = !piece.raw_finish_reason.empty();
    return stopped_ || !piece.text.empty() || !piece.id.empty();
  }

  bool complete() const noexcept override { return stopped_; }
  bool finished() const noexcept override { return stopped_; }

 private:
  void read_field(JsonKey key, JsonValue value, ChatPiece& piece) {
    if (key == "completion") return value.assign_to(piece.text);
    if (key == "stop_reason") return value.assign_to(piece.raw_finish_reason);
    if (key == "stop" && value.is_string()) piece.extra.set("stop", Json(value.text()));
    if (identified_) return;
    if (key == "id") value.assign_to(piece.id);
    if (key == "model") value.assign_to(piece.model);
    if (key == "log_id") piece.extra.set("log_id", value.json());
    piece.provider = anthropic_name;
  }

  JsonReader reader_;
  std::string kind_;
  bool identified_ = false, stopped_ = false;
};

}  // namespace

ChatAbilities AnthropicTextCodec::abilities(std::string_view) const {
  ChatAbilities abilities;
  abilities.tools = abilities.parallel_tool_calls = false;
  abilities.tool_choice_none = abilities.tool_choice_required = abilities.tool_choice_named = false;
  abilities.images = abilities.audio = abilities.files = false;
  abilities.json_object = abilities.json_schema = abilities.reasoning_effort = false;
  abilities.seed = abilities.logprobs = abilities.logit_bias = false;
  abilities.presence_penalty = abilities.frequency_penalty = false;
  abilities.max_alternatives = 1;
  abilities.max_stop = INT_MAX;
  abilities.temperature = Range(0, 1);
  return abilities;
}

HttpRequest AnthropicTextCodec::encode(const ChatRequest& request, const Endpoint& endpoint,
                                       std::vector<std::string>&) const {
  std::string body;
  TextRequestWriter(request, body).write();
  HttpRequest post =
      anthropic_post(endpoint, "/complete", anthropic_first_version, std::move(body));
  post.stream = request.stream;
  return post;
}

AIMessage AnthropicTextCodec::decode(const HttpReply& reply) const {
  const Json body = parse_anthropic(utf8::repair(reply.body));
  if (is_anthropic_error(body)) throw anthropic_error_in_reply(body.dump());
  if (!body["completion"].is_string() || !body["stop_reason"].is_string())
    throw_not_json(anthropic_name, reply.body, 0, "it has no completion or no stop_reason");
  AIMessage message(std::string(body["completion"].as_string()));
  message.raw_finish_reason = string_or_empty(body["stop_reason"]);
  message.finish_reason = finish_reason(message.raw_finish_reason);
  message.provider = anthropic_name;
  message.id = string_or_empty(body["id"]);
  message.model = string_or_empty(body["model"]);
  message.extra = fields_besides(body, {"type", "id", "completion", "stop_reason", "model"});
  return message;
}

std::unique_ptr<ChatStreamDecoder> AnthropicTextCodec::decoder(const ChatRequest&) const {
  return std::make_unique<AnthropicTextDecoder>();
}

ApiError AnthropicTextCodec::classify(const HttpReply& reply, const Endpoint& endpoint) const {
  return anthropic_error(reply, endpoint);
}

}  // namespace v0
}  // namespace lian
