#include "support/palm_server.hpp"

#include "support/openai_replies.hpp"

namespace lian::test {
namespace {

using nlohmann::json;

void check_settings(const json& body) {
  google_number(body, "temperature", 0, 1);
  google_number(body, "topP", 0, 1);
  google_number(body, "candidateCount", 1, 8);
  google_number(body, "maxOutputTokens", 1, 1024);
  google_texts(body, "stopSequences", 5);
}

void understand_settings(const json& body, Seen& seen) {
  if (body.contains("temperature")) seen.temperature = body["temperature"].get<double>();
  if (body.contains("topP")) seen.top_p = body["topP"].get<double>();
  if (body.contains("maxOutputTokens")) seen.max_tokens = body["maxOutputTokens"].get<int>();
  seen.stop = body.value("stopSequences", std::vector<std::string>());
}

Reply models() {
  const json entry = {{"name", "models/chat-bison-001"}, {"inputTokenLimit", 4096}};
  return Reply::json(200, json{{"models", json::array({entry})}}.dump());
}

Reply blocked() {
  return Reply::json(200, json{{"filters", json::array({{{"reason", "SAFETY"}}})}}.dump());
}

}  // namespace

void understand_palm_chat(const json& prompt, const std::string& user, const std::string& model,
                          Seen& seen) {
  google_only(prompt, {"context", "examples", "messages"}, "prompt");
  const json& messages = google_member(prompt, "messages");
  google_require(messages.size() % 2 == 1, "the number of messages must be odd");
  seen.system = prompt.value("context", "");
  for (const json& message : messages) {
    google_only(message, {"author", "content"}, "messages");
    const bool of_model = seen.turns.size() % 2 == 1;
    google_require(google_member(message, "author") == (of_model ? model : user),
                   "the authors must alternate, the user first");
    Seen::Turn turn;
    turn.role = of_model ? "assistant" : "user";
    turn.text = google_member(message, "content");
    seen.turns.push_back(turn);
  }
}

ChatModel PalmServer::model(ModelConfig config) {
  return chat_model("palm:chat-bison-001", config.base_url(url()).api_key(key()));
}

ChatModel PalmServer::model_with_wrong_key() {
  return chat_model("palm:chat-bison-001", ModelConfig().base_url(url()).api_key("a-wrong-key"));
}

TextModel PalmServer::text(ModelConfig config) {
  return text_model("palm:text-bison-001", config.base_url(url()).api_key(key()));
}

std::optional<EmbeddingModel> PalmServer::embeddings(ModelConfig config) {
  return embedding_model("palm:embedding-gecko-001", config.base_url(url()).api_key(key()));
}

bool PalmServer::is_authorized(const Request& request) const {
  return request.header("x-goog-api-key") == key();
}

Reply PalmServer::respond(const Request& request, const json& body) {
  if (request.method == "GET") {
    google_require(request.path() == "/v1beta2/models", "unknown path " + request.path());
    return models();
  }
  const auto path = google_path(request, "/v1beta2/models/");
  google_require(path && path->query.empty(), "unknown path " + request.target);
  const std::string call = path->model + ":" + path->verb;
  if (call == "embedding-gecko-001:embedText") {
    google_only(body, {"text"}, "request");
    const std::string text = google_member(body, "text");
    return Reply::json(200, json{{"embedding", {{"value", embed(text, 8)}}}}.dump());
  }
  seen_ = Seen();
  has_seen_ = true;
  seen_.model = path->model;
  if (call == "chat-bison-001:generateMessage") return message(body);
  if (call == "text-bison-001:generateText") return completion(body);
  google_require(call == "chat-bison-001:countMessageTokens", "unknown method " + call);
  google_only(body, {"prompt"}, "request");
  understand_palm_chat(google_member(body, "prompt"), "0", "1", seen_);
  return Reply::json(200, json{{"tokenCount", script_.input_tokens}}.dump());
}

Reply PalmServer::message(const json& body) {
  google_only(body, {"prompt", "temperature", "candidateCount", "topP", "topK"}, "request");
  check_settings(body);
  understand_palm_chat(google_member(body, "prompt"), "0", "1", seen_);
  understand_settings(body, seen_);
  if (script_.finish == FinishReason::content_filter) return blocked();
  const json candidate = {{"author", "1"}, {"content", answer_text()}};
  return Reply::json(
      200,
      json{{"candidates", json::array({candidate})}, {"messages", body["prompt"]["messages"]}}.dump(
          2));
}

Reply PalmServer::completion(const json& body) {
  google_only(body,
              {"prompt", "temperature", "candidateCount", "topP", "topK", "maxOutputTokens",
               "stopSequences", "safetySettings"},
              "request");
  check_settings(body);
  google_only(google_member(body, "prompt"), {"text"}, "prompt");
  understand_settings(body, seen_);
  Seen::Turn turn;
  turn.role = "user";
  turn.text = google_member(body["prompt"], "text");
  seen_.turns.push_back(turn);
  if (script_.finish == FinishReason::content_filter) return blocked();
  const json candidate = {{"output", answer_text()}};
  return Reply::json(200, json{{"candidates", json::array({candidate})}}.dump(2));
}

std::string PalmServer::answer_text() const {
  std::string text;
  for (const std::string& piece : script_.pieces) text += piece;
  return text;
}

std::unique_ptr<SimulatedProvider> make_palm_server() { return std::make_unique<PalmServer>(); }

}  // namespace lian::test
