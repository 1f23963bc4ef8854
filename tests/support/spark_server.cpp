#include "support/spark_server.hpp"

#include <cstdint>
#include <cstring>
#include <ctime>
#include <map>
#include <set>

#include "support/openai_replies.hpp"
#include "support/vendor_digest.hpp"
#include "support/ws_wire.hpp"

namespace lian::test {
namespace {

using nlohmann::json;

const std::string app_id = "12345678";
const std::string api_key = "00112233445566778899aabbccddeeff";
const std::string api_secret = "NTU2NjQ0YjE4ZjA2YTg4ZDBjZmQ3";
const std::string password = "spark-test-password";
const std::string sid = "cht000examp1e@dx1";

int code_of(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::permission:
      return 11200;
    case ErrorKind::rate_limited:
      return 11202;
    case ErrorKind::quota:
      return 11201;
    case ErrorKind::overloaded:
      return 10110;
    case ErrorKind::server:
      return 10012;
    case ErrorKind::invalid_request:
      return 10163;
    case ErrorKind::context_length:
      return 10907;
    case ErrorKind::content_filter:
      return 10013;
    default:
      return 0;
  }
}

std::map<std::string, std::string> query_of(const std::string& target) {
  std::map<std::string, std::string> query;
  std::string rest = target.find('?') == target.npos ? "" : target.substr(target.find('?') + 1);
  while (!rest.empty()) {
    const std::string pair = rest.substr(0, rest.find('&'));
    rest.erase(0, std::min(rest.size(), pair.size() + 1));
    const std::size_t equals = std::min(pair.find('='), pair.size() - 1);
    query[pair.substr(0, equals)] = vendor_unescape(pair.substr(equals + 1));
  }
  return query;
}

std::string quoted_value(const std::string& origin, const std::string& name) {
  const std::size_t at = origin.find(name + "=\"");
  if (at == origin.npos) return {};
  const std::size_t begin = at + name.size() + 2;
  return origin.substr(begin, origin.find('"', begin) - begin);
}

// The vendor's gateway: the date within 300 s, the signature made anew from the secret.
bool is_signed(const Request& request) {
  auto query = query_of(request.target);
  std::tm date{};
  const char* end = strptime(query["date"].c_str(), "%a, %d %b %Y %H:%M:%S GMT", &date);
  if (!end || *end != '\0' || std::abs(std::difftime(timegm(&date), std::time(nullptr))) > 300)
    return false;
  const std::string origin = vendor_unbase64(query["authorization"]);
  const std::string text = "host: " + query["host"] + "\ndate: " + query["date"] + "\n" +
                           request.method + " " + request.path() + " HTTP/1.1";
  return query["host"] == request.header("Host") && quoted_value(origin, "api_key") == api_key &&
         quoted_value(origin, "algorithm") == "hmac-sha256" &&
         quoted_value(origin, "headers") == "host date request-line" &&
         quoted_value(origin, "signature") == vendor_base64(vendor_hmac_sha256(api_secret, text));
}

void require_fields(const json& object, const std::set<std::string>& known) {
  require(object.is_object(), "not an object");
  for (const auto& [name, value] : object.items())
    require(known.count(name) == 1, "unknown field " + name);
}

struct Version {
  const char* domain;
  bool system, functions, images;
};

const std::map<std::string, Version>& versions() {
  static const std::map<std::string, Version> table = {
      {"/v1.1/chat", {"lite", false, false, false}},
      {"/v2.1/chat", {"generalv2", false, false, false}},
      {"/v3.1/chat", {"generalv3", false, true, false}},
      {"/v3.5/chat", {"generalv3.5", true, true, false}},
      {"/v4.0/chat", {"4.0Ultra", true, true, false}},
      {"/v1/x1", {"x1", true, false, false}},
      {"/v2.1/image", {"image", false, false, true}},
  };
  return table;
}

// The protocol has no messages of tools: a call stands as its JSON in the assistant's words, and the
// user's words behind it are its result.
void understand_tools(Seen& seen) {
  Seen::Turn& turn = seen.turns.back();
  if (turn.role == "assistant") {
    const json call = json::parse(turn.text, nullptr, false);
    if (call.is_object() && call.contains("name") && call.contains("arguments"))
      turn.calls.push_back({call.at("name"), call.at("arguments")});
  } else if (seen.turns.size() > 1 && !seen.turns[seen.turns.size() - 2].calls.empty()) {
    turn.results.push_back(turn.text);
  }
}

void read_text(const json& text, const Version& version, Seen& seen) {
  require_fields(text, {"role", "content", "content_type"});
  const std::string role = text.at("role"), content = text.at("content");
  require(!content.empty(), "content is empty");
  if (text.contains("content_type")) {
    require(version.images && seen.turns.empty() && text.at("content_type") == "image",
            "an image must come first, and of the model image");
    vendor_unbase64(content);
    seen.turns.push_back({"user", "", 1, {}, {}});
    return;
  }
  if (role == "system") {
    require(version.system && seen.turns.empty() && seen.system.empty(), "no system message here");
    seen.system = content;
    return;
  }
  if (seen.turns.size() == 1 && seen.turns[0].images == 1 && seen.turns[0].text.empty()) {
    seen.turns[0].text = content;
    return;
  }
  require(role == (seen.turns.size() % 2 == 0 ? "user" : "assistant"), "roles must alternate");
  seen.turns.push_back({role, content, 0, {}, {}});
  understand_tools(seen);
}

Seen read_frame(const Request& request) {
  const json frame = json::parse(request.body);
  require_fields(frame, {"header", "parameter", "payload"});
  require_fields(frame.at("header"), {"app_id", "uid", "patch_id"});
  require(frame.at("header").at("app_id") == app_id, "unknown app_id");
  const json& chat = frame.at("parameter").at("chat");
  require_fields(chat, {"domain", "temperature", "max_tokens", "top_k", "chat_id", "auditing",
                        "show_ref_label"});
  const auto version = versions().find(request.path());
  require(version != versions().end(), "unknown path " + request.path());
  require(chat.at("domain") == version->second.domain, "the domain is not the address's");
  Seen seen;
  seen.model = chat.at("domain");  // whether the client streams does not show
  if (chat.contains("temperature")) {
    seen.temperature = chat.at("temperature").get<double>();
    require(*seen.temperature > 0 && *seen.temperature <= 1, "temperature out of range");
  }
  if (chat.contains("max_tokens")) {
    seen.max_tokens = chat.at("max_tokens").get<int>();
    require(*seen.max_tokens >= 1 && *seen.max_tokens <= 32768, "max_tokens out of range");
  }
  if (chat.contains("top_k")) require(chat.at("top_k").is_number_integer(), "top_k is no integer");
  const json& payload = frame.at("payload");
  require_fields(payload, {"message", "functions"});
  for (const json& text : payload.at("message").at("text")) read_text(text, version->second, seen);
  require(seen.turns.size() % 2 == 1, "the last message must be the user's");
  if (payload.contains("functions")) {
    require(version->second.functions, "this version has no functions");
    for (const json& function : payload.at("functions").at("text")) {
      require_fields(function, {"name", "description", "parameters"});
      seen.tools.push_back(function.at("name"));
    }
  }
  return seen;
}

std::string answer_frame(const std::string& name, const std::string& text, const Script& script,
                         int status, std::size_t sequence) {
  json item{{"content", name == "content" ? text : ""}, {"role", "assistant"}, {"index", 0}};
  if (name == "reasoning_content") item[name] = text;
  if (status == 2 && !script.calls.empty()) {
    item["content_type"] = "text";
    item["function_call"] = {{"name", script.calls[0].name},
                             {"arguments", script.calls[0].arguments}};
  }
  json frame{{"header", {{"code", 0}, {"message", "Success"}, {"sid", sid}, {"status", status}}},
             {"payload",
              {{"choices",
                {{"status", status}, {"seq", sequence}, {"text", json::array({item})}}}}}};
  if (status == 2)
    frame["payload"]["usage"]["text"] = {
        {"question_tokens", 1},
        {"prompt_tokens", script.input_tokens},
        {"completion_tokens", script.output_tokens},
        {"total_tokens", script.input_tokens + script.output_tokens}};
  return ws_frame(frame.dump());
}

std::string answer_frames(const Script& script) {
  std::string bytes;
  std::size_t sequence = 0;
  const auto add = [&](const std::string& name, const std::string& text) {
    bytes += answer_frame(name, text, script, sequence == 0 ? 0 : 1, sequence);
    ++sequence;
  };
  if (!script.reasoning.empty()) add("reasoning_content", script.reasoning);
  if (script.calls.empty())
    for (const std::string& piece : script.pieces) add("content", piece);
  return bytes + answer_frame("content", "", script, 2, sequence);
}

json spark_header(int code, const std::string& message) {
  return json{{"header", {{"code", code}, {"message", message}, {"sid", sid}, {"status", 2}}}};
}

}  // namespace

SparkServer::SparkServer() { start(); }
SparkServer::~SparkServer() { stop(); }

ModelConfig SparkServer::config_for(ModelConfig config) const {
  return config.app_id(app_id).api_key(api_key).secret_key(api_secret);
}

ChatModel SparkServer::model(const std::string& version, ModelConfig config) {
  return chat_model("spark:" + version, config_for(config).base_url(server().url()));
}

ChatModel SparkServer::model_with_wrong_key() {
  return chat_model("spark:v3.5",
                    config_for(ModelConfig()).secret_key("wrong").base_url(server().url()));
}

std::optional<EmbeddingModel> SparkServer::embeddings(ModelConfig config) {
  return embedding_model("spark:embedding", config_for(config).base_url(server().url()));
}

void SparkServer::set_frames(std::string bytes) { frames_ = std::move(bytes); }

bool SparkServer::is_authorized(const Request& request) const {
  return (request.method != "GET" && request.method != "POST") || is_signed(request);
}

std::optional<Reply> SparkServer::greet(const Request& request,
                                        std::optional<ErrorKind> failing) {
  embedding_ = request.method == "POST";
  if (request.method == "TEXT" || embedding_) return std::nullopt;
  if (request.method != "GET") return Reply::raw("");
  if (failing == ErrorKind::authentication) return *error_reply(*failing);
  return ws_opening(request);
}

Reply SparkServer::respond(const Request& request) {
  if (request.method == "POST") return embedded(request);
  understood(read_frame(request));
  if (script().finish == FinishReason::content_filter)  // the answer is against the rules
    return Reply::raw(ws_frame(spark_header(10014, "出错了").dump()) + ws_close());
  return Reply::raw(frames_.empty() ? answer_frames(script()) : frames_);
}

Reply SparkServer::embedded(const Request& request) const {
  require(request.path() == "/", "unknown path");
  const json body = json::parse(request.body);
  require_fields(body, {"header", "parameter", "payload"});
  require(body.at("header").at("app_id") == app_id && body.at("header").at("status") == 3,
          "wrong header");
  const json& emb = body.at("parameter").at("emb");
  const std::string domain = emb.at("domain");
  require(domain == "para" || domain == "query", "unknown domain");
  require(emb.at("feature").at("encoding") == "utf8", "unknown encoding");
  const json text = json::parse(vendor_unbase64(body.at("payload").at("messages").at("text")));
  require(text.at("messages").size() == 1, "one text a request");
  const std::string content = text.at("messages").at(0).at("content");
  std::string bytes;
  for (const float number : embed(content + domain, 16)) {
    std::uint32_t bits = 0;
    std::memcpy(&bits, &number, sizeof bits);
    for (int i = 0; i < 4; ++i) bytes += static_cast<char>(bits >> 8 * i & 0xFFU);
  }
  json reply = spark_header(0, "success");
  reply["payload"]["feature"] = {{"encoding", "utf8"}, {"text", vendor_base64(bytes)}};
  return Reply::json(200, reply.dump());
}

std::optional<Reply> SparkServer::error_reply(ErrorKind kind) const {
  if (kind == ErrorKind::authentication)
    return Reply::json(401, R"({"message":"HMAC signature cannot be verified"})");
  const int code = code_of(kind);
  if (code == 0) return std::nullopt;
  const std::string text = spark_header(code, "出错了").dump();
  return embedding_ ? Reply::json(200, text) : Reply::raw(ws_frame(text) + ws_close());
}

Reply SparkServer::malformed_reply(const std::string& why) const {
  const std::string text = spark_header(10004, why).dump();
  return embedding_ ? Reply::json(200, text) : Reply::raw(ws_frame(text) + ws_close());
}

SparkHttpServer::SparkHttpServer() { start(); }
SparkHttpServer::~SparkHttpServer() { stop(); }

ChatModel SparkHttpServer::model(ModelConfig config) {
  return chat_model("spark:4.0Ultra", config.option("api_password", password)
                                          .base_url(server().url() + "/v1"));
}

ChatModel SparkHttpServer::model_with_wrong_key() {
  return chat_model("spark:4.0Ultra",
                    ModelConfig().api_key("wrong").base_url(server().url() + "/v1"));
}

bool SparkHttpServer::is_authorized(const Request& request) const {
  return request.header("Authorization") == "Bearer " + password;
}

namespace {

void read_turn(const json& message, Seen& seen) {
  require_fields(message, {"role", "content", "tool_calls", "tool_call_id", "name"});
  const std::string role = message.at("role");
  if (role == "system") {
    seen.system += (seen.system.empty() ? "" : "\n") + message.at("content").get<std::string>();
    return;
  }
  Seen::Turn turn{role, "", 0, {}, {}};
  if (message.at("content").is_string()) turn.text = message.at("content");
  for (const json& call : message.value("tool_calls", json::array()))
    turn.calls.push_back({call.at("function").at("name"), call.at("function").at("arguments")});
  if (role == "tool") {
    turn.results.push_back(std::exchange(turn.text, {}));
    if (!seen.turns.empty() && seen.turns.back().role == "tool") {
      seen.turns.back().results.push_back(turn.results[0]);
      return;
    }
  }
  require(role == "tool" || !turn.text.empty() || !turn.calls.empty(), "content is empty");
  seen.turns.push_back(std::move(turn));
}

Seen read_http(const json& body) {
  require_fields(body, {"model", "user", "messages", "temperature", "top_p", "top_k", "max_tokens",
                        "stream", "presence_penalty", "frequency_penalty", "tools", "tool_choice",
                        "response_format", "suppress_plugin", "tool_calls_switch", "keep_alive",
                        "thinking"});
  Seen seen;
  seen.model = body.at("model");
  for (const json& message : body.at("messages")) read_turn(message, seen);
  if (body.contains("temperature")) {
    seen.temperature = body.at("temperature").get<double>();
    require(*seen.temperature > 0 && *seen.temperature <= 1, "temperature out of range");
  }
  if (body.contains("top_p")) {
    seen.top_p = body.at("top_p").get<double>();
    require(*seen.top_p > 0 && *seen.top_p <= 1, "top_p out of range");
  }
  if (body.contains("max_tokens")) seen.max_tokens = body.at("max_tokens").get<int>();
  for (const json& tool : body.value("tools", json::array()))
    seen.tools.push_back(tool.at("function").at("name"));
  if (body.contains("tool_choice")) {
    const json& choice = body.at("tool_choice");
    seen.tool_choice = choice.is_string() ? choice : choice.at("function").at("name");
  }
  if (body.contains("response_format"))
    seen.json_object = body.at("response_format").at("type") == "json_object";
  seen.stream = body.value("stream", false);
  return seen;
}

json http_message(const Script& script, bool array, const std::string& text) {
  json message{{"role", "assistant"}, {"content", text}};
  if (!script.reasoning.empty()) message["reasoning_content"] = script.reasoning;
  if (script.calls.empty()) return message;
  message["content"] = "";
  json calls = json::array();
  for (const Script::Call& call : script.calls)
    calls.push_back({{"type", "function"},
                     {"id", ""},
                     {"function", {{"name", call.name}, {"arguments", call.arguments}}}});
  message["tool_calls"] = array ? calls : calls[0];
  return message;
}

}  // namespace

Reply SparkHttpServer::respond(const Request& request) {
  require(request.method == "POST" && request.target == "/v1/chat/completions",
          "unknown path " + request.target);
  const json body = json::parse(request.body);
  const Seen seen = read_http(body);
  understood(seen);
  if (script().finish == FinishReason::content_filter)
    return Reply::json(200, json{{"code", 10014}, {"message", "出错了"}, {"sid", sid}}.dump());
  const bool array = body.value("tool_calls_switch", false);
  const json usage{{"prompt_tokens", script().input_tokens},
                   {"completion_tokens", script().output_tokens},
                   {"total_tokens", script().input_tokens + script().output_tokens}};
  json reply{{"code", 0}, {"message", "Success"}, {"sid", "cha000examp1e@dx1"}};
  if (!seen.stream) {
    std::string text;
    for (const std::string& piece : script().pieces) text += piece;
    reply["choices"] = {{{"message", http_message(script(), array, text)}, {"index", 0}}};
    reply["usage"] = usage;
    return Reply::json(200, reply.dump());
  }
  std::string events;
  const auto add = [&](const json& delta) {
    reply["choices"] = {{{"delta", delta}, {"index", 0}}};
    events += "data:" + reply.dump() + "\n\n";
  };
  if (!script().reasoning.empty()) add({{"role", "assistant"}, {"content", ""}, {"reasoning_content", script().reasoning}});
  if (script().calls.empty())
    for (const std::string& piece : script().pieces) add({{"role", "assistant"}, {"content", piece}});
  else
    add(http_message(script(), array, ""));
  reply["usage"] = usage;
  add({{"role", "assistant"}, {"content", ""}});
  return Reply::event_stream(events + "data:[DONE]\n\n");
}

std::optional<Reply> SparkHttpServer::error_reply(ErrorKind kind) const {
  const auto reply = [](int status, const std::string& code, const std::string& message) {
    return Reply::json(status, json{{"error",
                                     {{"message", message},
                                      {"type", "api_error"},
                                      {"param", nullptr},
                                      {"code", code}}}}
                                   .dump());
  };
  if (kind == ErrorKind::authentication) return reply(401, "10005", "invalid user");
  const int code = code_of(kind);
  if (code == 0) return std::nullopt;
  if (kind == ErrorKind::permission)
    return Reply::json(200, json{{"code", code}, {"message", "AppIdNoAuthError"}, {"sid", sid}}.dump());
  const bool limited = kind == ErrorKind::rate_limited || kind == ErrorKind::overloaded;
  const int status = limited ? 429 : kind == ErrorKind::server ? 500 : 400;
  return reply(status, std::to_string(code), "出错了");
}

Reply SparkHttpServer::malformed_reply(const std::string& why) const {
  return Reply::json(400, json{{"error", {{"message", why}, {"code", "10163"}}}}.dump());
}

std::unique_ptr<SimulatedProvider> make_spark_server() { return std::make_unique<SparkServer>(); }
std::unique_ptr<SimulatedProvider> make_spark_http_server() {
  return std::make_unique<SparkHttpServer>();
}

}  // namespace lian::test
