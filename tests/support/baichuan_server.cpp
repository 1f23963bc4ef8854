#include "support/baichuan_server.hpp"

#include <openssl/evp.h>

#include <cstdio>
#include <ctime>
#include <set>
#include <stdexcept>

namespace lian::test {
namespace {

using nlohmann::json;

std::string md5_hex(const std::string& text) {
  unsigned char bytes[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  EVP_Digest(text.data(), text.size(), bytes, &size, EVP_md5(), nullptr);
  std::string out;
  char digits[3];
  for (unsigned int i = 0; i < size; ++i) {
    std::snprintf(digits, sizeof digits, "%02x", bytes[i]);
    out += digits;
  }
  return out;
}

Reply error_reply(int code, const std::string& message) {
  return Reply::json(200, json{{"code", code}, {"msg", message}}.dump());
}

int code_of(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::authentication:
      return 10101;
    case ErrorKind::permission:
      return 10301;
    case ErrorKind::rate_limited:
      return 10203;
    case ErrorKind::quota:
      return 10300;
    case ErrorKind::server:
      return 10500;
    case ErrorKind::invalid_request:
      return 10000;
    case ErrorKind::content_filter:
      return 10400;
    default:
      return 0;
  }
}

// What is wrong with the signature; 0: nothing.
int signature_error(const Request& request) {
  const std::string timestamp = request.header("X-BC-Timestamp");
  if (request.header("X-BC-Sign-Algo") != "MD5") return 10106;
  if (timestamp.empty() || timestamp.find_first_not_of("0123456789") != std::string::npos)
    return 10103;
  if (std::abs(std::stoll(timestamp) - static_cast<long long>(std::time(nullptr))) > 300)
    return 10104;
  const std::string expected = md5_hex(BaichuanServer::secret() + request.body + timestamp);
  return request.header("X-BC-Signature") == expected ? 0 : 10105;
}

bool between(const json& value, double low, double high) {
  return value.is_number() && value.get<double>() >= low && value.get<double>() <= high;
}

std::string complaint_about_parameters(const json& parameters) {
  for (const auto& [name, value] : parameters.items()) {
    const bool fine = (name == "temperature" && between(value, 0, 1)) ||
                      (name == "top_p" && between(value, 0, 0.9999)) ||
                      (name == "top_k" && between(value, 0, 20)) ||
                      (name == "with_search_enhance" && value.is_boolean());
    if (!fine) return "parameters." + name;
  }
  return {};
}

std::string complaint_about(const json& body) {
  if (!body.is_object()) return "the body";
  static const std::set<std::string> known{"model", "messages", "parameters"};
  for (const auto& [name, value] : body.items())
    if (!known.count(name)) return name;
  if (body.value("model", json()) != "Baichuan2-53B") return "model";
  if (!body.contains("messages") || !body["messages"].is_array() || body["messages"].empty())
    return "messages";
  for (const json& message : body["messages"]) {
    const bool fine =
        message.is_object() && message.size() == 2 &&
        (message.value("role", "") == "user" || message.value("role", "") == "assistant") &&
        message.value("content", json()).is_string();
    if (!fine) return "messages: " + message.dump();
  }
  return complaint_about_parameters(body.value("parameters", json::object()));
}

Seen seen_in(const json& body, bool stream) {
  Seen seen;
  seen.model = body["model"];
  seen.stream = stream;
  const json parameters = body.value("parameters", json::object());
  if (parameters.contains("temperature")) seen.temperature = parameters["temperature"];
  if (parameters.contains("top_p")) seen.top_p = parameters["top_p"];
  for (const json& message : body["messages"])
    seen.turns.push_back({message["role"], message["content"], 0, {}, {}});
  return seen;
}

std::string word_of(FinishReason reason) {
  if (reason == FinishReason::length) return "length";
  return reason == FinishReason::content_filter ? "content_filter" : "stop";
}

json line_of(const std::string& text, const std::string& finish) {
  const json message{{"role", "assistant"}, {"content", text}, {"finish_reason", finish}};
  return {{"code", 0}, {"msg", "success"}, {"data", {{"messages", json::array({message})}}}};
}

}  // namespace

BaichuanServer::BaichuanServer()
    : server_(
          std::make_unique<RawServer>([this](const Request& request) { return handle(request); })) {
}

BaichuanServer::~BaichuanServer() { server_.reset(); }

ChatModel BaichuanServer::model(ModelConfig config) {
  return chat_model("baichuan:Baichuan2-53B",
                    config.base_url(server_->url() + "/v1").api_key(key()).secret_key(secret()));
}

ChatModel BaichuanServer::model_with_wrong_key() {
  return chat_model(
      "baichuan:Baichuan2-53B",
      ModelConfig().base_url(server_->url() + "/v1").api_key("wrong-key").secret_key(secret()));
}

void BaichuanServer::answer(Script script) {
  const std::lock_guard lock(mutex_);
  script_ = std::move(script);
  failures_left_ = 0;
}

bool BaichuanServer::fail(ErrorKind kind) {
  const int code = code_of(kind);
  if (code == 0) return false;
  fail_with(code, -1);
  return true;
}

void BaichuanServer::fail_with(int code, int times) {
  const std::lock_guard lock(mutex_);
  failure_ = code;
  failures_left_ = times;
}

void BaichuanServer::deliver(std::function<void(Reply&)> how) {
  const std::lock_guard lock(mutex_);
  how_ = std::move(how);
}

Seen BaichuanServer::seen() const {
  const std::lock_guard lock(mutex_);
  if (!seen_) throw std::logic_error("Baichuan has seen no request");
  return *seen_;
}

std::vector<std::string> BaichuanServer::refused() const {
  const std::lock_guard lock(mutex_);
  return refused_;
}

Reply BaichuanServer::refuse(const std::string& why) {
  refused_.push_back(why);
  return error_reply(10000, "Invalid parameters, please check: " + why);
}

Reply BaichuanServer::handle(const Request& request) {
  const std::lock_guard lock(mutex_);
  Reply reply = answered(request);
  reply.header("X-BC-Request-Id", "bc-1");
  if (how_) how_(reply);
  return reply;
}

Reply BaichuanServer::answered(const Request& request) {
  if (request.header("Authorization") != "Bearer " + key())
    return error_reply(10101, "Invalid apikey");
  if (const int code = signature_error(request)) return error_reply(code, "signature refused");
  const bool stream = request.path() == "/v1/stream/chat";
  if (request.method != "POST" || (!stream && request.path() != "/v1/chat"))
    return refuse(request.method + " " + request.path());
  if (failures_left_ != 0) {
    if (failures_left_ > 0) --failures_left_;
    return error_reply(failure_, "simulated failure");
  }
  const json body = json::parse(request.body, nullptr, false);
  if (const std::string wrong = complaint_about(body); !wrong.empty()) return refuse(wrong);
  seen_ = seen_in(body, stream);
  const json usage{{"prompt_tokens", script_.input_tokens},
                   {"answer_tokens", script_.output_tokens},
                   {"total_tokens", script_.input_tokens + script_.output_tokens}};
  std::string text, lines;
  for (const std::string& piece : script_.pieces) {
    text += piece;
    lines += line_of(piece, "").dump() + "\n";
  }
  json last = line_of(stream ? "" : text, word_of(script_.finish));
  last["usage"] = usage;
  if (!stream) return Reply::json(200, last.dump());
  Reply reply = Reply::json(200, lines + last.dump() + "\n");
  return reply.chunked(64);
}

std::unique_ptr<SimulatedProvider> make_baichuan_server() {
  return std::make_unique<BaichuanServer>();
}

}  // namespace lian::test
