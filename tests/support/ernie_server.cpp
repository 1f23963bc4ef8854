#include "support/ernie_server.hpp"

#include <stdexcept>

#include "support/ernie_checks.hpp"
#include "support/openai_replies.hpp"

namespace lian::test {
namespace {

using nlohmann::json;

const std::string root = "/rpc/2.0/ai_custom/v1/wenxinworkshop/";

json error_of(int code, const std::string& message) {
  return {{"error_code", code}, {"error_msg", message}, {"id", "as-simulated"}};
}

Reply oauth_error(const std::string& description) {
  return Reply::json(401,
                     json{{"error", "invalid_client"}, {"error_description", description}}.dump());
}

int code_of(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::authentication:
      return 14;
    case ErrorKind::permission:
      return 6;
    case ErrorKind::not_found:
      return 3;
    case ErrorKind::rate_limited:
      return 336501;
    case ErrorKind::quota:
      return 17;
    case ErrorKind::overloaded:
      return 336100;
    case ErrorKind::server:
      return 336000;
    case ErrorKind::invalid_request:
      return 336003;
    case ErrorKind::context_length:
      return 336007;
    case ErrorKind::content_filter:
      return 336104;
    default:
      return 0;
  }
}

std::string joined(const std::vector<std::string>& pieces) {
  std::string out;
  for (const auto& piece : pieces) out += piece;
  return out;
}

json usage_of(const Script& script) {
  return {{"prompt_tokens", script.input_tokens},
          {"completion_tokens", script.output_tokens},
          {"total_tokens", script.input_tokens + script.output_tokens}};
}

// One reply or event, without what says how the message ended.
json event_of(const Script& script, const std::string& object, const std::string& text) {
  return {{"id", "as-simulated"},     {"object", object},      {"created", 1700547202},
          {"result", text},           {"is_truncated", false}, {"need_clear_history", false},
          {"usage", usage_of(script)}};
}

void end(json& event, const Script& script) {
  event["is_end"] = true;
  event["finish_reason"] = "normal";
  if (script.finish == FinishReason::length) {
    event["finish_reason"] = "length";
    event["is_truncated"] = true;
  }
  if (script.finish == FinishReason::content_filter) {
    event["finish_reason"] = "content_filter";
    event["need_clear_history"] = true;
    event["ban_round"] = -1;
  }
  if (script.calls.empty()) return;
  event["finish_reason"] = "function_call";
  event["function_call"] = {{"name", script.calls[0].name},
                            {"arguments", script.calls[0].arguments},
                            {"thoughts", "a function helps"}};
}

std::vector<std::string> events_of(const Script& script, const std::string& object) {
  std::vector<std::string> events;
  int number = 0;
  const auto add = [&](json event) {
    event["sentence_id"] = number++;
    events.push_back(event.dump());
  };
  for (const auto& piece : script.calls.empty() ? script.pieces : std::vector<std::string>()) {
    json event = event_of(script, object, piece);
    event["is_end"] = false;
    event["finish_reason"] = "normal";
    event["usage"]["completion_tokens"] = number + 1;
    add(std::move(event));
  }
  json last = event_of(script, object, "");
  end(last, script);
  add(std::move(last));
  return events;
}

}  // namespace

ErnieServer::ErnieServer()
    : server_(
          std::make_unique<RawServer>([this](const Request& request) { return handle(request); })) {
}

ErnieServer::~ErnieServer() { server_.reset(); }

ChatModel ErnieServer::model(ModelConfig config) {
  return chat_model("ernie:ERNIE-4.0-8K", config.base_url(server_->url())
                                              .api_key(application_key())
                                              .secret_key(application_secret())
                                              .option("access_token", "24.given+to/begin=with"));
}

ModelConfig ErnieServer::oauth_config() const {
  return ModelConfig()
      .base_url(server_->url())
      .api_key(application_key())
      .secret_key(application_secret());
}

ChatModel ErnieServer::model_with_wrong_key() {
  return chat_model("ernie:ERNIE-4.0-8K", ModelConfig()
                                              .base_url(server_->url())
                                              .api_key("AK_WRONG_0123")
                                              .secret_key(application_secret()));
}

std::optional<EmbeddingModel> ErnieServer::embeddings(ModelConfig config) {
  return embedding_model(
      "ernie:Embedding-V1",
      config.base_url(server_->url()).api_key(application_key()).secret_key(application_secret()));
}

ModelConfig ErnieServer::signing_config() const {
  return ModelConfig()
      .base_url(server_->url())
      .option("iam_access_key", iam_key())
      .option("iam_secret_key", iam_secret());
}

void ErnieServer::answer(Script script) {
  const std::lock_guard lock(mutex_);
  script_ = std::move(script);
  failures_left_ = 0;
}

bool ErnieServer::fail(ErrorKind kind) {
  const int code = code_of(kind);
  if (code == 0) return false;
  fail_with(code, -1);
  return true;
}

void ErnieServer::fail_with(int error_code, int times) {
  const std::lock_guard lock(mutex_);
  failure_ = error_code;
  failures_left_ = times;
}

void ErnieServer::deliver(std::function<void(Reply&)> how) {
  const std::lock_guard lock(mutex_);
  how_ = std::move(how);
}

Seen ErnieServer::seen() const {
  const std::lock_guard lock(mutex_);
  if (!seen_) throw std::logic_error("ERNIE has seen no request");
  return *seen_;
}

std::vector<std::string> ErnieServer::refused() const {
  const std::lock_guard lock(mutex_);
  return refused_;
}

void ErnieServer::expire_tokens() {
  const std::lock_guard lock(mutex_);
  valid_tokens_.clear();
}

void ErnieServer::refuse_all_tokens(bool refuse) {
  const std::lock_guard lock(mutex_);
  refuse_tokens_ = refuse;
}

void ErnieServer::token_life(int seconds) {
  const std::lock_guard lock(mutex_);
  token_life_ = seconds;
}

int ErnieServer::tokens_given() const {
  const std::lock_guard lock(mutex_);
  return tokens_given_;
}

Reply ErnieServer::refuse(int code, const std::string& why) {
  refused_.push_back(why);
  return Reply::json(200, error_of(code, why).dump());
}

Reply ErnieServer::handle(const Request& request) {
  const std::lock_guard lock(mutex_);
  const std::string path = request.path();
  if (path == "/oauth/2.0/token") return give_token(request);
  if (auto reply = check_access(request)) return *reply;
  if (request.method != "POST") return refuse(336101, "wrong method " + request.method);
  if (path.rfind(root, 0) != 0) return refuse(3, "unsupported path " + path);
  if (request.header("Content-Type").rfind("application/json", 0) != 0)
    return refuse(336002, "the Content-Type must be application/json");
  const json body = json::parse(request.body, nullptr, false);
  const std::string rest = path.substr(root.size());
  Reply reply = Reply::json(200, error_of(failure_, "simulated failure").dump());
  if (failures_left_ == 0) {
    if (rest.rfind("chat/", 0) == 0)
      reply = chat(body, rest.substr(5));
    else if (rest == "completions/sqlcoder_7b")
      reply = completion(body);
    else if (rest == "embeddings/embedding-v1")
      reply = embed(body);
    else
      reply = refuse(336005, "unknown API " + rest);
  } else if (failures_left_ > 0) {
    --failures_left_;
  }
  reply.header("X-Baidu-Request-Id", "bd-1");
  if (how_) how_(reply);
  return reply;
}

Reply ErnieServer::give_token(const Request& request) {
  if (request.method != "POST" || !request.body.empty())
    return refuse(336101, "a token is asked for by a POST without body");
  if (query_value(request.target, "grant_type") != "client_credentials")
    return refuse(336003, "unknown grant_type");
  if (query_value(request.target, "client_id") != application_key())
    return oauth_error("unknown client id");
  if (query_value(request.target, "client_secret") != application_secret())
    return oauth_error("Client authentication failed");
  const std::string token = "24.simulated+" + std::to_string(++tokens_given_) + "/token";
  if (!refuse_tokens_) valid_tokens_.insert(token);
  return Reply::json(200, json{{"refresh_token", "25.simulated"},
                               {"expires_in", token_life_},
                               {"session_key", "9mzdExampleSessionKey=="},
                               {"access_token", token},
                               {"scope", "public wenxinworkshop_mgr"},
                               {"session_secret", "0011"}}
                              .dump());
}

std::optional<Reply> ErnieServer::check_access(const Request& request) {
  if (request.has_header("Authorization")) {
    if (is_signed_by(request, iam_key(), iam_secret())) return std::nullopt;
    return Reply::json(403, "{}").header("X-Bce-Error-Message", "signature not match");
  }
  const std::string token = query_value(request.target, "access_token");
  if (token.empty()) return refuse(110, "no access token");
  if (valid_tokens_.count(token)) return std::nullopt;
  return Reply::json(
      200, json{{"error_code", 111}, {"error_msg", "Access token expired: " + token}}.dump());
}

Reply ErnieServer::chat(const json& body, const std::string& path) {
  if (auto refusal = check_ernie_chat(body)) return refuse(refusal->code, refusal->message);
  seen_ = seen_by_ernie(body, path);
  return answered(body, "chat.completion");
}

Reply ErnieServer::completion(const json& body) {
  if (auto refusal = check_ernie_completion(body)) return refuse(refusal->code, refusal->message);
  seen_ = seen_by_ernie(body, "sqlcoder_7b");
  seen_->turns.push_back({"user", body["prompt"], 0, {}, {}});
  return answered(body, "completion");
}

Reply ErnieServer::answered(const json& body, const std::string& object) {
  if (body.value("stream", false)) return Reply::events(events_of(script_, object));
  json reply = event_of(script_, object, script_.calls.empty() ? joined(script_.pieces) : "");
  end(reply, script_);
  return Reply::json(200, reply.dump());
}

// The rows come last first: a client must read their index.
Reply ErnieServer::embed(const json& body) {
  if (auto refusal = check_ernie_embeddings(body)) return refuse(refusal->code, refusal->message);
  json data = json::array();
  for (std::size_t left = body["input"].size(); left > 0; --left)
    data.push_back(
        {{"object", "embedding"},
         {"index", left - 1},
         {"embedding", lian::test::embed(body["input"][left - 1].get<std::string>(), 384)}});
  const json reply{{"id", "as-simulated"},
                   {"object", "embedding_list"},
                   {"created", 1700547220},
                   {"data", data},
                   {"usage", {{"prompt_tokens", 4}, {"total_tokens", 4}}}};
  return Reply::json(200, reply.dump());
}

std::unique_ptr<SimulatedProvider> make_ernie_server() { return std::make_unique<ErnieServer>(); }

}  // namespace lian::test
