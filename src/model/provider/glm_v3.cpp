#include <string>
#include <utility>

#include "core/json_writer.hpp"
#include "lian/core/error.hpp"
#include "lian/core/utf8.hpp"
#include "model/provider/api_error.hpp"
#include "model/provider/glm.hpp"
#include "model/provider/glm_token.hpp"
#include "model/provider/json_text.hpp"
#include "model/provider/openai_error.hpp"
#include "model/provider/openai_messages.hpp"
#include "model/provider/turns.hpp"
#include "net/url.hpp"

namespace lian {
inline namespace v0 {

namespace {

constexpr std::chrono::seconds token_lifetime{180};

std::int64_t count(const Json& number) { return number.is_integer() ? number.as_int() : 0; }

std::optional<Usage> usage_of(const Json& json) {
  if (!json.is_object()) return std::nullopt;
  Usage usage(count(json["prompt_tokens"]), count(json["completion_tokens"]));
  if (json["total_tokens"].is_integer()) usage.total_tokens = count(json["total_tokens"]);
  return usage;
}

// With return_type json_string the text is a JSON string inside the string; not all models obey.
std::string text_of(std::string_view content) {
  const bool quoted = content.size() >= 2 && content.front() == '"' && content.back() == '"';
  if (!quoted) return std::string(content);
  const Json inner = parse_or_null(content);
  if (inner.is_string()) return std::string(inner.as_string());
  return std::string(content.substr(1, content.size() - 2));
}

[[noreturn]] void throw_complaint(std::string_view text) {
  throw openai_error_in_reply(text, glm_dialect);
}

/// The events add, finish, error and interrupted; their data is text, not JSON. What is known about
/// the reply stands in a field "meta:" of the last one.
class ChatGlmStream final : public ChatStreamDecoder {
 public:
  bool decode(const StreamEvent& event, ChatPiece& piece) override {
    piece.clear();
    if (done_) return false;
    if (event.type == "error" || event.type == "bare") throw_complaint(event.data);
    const bool finish = event.type == "finish", interrupted = event.type == "interrupted";
    if (!finish && !interrupted && event.type != "add") return false;
    if (interrupted) {
      piece.extra.set("interrupted", Json(event.data));
    } else {
      piece.text.assign(event.data);
    }
    if (finish || interrupted) end(event, interrupted, piece);
    return done_ || !piece.text.empty();
  }
  bool complete() const noexcept override { return done_; }
  bool finished() const noexcept override { return done_; }

 private:
  void end(const StreamEvent& event, bool interrupted, ChatPiece& piece) {
    done_ = true;
    piece.finish_reason = interrupted ? FinishReason::content_filter : FinishReason::stop;
    piece.raw_finish_reason = event.type;
    read_meta(event.other, piece);
  }

  static void read_meta(std::string_view lines, ChatPiece& piece) {
    constexpr std::string_view field = "meta:";
    while (!lines.empty()) {
      const std::string_view line = lines.substr(0, lines.find('\n'));
      lines.remove_prefix(std::min(lines.size(), line.size() + 1));
      if (!line.starts_with(field)) continue;
      const Json meta = parse_or_null(line.substr(field.size()));
      piece.usage = usage_of(meta["usage"]);
      piece.id = scalar_text(meta["task_id"]);
      if (!meta["request_id"].is_null()) piece.extra.set("request_id", meta["request_id"]);
    }
  }

  bool done_ = false;
};

void write_body(const ChatRequest& request, const std::vector<Turn>& turns, JsonWriter& json) {
  const ChatOptions& options = request.options;
  const Json& extra = options.extra();
  const auto open = [&](std::string_view name) {
    if (extra.contains(name)) return false;
    json.key(name);
    return true;
  };
  json.begin_object();
  if (open("prompt")) {
    json.begin_array();
    for (const Turn& turn : turns) {
      json.begin_object().key("role").string(to_string(turn.role));
      json.key("content").string(turn.text).end_object();
    }
    json.end_array();
  }
  if (options.temperature() && open("temperature")) json.number(*options.temperature());
  if (options.top_p() && open("top_p")) json.number(*options.top_p());
  // The vendor's default is not known for certain, and full texts repeat themselves.
  if (open("incremental")) json.boolean(true);
  if (!request.stream && open("return_type")) json.string("json_string");
  if (!extra.empty())
    for (const std::string& name : extra.keys()) json.key(name).raw(extra[name].dump());
  json.end_object();
}

}  // namespace

ChatAbilities ChatGlmCodec::abilities(std::string_view) const {
  ChatAbilities abilities;
  abilities.tools = abilities.parallel_tool_calls = false;
  abilities.tool_choice_none = abilities.tool_choice_required = abilities.tool_choice_named = false;
  abilities.images = abilities.audio = abilities.files = false;
  abilities.json_object = abilities.json_schema = abilities.reasoning_effort = false;
  abilities.max_tokens = abilities.seed = abilities.user = false;
  abilities.logprobs = abilities.logit_bias = false;
  abilities.presence_penalty = abilities.frequency_penalty = false;
  abilities.max_alternatives = 1;
  abilities.max_stop = 0;
  abilities.temperature = abilities.top_p = Range(0, 1, true, true);
  return abilities;
}

HttpRequest ChatGlmCodec::encode(const ChatRequest& request, const Endpoint& endpoint,
                                 std::vector<std::string>& warnings) const {
  TurnRules rules;
  rules.provider = "chatglm of glm's API v3";
  const std::vector<Turn> turns = text_turns(request.messages, rules, warnings);
  HttpRequest post;
  post.url = endpoint.base_url + "/model-api/" + percent_encode(request.options.model()) +
             (request.stream ? "/sse-invoke" : "/invoke");
  post.headers.add("content-type", "application/json");
  if (request.stream) post.headers.add("accept", "text/event-stream");
  JsonWriter json(post.body);
  write_body(request, turns, json);
  post.stream = request.stream;
  return post;
}

AIMessage ChatGlmCodec::decode(const HttpReply& reply) const {
  const std::string body = utf8::repair(reply.body);
  const Json json = Json::parse(body);
  const Json data = json["data"];
  const Json content = data["choices"][0]["content"];
  const Json success = json["success"];
  if (success.is_bool() && !success.as_bool()) throw_complaint(body);
  if (!content.is_string()) {
    if (is_openai_error(body)) throw_complaint(body);
    throw_not_json("glm", body, 0, "it has no data.choices[0].content");
  }
  AIMessage message(text_of(content.as_string()));
  message.finish_reason = FinishReason::stop;
  message.id = scalar_text(data["task_id"]);
  message.usage = usage_of(data["usage"]);
  for (const char* name : {"request_id", "task_status"})
    if (!data[name].is_null()) message.extra.set(name, data[name]);
  finish(message);
  return message;
}

std::unique_ptr<ChatStreamDecoder> ChatGlmCodec::decoder(const ChatRequest&) const {
  return std::make_unique<ChatGlmStream>();
}

void ChatGlmCodec::sign(HttpRequest& request, const Endpoint& endpoint,
                        const Signing& signing) const {
  request.headers.set("authorization",
                      glm_token(endpoint.api_key, signing.now, token_lifetime));
}

bool ChatGlmCodec::sign_anew(const ApiError& error) const { return error.code == "1003"; }

ApiError ChatGlmCodec::classify(const HttpReply& reply, const Endpoint& endpoint) const {
  return openai_error(reply, endpoint, glm_dialect);
}

}  // namespace v0
}  // namespace lian
