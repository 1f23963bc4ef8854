#include "support/ollama_server.hpp"

#include <numeric>

#include "support/ollama_checks.hpp"
#include "support/openai_replies.hpp"

namespace lian::test {
namespace {

using nlohmann::json;

Reply error_of(int status, const std::string& text) {
  return Reply::json(status, json{{"error", text}}.dump());
}

json line_of(const std::string& model) {
  return {{"model", model}, {"created_at", "2026-07-08T09:10:11.123456Z"}, {"done", false}};
}

Reply ndjson(const std::string& lines) {
  return Reply::http(200, {{"Content-Type", "application/x-ndjson"}}, lines).chunked();
}

json last_line(const std::string& model, const Script& script) {
  json line = line_of(model);
  line["done"] = true;
  line["done_reason"] = script.finish == FinishReason::length ? "length" : "stop";
  line["total_duration"] = 5200000001;
  // Counters that are zero are left out.
  if (script.input_tokens > 0) line["prompt_eval_count"] = script.input_tokens;
  if (script.output_tokens > 0) line["eval_count"] = script.output_tokens;
  return line;
}

json said(json line, bool is_chat, const std::string& text, const std::string& thinking) {
  json& holder = is_chat ? line["message"] : line;
  if (is_chat) holder["role"] = "assistant";
  holder[is_chat ? "content" : "response"] = text;
  if (!thinking.empty()) holder["thinking"] = thinking;
  return line;
}

std::string joined(const Script& script) {
  return std::accumulate(script.pieces.begin(), script.pieces.end(), std::string());
}

Reply embeddings_of(const json& body) {
  json rows = json::array();
  const std::size_t width = body.value("dimensions", 384);
  for (const json& text : body["input"]) rows.push_back(embed(text.get<std::string>(), width));
  return Reply::json(200, json{{"model", body["model"]}, {"embeddings", rows}}.dump());
}

Reply tags() {
  return Reply::json(
      200, R"({"models":[{"name":"llama3.2:latest","model":"llama3.2:latest","size":1}]})");
}

Reply pull(const json& body) {
  if (body.at("model") == "nope")
    return ndjson(
        "{\"status\":\"pulling manifest\"}\n"
        "{\"error\":\"pull model manifest: file does not exist\"}\n");
  return ndjson(
      "{\"status\":\"pulling manifest\"}\n"
      "{\"status\":\"pulling 2181c2168785\",\"digest\":\"sha256:2181\",\"total\":100}\n"
      "{\"status\":\"pulling "
      "2181c2168785\",\"digest\":\"sha256:2181\",\"total\":100,\"completed\":60}\n"
      "{\"status\":\"verifying sha256 digest\"}\n{\"status\":\"success\"}\n");
}

}  // namespace

OllamaServer::OllamaServer() { start(); }
OllamaServer::~OllamaServer() { stop(); }

ModelConfig OllamaServer::config() { return ModelConfig().base_url(server().url()).api_key(key()); }

ChatModel OllamaServer::model(ModelConfig config) {
  return chat_model("ollama:llama3.2", config.base_url(server().url()).api_key(key()));
}

ChatModel OllamaServer::model_with_wrong_key() {
  return chat_model("ollama:llama3.2", config().api_key("ollama-wrong-key-0"));
}

std::optional<EmbeddingModel> OllamaServer::embeddings(ModelConfig config) {
  return embedding_model("ollama:all-minilm", config.base_url(server().url()).api_key(key()));
}

TextModel OllamaServer::text_model() { return lian::text_model("ollama:llama3.2", config()); }

bool OllamaServer::is_authorized(const Request& request) const {
  return request.header("Authorization") == "Bearer " + key();
}

std::optional<Reply> OllamaServer::error_reply(ErrorKind kind) const {
  switch (kind) {
    case ErrorKind::authentication:
      return error_of(401, "unauthorized");
    case ErrorKind::permission:
      return error_of(403, "this model requires a subscription");
    case ErrorKind::not_found:
      return error_of(404, "model 'llama3.2' not found");
    case ErrorKind::rate_limited:
      return error_of(429, "you've reached your hourly usage limit");
    case ErrorKind::overloaded:
      return error_of(503, "server busy, please try again. maximum pending requests exceeded");
    case ErrorKind::server:
      return error_of(500, "model runner has unexpectedly stopped");
    case ErrorKind::invalid_request:
      return error_of(400, "\"llama3.2\" does not support tools");
    case ErrorKind::context_length:
      return error_of(400, "the input length exceeds the context length");
    default:
      return std::nullopt;
  }
}

Reply OllamaServer::malformed_reply(const std::string& why) const { return error_of(400, why); }

Reply OllamaServer::respond(const Request& request) {
  const std::string path = request.path();
  if (request.method == "GET" && path == "/api/tags") return tags();
  require(request.method == "POST", "only POST is taken");
  const json body = json::parse(request.body);
  if (path == "/api/chat") return chat(body);
  if (path == "/api/generate") return generate(body);
  if (path == "/api/pull") return pull(body);
  require(path == "/api/embed", "unknown path: " + path);
  check_ollama_embed(body);
  return embeddings_of(body);
}

json OllamaServer::calls() const {
  json list = json::array();
  for (std::size_t i = 0; i < script().calls.size(); ++i) {
    json function{{"name", script().calls[i].name},
                  {"arguments", json::parse(script().calls[i].arguments)}};
    if (!old_) function["index"] = i;
    json call{{"function", function}};
    if (!old_) call["id"] = "call_ollama" + std::to_string(i);
    list.push_back(call);
  }
  return list;
}

std::string OllamaServer::lines_of(const std::string& model, bool is_chat) const {
  std::string lines;
  const auto add = [&lines](const json& line) { lines += line.dump() + "\n"; };
  for (const std::string& piece : pieces_of(script().reasoning))
    add(said(line_of(model), is_chat, "", piece));
  if (script().calls.empty())
    for (const std::string& piece : script().pieces) add(said(line_of(model), is_chat, piece, ""));
  for (const json& call : calls()) {
    json line = said(line_of(model), is_chat, "", "");
    line["message"]["tool_calls"] = json::array({call});
    add(line);
  }
  add(said(last_line(model, script()), is_chat, "", ""));
  return lines;
}

Reply OllamaServer::chat(const json& body) {
  check_ollama_chat(body);
  understood(seen_by_ollama(body));
  const std::string model = body["model"];
  if (body.value("stream", true)) return ndjson(lines_of(model, true));
  const bool calling = !script().calls.empty();
  json reply =
      said(last_line(model, script()), true, calling ? "" : joined(script()), script().reasoning);
  if (calling) reply["message"]["tool_calls"] = calls();
  return Reply::json(200, reply.dump());
}

Reply OllamaServer::generate(const json& body) {
  check_ollama_generate(body);
  understood(seen_by_ollama(body));
  const std::string model = body["model"];
  if (body.value("stream", true)) return ndjson(lines_of(model, false));
  return Reply::json(
      200, said(last_line(model, script()), false, joined(script()), script().reasoning).dump());
}

std::unique_ptr<SimulatedProvider> make_ollama_server() { return std::make_unique<OllamaServer>(); }

}  // namespace lian::test
