#include "support/glm_server.hpp"

#include <chrono>
#include <set>

#include "support/openai_replies.hpp"
#include "support/vendor_digest.hpp"

namespace lian::test {
namespace {

using nlohmann::json;

struct VendorError {
  int status = 0;
  const char* code = "";
};

VendorError error_of(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::authentication:
      return {401, "1002"};
    case ErrorKind::permission:
      return {400, "1220"};
    case ErrorKind::not_found:
      return {400, "1211"};
    case ErrorKind::rate_limited:
      return {429, "1302"};
    case ErrorKind::quota:
      return {429, "1113"};
    case ErrorKind::overloaded:
      return {429, "1305"};
    case ErrorKind::server:
      return {500, "500"};
    case ErrorKind::invalid_request:
      return {400, "1214"};
    case ErrorKind::context_length:
      return {400, "1261"};
    case ErrorKind::content_filter:
      return {400, "1301"};
    default:
      return {};
  }
}

Reply glm_error(int status, const std::string& code, const std::string& message) {
  return Reply::json(status, json{{"error", {{"code", code}, {"message", message}}}}.dump());
}

std::int64_t now_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

// Whether it is a token of the key, and whether it is valid at that time of the vendor's clock.
enum class Token { wrong, expired, valid };
Token judge(const std::string& token, const std::string& key, std::int64_t at) {
  const std::size_t first = token.find('.'), second = token.rfind('.');
  if (first == token.npos || first == second) return Token::wrong;
  const std::string secret = key.substr(key.find('.') + 1);
  try {
    if (vendor_unbase64(token.substr(second + 1)) !=
        vendor_hmac_sha256(secret, token.substr(0, second)))
      return Token::wrong;
    const json head = json::parse(vendor_unbase64(token.substr(0, first)));
    const json claims = json::parse(vendor_unbase64(token.substr(first + 1, second - first - 1)));
    const bool right = head.at("alg") == "HS256" && head.at("sign_type") == "SIGN" &&
                       claims.at("api_key") == key.substr(0, key.find('.'));
    if (!right) return Token::wrong;
    const bool milliseconds = std::abs(claims.at("timestamp").get<std::int64_t>() - now_ms()) < 60000;
    return milliseconds && claims.at("exp").get<std::int64_t>() > at ? Token::valid : Token::expired;
  } catch (const std::exception&) {
    return Token::wrong;
  }
}

void require_fields(const json& object, const std::set<std::string>& known) {
  require(object.is_object(), "not an object");
  for (const auto& [name, value] : object.items())
    require(known.count(name) == 1, "unknown field " + name);
}

void require_open(const json& body, const char* name, bool closed_above) {
  if (!body.contains(name)) return;
  const double value = body.at(name).get<double>();
  require(value > 0 && (closed_above ? value <= 1 : value < 1), std::string(name) + " out of range");
}

void read_part(const json& part, Seen::Turn& turn) {
  if (part.at("type") == "text") {
    turn.text += part.at("text").get<std::string>();
    return;
  }
  require(part.at("type") == "image_url", "unknown part");
  const std::string url = part.at("image_url").at("url");
  require(!url.starts_with("data:"), "an image's base64 must stand alone");
  if (!url.starts_with("http")) vendor_unbase64(url);
  ++turn.images;
}

void read_message(const json& message, Seen& seen) {
  require_fields(message, {"role", "content", "tool_calls", "tool_call_id"});
  const std::string role = message.at("role");
  const json& content = message.at("content");
  if (role == "system") {
    seen.system += (seen.system.empty() ? "" : "\n") + content.get<std::string>();
    return;
  }
  if (role == "tool") {
    require(!message.at("tool_call_id").get<std::string>().empty(), "tool_call_id is empty");
    if (seen.turns.empty() || seen.turns.back().role != "tool")
      seen.turns.push_back({"tool", "", 0, {}, {}});
    seen.turns.back().results.push_back(content.get<std::string>());
    return;
  }
  require(role == "user" || role == "assistant", "unknown role " + role);
  require(!seen.turns.empty() || role == "user", "the first message must be the user's");
  Seen::Turn turn{role, "", 0, {}, {}};
  if (content.is_string()) turn.text = content;
  if (content.is_array())
    for (const json& part : content) read_part(part, turn);
  require(role == "assistant" || !turn.text.empty() || turn.images > 0, "content is empty");
  for (const json& call : message.value("tool_calls", json::array()))
    turn.calls.push_back({call.at("function").at("name"), call.at("function").at("arguments")});
  seen.turns.push_back(std::move(turn));
}

void read_tools(const json& body, Seen& seen) {
  for (const json& tool : body.value("tools", json::array())) {
    if (tool.at("type") != "function") continue;
    const json& function = tool.at("function");
    require_fields(function, {"name", "description", "parameters"});
    seen.tools.push_back(function.at("name"));
  }
  if (!body.contains("tool_choice")) return;
  require(body.at("tool_choice") == "auto", "tool_choice must be auto");
  seen.tool_choice = "auto";
}

Seen read_chat(const json& body) {
  require_fields(body, {"model", "messages", "request_id", "do_sample", "stream", "temperature",
                        "top_p", "max_tokens", "seed", "stop", "tools", "tool_choice", "user_id",
                        "response_format", "sensitive_word_check", "meta", "thinking",
                        "tool_stream"});
  Seen seen;
  seen.model = body.at("model");
  const bool recent = seen.model >= "glm-4.5" && !seen.model.starts_with("glm-4v");
  require_open(body, "temperature", recent);
  require_open(body, "top_p", recent);
  for (const json& message : body.at("messages")) read_message(message, seen);
  require(!seen.turns.empty(), "messages is empty");
  read_tools(body, seen);
  if (body.contains("temperature")) seen.temperature = body.at("temperature").get<double>();
  if (!body.value("do_sample", true)) seen.temperature = 0;
  if (body.contains("top_p")) seen.top_p = body.at("top_p").get<double>();
  if (body.contains("max_tokens")) seen.max_tokens = body.at("max_tokens").get<int>();
  seen.stop = body.value("stop", std::vector<std::string>());
  if (body.contains("response_format")) {
    const std::string type = body.at("response_format").at("type");
    require(type == "text" || type == "json_object", "unknown response_format");
    seen.json_object = type == "json_object";
  }
  seen.stream = body.value("stream", false);
  if (body.contains("thinking")) seen.thinking = body.at("thinking").at("type") == "enabled";
  return seen;
}

json usage_of(const Script& script) {
  json usage{{"prompt_tokens", script.input_tokens},
             {"completion_tokens", script.output_tokens},
             {"total_tokens", script.input_tokens + script.output_tokens}};
  if (script.cached_tokens > 0)
    usage["prompt_tokens_details"] = {{"cached_tokens", script.cached_tokens}};
  if (script.reasoning_tokens > 0)
    usage["completion_tokens_details"] = {{"reasoning_tokens", script.reasoning_tokens}};
  return usage;
}

std::string finish_of(const Script& script) {
  if (!script.calls.empty()) return "tool_calls";
  if (script.finish == FinishReason::length) return "length";
  return script.finish == FinishReason::content_filter ? "sensitive" : "stop";
}

json calls_of(const Script& script) {
  json calls = json::array();
  for (std::size_t i = 0; i < script.calls.size(); ++i)
    calls.push_back({{"id", "call_83050" + std::to_string(i)},
                     {"index", i},
                     {"type", "function"},
                     {"function",
                      {{"name", script.calls[i].name}, {"arguments", script.calls[i].arguments}}}});
  return calls;
}

Reply chat_whole(const Script& script, const std::string& model) {
  std::string text;
  for (const std::string& piece : script.pieces) text += piece;
  json message{{"role", "assistant"}, {"content", text}};
  if (!script.reasoning.empty()) message["reasoning_content"] = script.reasoning;
  if (!script.calls.empty()) {
    message["content"] = nullptr;
    message["tool_calls"] = calls_of(script);
  }
  return Reply::json(200, json{{"id", "8231"},
                               {"request_id", "req-1"},
                               {"created", 1703500001},
                               {"model", model},
                               {"choices",
                                {{{"index", 0},
                                  {"finish_reason", finish_of(script)},
                                  {"message", message}}}},
                               {"usage", usage_of(script)}}
                              .dump());
}

Reply chat_streamed(const Script& script, const std::string& model) {
  std::vector<std::string> events;
  const auto add = [&](json delta, bool last = false) {
    delta["role"] = "assistant";
    json choice{{"index", 0}, {"delta", delta}};
    if (last) choice["finish_reason"] = finish_of(script);
    json event{{"id", "8231"}, {"created", 1703500001}, {"model", model}, {"choices", {choice}}};
    if (last) event["usage"] = usage_of(script);
    events.push_back(event.dump());
  };
  if (!script.reasoning.empty()) add({{"reasoning_content", script.reasoning}});
  if (script.calls.empty())
    for (const std::string& piece : script.pieces) add({{"content", piece}});
  else
    add({{"tool_calls", calls_of(script)}});
  add({{"content", ""}}, true);
  events.emplace_back("[DONE]");
  return Reply::events(events);
}

Reply embedded(const json& body) {
  require_fields(body, {"model", "input", "dimensions", "request_id", "user"});
  require(body.at("input").size() <= 64, "more than 64 inputs");
  return embeddings_reply(body, body.value("dimensions", 2048U));
}

}  // namespace

GlmServer::GlmServer() { start(); }
GlmServer::~GlmServer() { stop(); }

ChatModel GlmServer::model(ModelConfig config) {
  return chat_model("glm:glm-4.6", config.base_url(url()).api_key(key()));
}

ChatModel GlmServer::model_with_wrong_key() {
  return chat_model("glm:glm-4.6", ModelConfig().base_url(url()).api_key("wrong.key"));
}

std::optional<EmbeddingModel> GlmServer::embeddings(ModelConfig config) {
  return embedding_model("glm:embedding-3", config.base_url(url()).api_key(key()));
}

void GlmServer::set_clock(std::chrono::milliseconds ahead, int requests) {
  ahead_ = ahead;
  ahead_requests_ = requests;
}

bool GlmServer::is_authorized(const Request& request) const {
  const std::string field = request.header("Authorization");
  if (!field.starts_with("Bearer ")) return false;
  return field == "Bearer " + key() || judge(field.substr(7), key(), now_ms()) == Token::valid;
}

std::optional<Reply> GlmServer::greet(const Request& request, std::optional<ErrorKind>) {
  const std::string field = request.header("Authorization");
  if (field == "Bearer " + key()) return std::nullopt;
  ++tokens_seen_;
  if (ahead_requests_ == 0) return std::nullopt;
  --ahead_requests_;
  if (judge(field.substr(7), key(), now_ms() + ahead_.count()) == Token::valid) return std::nullopt;
  return glm_error(401, "1003", "Authorization Token已过期，请重新生成Authorization Token。");
}

Reply GlmServer::respond(const Request& request) {
  require(request.method == "POST", "not a POST");
  const json body = json::parse(request.body);
  if (request.target == "/api/paas/v4/embeddings") return embedded(body);
  require(request.target == "/api/paas/v4/chat/completions", "unknown path " + request.target);
  Seen seen = read_chat(body);
  understood(seen);
  return seen.stream ? chat_streamed(script(), seen.model) : chat_whole(script(), seen.model);
}

std::optional<Reply> GlmServer::error_reply(ErrorKind kind) const {
  const VendorError error = error_of(kind);
  if (error.status == 0) return std::nullopt;
  return glm_error(error.status, error.code, "出错了");
}

Reply GlmServer::malformed_reply(const std::string& why) const {
  return glm_error(400, "1210", why);
}

ChatGlmServer::ChatGlmServer() { start(); }
ChatGlmServer::~ChatGlmServer() { stop(); }

ChatModel ChatGlmServer::model(ModelConfig config) {
  return chat_model("glm:chatglm_turbo", config.base_url(server().url() + "/api/paas/v4")
                                             .api_key(GlmServer::key()));
}

ChatModel ChatGlmServer::model_with_wrong_key() {
  return chat_model("glm:chatglm_turbo", ModelConfig()
                                             .base_url(server().url() + "/api/paas/v3")
                                             .api_key("wrong.key"));
}

bool ChatGlmServer::is_authorized(const Request& request) const {
  return judge(request.header("Authorization"), GlmServer::key(), now_ms()) == Token::valid;
}

Reply ChatGlmServer::respond(const Request& request) {
  const std::string base = "/api/paas/v3/model-api/chatglm_turbo/";
  const bool stream = request.target == base + "sse-invoke";
  require(request.method == "POST" && (stream || request.target == base + "invoke"),
          "unknown path " + request.target);
  const json body = json::parse(request.body);
  require_fields(body, {"prompt", "temperature", "top_p", "request_id", "incremental",
                        "return_type", "ref"});
  require_open(body, "temperature", false);
  require_open(body, "top_p", false);
  require(body.value("incremental", false), "the text must come in pieces");
  Seen seen;
  seen.model = "chatglm_turbo";
  seen.stream = stream;
  for (const json& message : body.at("prompt")) {
    const std::string role = message.at("role");
    require(role == (seen.turns.size() % 2 == 0 ? "user" : "assistant"), "roles must alternate");
    seen.turns.push_back({role, message.at("content"), 0, {}, {}});
  }
  require(seen.turns.size() % 2 == 1, "the last message must be the user's");
  if (body.contains("temperature")) seen.temperature = body.at("temperature").get<double>();
  if (body.contains("top_p")) seen.top_p = body.at("top_p").get<double>();
  understood(seen);
  const json meta{{"request_id", "req-1"}, {"task_id", "7500"}, {"task_status", "SUCCESS"},
                  {"usage", usage_of(script())}};
  if (stream) {
    std::string events;
    for (const std::string& piece : script().pieces) {
      events += "event:add\nid:7500\n";
      std::size_t at = 0;
      for (std::size_t end = 0; end != piece.npos; at = end + 1) {
        end = piece.find('\n', at);
        // A blank in front of the text would be the field's own.
        const std::string line = piece.substr(at, end == piece.npos ? end : end - at);
        events += (line.starts_with(' ') ? "data: " : "data:") + line + "\n";
      }
      events += "\n";
    }
    const bool filtered = script().finish == FinishReason::content_filter;
    events += std::string(filtered ? "event:interrupted" : "event:finish") +
              "\nid:7500\ndata:\nmeta:" + meta.dump() + "\n\n";
    return Reply::event_stream(events);
  }
  if (script().finish == FinishReason::content_filter)
    return *error_reply(ErrorKind::content_filter);
  std::string text;
  for (const std::string& piece : script().pieces) text += piece;
  json data = meta;
  data["choices"] = {{{"role", "assistant"}, {"content", json(text).dump()}}};
  return Reply::json(
      200, json{{"code", 200}, {"msg", "操作成功"}, {"data", data}, {"success", true}}.dump());
}

std::optional<Reply> ChatGlmServer::error_reply(ErrorKind kind) const {
  const VendorError error = error_of(kind);
  if (error.status == 0) return std::nullopt;
  return Reply::json(
      200,
      json{{"code", std::stoi(error.code)}, {"msg", "出错了"}, {"success", false}}.dump());
}

Reply ChatGlmServer::malformed_reply(const std::string& why) const {
  return Reply::json(200, json{{"code", 1210}, {"msg", why}, {"success", false}}.dump());
}

std::unique_ptr<SimulatedProvider> make_glm_server() { return std::make_unique<GlmServer>(); }
std::unique_ptr<SimulatedProvider> make_chatglm_server() {
  return std::make_unique<ChatGlmServer>();
}

}  // namespace lian::test
