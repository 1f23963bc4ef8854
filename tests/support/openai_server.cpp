#include "support/openai_server.hpp"

#include <algorithm>
#include <set>
#include <stdexcept>

#include "support/openai_checks.hpp"

namespace lian::test {
namespace {

using nlohmann::json;

const std::set<std::string>& special_models() {
  static const std::set<std::string> names{"quota",        "context-length", "html-gateway",
                                           "length",       "content-filter", "refusal",
                                           "stream-error", "stream-cut",     "stream-reset",
                                           "tool-loop",    "stream-stall",   "stream-no-done"};
  return names;
}

bool starts_with(const std::string& text, const char* start) { return text.rfind(start, 0) == 0; }

std::vector<std::string> words_of(const std::string& name) {
  std::vector<std::string> words(1);
  for (char letter : name) {
    if (letter == '-') {
      words.emplace_back();
    } else {
      words.back() += letter;
    }
  }
  return words;
}

void say_when(Reply& reply, const std::string& form) {
  if (form == "ms") reply.header("retry-after-ms", "1");
  if (form == "seconds") reply.header("retry-after", "1");
  if (form == "date") reply.header("retry-after", "Thu, 01 Jan 2015 00:00:00 GMT");
  if (form == "long") reply.header("retry-after", "121");
}

Reply failure(int status, const std::string& form) {
  const bool limited = status == 429;
  ErrorBody error{limited ? "Rate limit reached." : "The server had an error.",
                  limited ? "requests" : "server_error", "", limited ? "rate_limit_exceeded" : ""};
  Reply reply = error_reply(status, error);
  say_when(reply, form);
  return reply;
}

Reply html_page() {
  return Reply::http(502, {{"Content-Type", "text/html"}},
                     "<html><head><title>502 Bad Gateway</title></head>\r\n"
                     "<body><center><h1>502 Bad Gateway</h1></center></body></html>\r\n");
}

}  // namespace

OpenAiServer::OpenAiServer(ServerOptions options)
    : server_(std::make_unique<RawServer>(
          [this](const Request& request) { return handle(request); }, options)) {}

OpenAiServer::~OpenAiServer() { server_.reset(); }

std::string OpenAiServer::url() const { return server_->url() + "/v1"; }

std::string OpenAiServer::key() { return "sk-test-key"; }

std::string OpenAiServer::default_answer() {
  return "你好,世界!The answer is 42 👩‍🚀 — 知识就是力量。";
}

void OpenAiServer::set_answer(std::string text) { set_pieces(pieces_of(text)); }

void OpenAiServer::set_pieces(std::vector<std::string> pieces) {
  const std::lock_guard lock(mutex_);
  pieces_ = std::move(pieces);
}

void OpenAiServer::set_tool_calls(std::vector<ScriptedCall> calls) {
  const std::lock_guard lock(mutex_);
  calls_ = std::move(calls);
}

void OpenAiServer::set_hook(OpenAiHook hook) {
  const std::lock_guard lock(mutex_);
  hook_ = std::move(hook);
}

void OpenAiServer::set_dimensions(std::size_t dimensions) {
  const std::lock_guard lock(mutex_);
  dimensions_ = dimensions;
}

void OpenAiServer::add_model(std::string name) {
  const std::lock_guard lock(mutex_);
  models_.push_back(std::move(name));
}

json OpenAiServer::last_body() const {
  const auto all = requests();
  if (all.empty()) throw std::logic_error("the provider has seen no request");
  return json::parse(all.back().body);
}

std::vector<std::string> OpenAiServer::refused() const {
  const std::lock_guard lock(mutex_);
  return refused_;
}

Reply OpenAiServer::refuse(int status, const ErrorBody& error) {
  refused_.push_back(error.message);
  return error_reply(status, error);
}

Reply OpenAiServer::handle(const Request& request) {
  const std::lock_guard lock(mutex_);
  if (request.header("Authorization") != "Bearer " + key()) {
    return error_reply(
        401, {"Incorrect API key provided.", "invalid_request_error", "", "invalid_api_key"});
  }
  if (request.method == "GET" && request.path() == "/v1/models") return models();
  if (request.method != "POST") {
    return refuse(405, {"Not allowed to " + request.method + " on " + request.path(), "", "", ""});
  }
  if (!starts_with(request.header("Content-Type"), "application/json")) {
    return refuse(400, {"The Content-Type must be application/json.", "", "", ""});
  }
  try {
    return answer_json(request, json::parse(request.body));
  } catch (const json::exception& error) {
    return refuse(400, {error.what(), "invalid_request_error", "", ""});
  }
}

Reply OpenAiServer::answer_json(const Request& request, const json& body) {
  const bool chats = request.path() == "/v1/chat/completions";
  const bool embeds = request.path() == "/v1/embeddings";
  if (!chats && !embeds) return refuse(404, {"Invalid URL (" + request.path() + ")", "", "", ""});
  const auto refusal = chats ? check_chat_request(body) : check_embeddings_request(body);
  if (refusal) {
    return refuse(400, {refusal->message, "invalid_request_error", refusal->param, ""});
  }
  if (hook_) {
    if (auto reply = hook_(request, body)) return *reply;
  }
  if (auto reply = trouble(body["model"])) return *reply;
  if (chats) return chat(request, body);
  return embeddings_reply(body, body.value("dimensions", dimensions_));
}

std::optional<Reply> OpenAiServer::trouble(const std::string& model) {
  if (starts_with(model, "fail-")) return planned_failure(model);
  if (model == "quota") {
    return error_reply(
        429, {"You exceeded your current quota.", "insufficient_quota", "", "insufficient_quota"});
  }
  if (model == "context-length") {
    return error_reply(400, {"This model's maximum context length is 8192 tokens.",
                             "invalid_request_error", "messages", "context_length_exceeded"});
  }
  if (model == "html-gateway") return html_page();
  const bool known = std::count(models_.begin(), models_.end(), model) > 0;
  if (known || special_models().count(model) > 0) return std::nullopt;
  return error_reply(404, {"The model `" + model + "` does not exist.", "invalid_request_error", "",
                           "model_not_found"});
}

std::optional<Reply> OpenAiServer::planned_failure(const std::string& model) {
  const auto words = words_of(model);
  const int status = std::stoi(words.at(1));
  const std::string form = words.size() > 3 ? words[3] : "ms";
  const bool limited = words.size() > 2;
  if (limited && failures_[model]++ >= std::stoi(words[2])) return std::nullopt;
  return failure(status, form);
}

Reply OpenAiServer::chat(const Request& request, const json& body) {
  const Answer answer = answer_for(body);
  if (body.value("stream", false)) return streamed(request, body, answer);
  return chat_reply(body, answer, request.number).header("x-request-id", "req_0123456789abcdef");
}

Reply OpenAiServer::streamed(const Request& request, const json& body, const Answer& answer) const {
  const std::string model = body["model"];
  auto events = chat_events(body, answer, request.number);
  if (model == "stream-no-done") events.pop_back();
  if (model == "stream-error") {
    events.resize(std::min<std::size_t>(events.size(), 3));
    events.push_back(error_body(
        {"The server had an error while processing your request.", "server_error", "", ""}));
  }
  Reply reply = Reply::events(events);
  const std::size_t half = reply.body().size() / 2;
  if (model == "stream-cut") reply.cut_body(half, Ending::close);
  if (model == "stream-reset") reply.cut_body(half, Ending::reset);
  if (model == "stream-stall") reply.cut_body(half, Ending::stall);
  return reply;
}

Answer OpenAiServer::answer_for(const json& body) const {
  const std::string model = body["model"];
  Answer answer;
  if (model == "refusal") {
    answer.refusal = "I cannot help with that.";
    return answer;
  }
  answer.calls = calls_for(body);
  if (!answer.calls.empty()) {
    const bool forced = body.value("tool_choice", json()).is_object();
    answer.finish_reason = forced ? "stop" : "tool_calls";
    return answer;
  }
  if (model == "length") answer.finish_reason = "length";
  if (model == "content-filter") answer.finish_reason = "content_filter";
  answer.pieces = pieces_.value_or(pieces_of(default_answer()));
  if (pieces_ || !body.contains("response_format")) return answer;
  const json& format = body["response_format"];
  if (format["type"] == "json_object") answer.pieces = pieces_of(R"({"answer":"示例"})");
  if (format["type"] == "json_schema") {
    const json schema = format["json_schema"].value("schema", json::object());
    answer.pieces = pieces_of(sample_of(schema, schema).dump());
  }
  return answer;
}

std::vector<ScriptedCall> OpenAiServer::calls_for(const json& body) const {
  const json choice = body.value("tool_choice", json("auto"));
  const bool answered = body["messages"].back()["role"] == "tool" && body["model"] != "tool-loop";
  if (!body.contains("tools") || choice == "none" || answered) return {};
  if (!calls_.empty()) return calls_;
  const std::string wanted =
      choice.is_object() && choice.contains("function") ? choice["function"].value("name", "") : "";
  for (const auto& tool : body["tools"]) {
    if (tool["type"] != "function") continue;
    const json& function = tool["function"];
    if (!wanted.empty() && function["name"] != wanted) continue;
    const json schema = function.value("parameters", json::object());
    return {{function["name"], sample_of(schema, schema).dump()}};
  }
  return {};
}

Reply OpenAiServer::models() const {
  json data = json::array();
  for (const auto& name : models_) {
    data.push_back(
        {{"id", name}, {"object", "model"}, {"created", 1721172741}, {"owned_by", "system"}});
  }
  return Reply::json(200, json{{"object", "list"}, {"data", data}}.dump());
}

}  // namespace lian::test
