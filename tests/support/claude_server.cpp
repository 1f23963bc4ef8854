#include "support/claude_server.hpp"

#include <array>
#include <stdexcept>

#include "support/claude_checks.hpp"
#include "support/claude_replies.hpp"

namespace lian::test {
namespace {

using nlohmann::json;

struct Failure {
  ErrorKind kind;
  int status;
  const char* type;
  const char* message;
};

constexpr std::array<Failure, 10> failures = {{
    {ErrorKind::authentication, 401, "authentication_error", "invalid x-api-key"},
    {ErrorKind::permission, 403, "permission_error", "Your key may not use this resource"},
    {ErrorKind::not_found, 404, "not_found_error", "model: claude-0"},
    {ErrorKind::rate_limited, 429, "rate_limit_error", "This request would exceed your rate limit"},
    {ErrorKind::quota, 402, "billing_error", "Your credit balance is too low"},
    {ErrorKind::overloaded, 529, "overloaded_error", "Overloaded"},
    {ErrorKind::server, 500, "api_error", "Internal server error"},
    {ErrorKind::invalid_request, 400, "invalid_request_error", "max_tokens: Field required"},
    {ErrorKind::context_length, 400, "invalid_request_error",
     "prompt is too long: 205000 tokens > 200000 maximum"},
    {ErrorKind::content_filter, 400, "invalid_request_error",
     "Output blocked by content filtering policy"},
}};

const Failure* failure_of(ErrorKind kind) {
  for (const Failure& failure : failures)
    if (failure.kind == kind) return &failure;
  return nullptr;
}

}  // namespace

ClaudeServer::ClaudeServer()
    : server_(
          std::make_unique<RawServer>([this](const Request& request) { return handle(request); })) {
}

ClaudeServer::~ClaudeServer() { server_.reset(); }

ChatModel ClaudeServer::model(ModelConfig config) {
  return chat_model("claude:claude-sonnet-4-5", config.base_url(server_->url()).api_key(key()));
}

ChatModel ClaudeServer::model_with_wrong_key() {
  return chat_model("claude:claude-sonnet-4-5",
                    ModelConfig().base_url(server_->url()).api_key("sk-ant-wrong"));
}

void ClaudeServer::answer(Script script) {
  const std::lock_guard lock(mutex_);
  script_ = std::move(script);
  failures_left_ = 0;
}

bool ClaudeServer::fail(ErrorKind kind) { return fail(kind, -1); }

bool ClaudeServer::fail(ErrorKind kind, int times) {
  if (!failure_of(kind)) return false;
  const std::lock_guard lock(mutex_);
  failure_ = kind;
  failures_left_ = times;
  return true;
}

void ClaudeServer::deliver(std::function<void(Reply&)> how) {
  const std::lock_guard lock(mutex_);
  how_ = std::move(how);
}

Seen ClaudeServer::seen() const {
  const std::lock_guard lock(mutex_);
  if (!seen_) throw std::logic_error("Claude has seen no request");
  return *seen_;
}

std::vector<std::string> ClaudeServer::refused() const {
  const std::lock_guard lock(mutex_);
  return refused_;
}

Reply ClaudeServer::refuse(int status, const std::string& type, const std::string& message) {
  refused_.push_back(message);
  return claude_error(status, type, message);
}

// One of the two headers; x-api-key counts if both are sent.
bool ClaudeServer::has_key(const Request& request) {
  if (request.has_header("x-api-key")) return request.header("x-api-key") == key();
  return request.header("authorization") == "Bearer " + key();
}

Reply ClaudeServer::handle(const Request& request) {
  const std::lock_guard lock(mutex_);
  Reply reply = route(request);
  reply.header("request-id", "req_test");
  if (how_) how_(reply);
  return reply;
}

Reply ClaudeServer::route(const Request& request) {
  if (!has_key(request)) return claude_error(401, "authentication_error", "invalid x-api-key");
  const std::string version = request.header("anthropic-version");
  if (version != "2023-06-01" && version != "2026-10-21")
    return refuse(400, "invalid_request_error", "anthropic-version: header is required");
  if (request.method == "GET" && request.path() == "/v1/models") return models(request);
  if (request.method != "POST")
    return refuse(405, "invalid_request_error", "Method Not Allowed: " + request.method);
  if (request.header("content-type") != "application/json")
    return refuse(400, "invalid_request_error", "content-type: must be application/json");
  try {
    return post(request, json::parse(request.body));
  } catch (const json::exception& error) {
    return refuse(400, "invalid_request_error", error.what());
  }
}

Reply ClaudeServer::post(const Request& request, const json& body) {
  const bool counts = request.path() == "/v1/messages/count_tokens";
  const bool completes = request.path() == "/v1/complete";
  if (!counts && !completes && request.path() != "/v1/messages")
    return refuse(404, "not_found_error", "Not Found: " + request.path());
  const auto refusal =
      completes ? check_complete_request(body)
                : check_messages_request(body, request.header("anthropic-version"), counts);
  if (refusal) return refuse(400, "invalid_request_error", *refusal);
  seen_ = completes ? seen_in_complete(body) : seen_in_messages(body);
  if (failures_left_ != 0) {
    if (failures_left_ > 0) --failures_left_;
    const Failure& failure = *failure_of(failure_);
    Reply reply = claude_error(failure.status, failure.type, failure.message);
    if (failures_left_ >= 0) reply.header("retry-after-ms", "1");
    return reply;
  }
  if (counts) return Reply::json(200, json{{"input_tokens", script_.input_tokens}}.dump());
  if (completes) return claude_completion(body, script_, request.number);
  return claude_message(body, script_, request.number);
}

// Two pages of one model each.
Reply ClaudeServer::models(const Request& request) {
  const bool second = request.target.find("after_id=claude-sonnet-4-5") != std::string::npos;
  const std::string id = second ? "claude-2.1" : "claude-sonnet-4-5";
  const json model{{"type", "model"},
                   {"id", id},
                   {"display_name", "Claude"},
                   {"created_at", "2026-01-01T00:00:00Z"}};
  const json page{
      {"data", json::array({model})}, {"has_more", !second}, {"first_id", id}, {"last_id", id}};
  return Reply::json(200, page.dump());
}

std::unique_ptr<SimulatedProvider> make_claude_server() { return std::make_unique<ClaudeServer>(); }

}  // namespace lian::test
