#include "support/gemini_server.hpp"

#include <algorithm>
#include <cctype>

#include "support/openai_replies.hpp"
#include "support/vertex_palm_server.hpp"

namespace lian::test {
namespace {

using nlohmann::json;

const std::string kModel = "gemini-2.5-flash";

// A schema of Gemini's own form as the JSON Schema it means.
json json_schema_of(json schema) {
  if (!schema.is_object()) return schema;
  schema.erase("propertyOrdering");
  if (schema.contains("type")) {
    std::string type = schema["type"];
    for (char& c : type) c = static_cast<char>(std::tolower(c));
    schema["type"] = type;
    if (schema.value("nullable", false)) schema["type"] = {type, "null"};
  }
  schema.erase("nullable");
  if (schema.contains("items")) schema["items"] = json_schema_of(schema["items"]);
  for (const char* name : {"properties", "anyOf"})
    if (schema.contains(name))
      for (json& inner : schema[name]) inner = json_schema_of(inner);
  return schema;
}

Seen::Turn turn_of(const json& content) {
  Seen::Turn turn;
  turn.role = content.value("role", "user") == "model" ? "assistant" : "user";
  for (const json& part : content["parts"]) {
    if (part.contains("text") && !part.value("thought", false))
      turn.text += part["text"].get<std::string>();
    if (part.contains("inlineData") || part.contains("fileData")) ++turn.images;
    if (part.contains("functionCall"))
      turn.calls.push_back({part["functionCall"]["name"],
                            part["functionCall"].value("args", json::object()).dump()});
    if (!part.contains("functionResponse")) continue;
    turn.role = "tool";
    const json& response = part["functionResponse"]["response"];
    const json inner = response.size() == 1 && response.contains("result")  ? response["result"]
                       : response.size() == 1 && response.contains("error") ? response["error"]
                                                                            : response;
    turn.results.push_back(inner.is_string() ? inner.get<std::string>() : inner.dump());
  }
  return turn;
}

std::string choice_of(const json& body) {
  if (!body.contains("toolConfig")) return "";
  const json& calling = body["toolConfig"]["functionCallingConfig"];
  if (calling.contains("allowedFunctionNames")) return calling["allowedFunctionNames"][0];
  if (calling["mode"] == "ANY") return "required";
  return calling["mode"] == "NONE" ? "none" : "auto";
}

template <class T>
std::optional<T> setting(const json& config, const char* name) {
  if (!config.contains(name)) return std::nullopt;
  return config[name].get<T>();
}

const char* finish_word(FinishReason reason) {
  if (reason == FinishReason::length) return "MAX_TOKENS";
  return reason == FinishReason::content_filter ? "SAFETY" : "STOP";
}

json candidate(json part) {
  return {{"content", {{"parts", json::array({std::move(part)})}, {"role", "model"}}},
          {"index", 0}};
}

Reply embed_all(const json& body, const std::string& model) {
  google_only(body, {"requests"}, "request");
  const json& requests = google_member(body, "requests");
  google_require(requests.is_array() && !requests.empty() && requests.size() <= 100,
                 "at most 100 requests can be in one batch");
  json rows = json::array();
  for (const json& request : requests) {
    google_only(request, {"model", "content", "taskType", "title", "outputDimensionality"},
                "requests");
    google_require(google_member(request, "model") == "models/" + model, "model does not match");
    const std::string task = request.value("taskType", "");
    google_require(task == "RETRIEVAL_QUERY" || task == "RETRIEVAL_DOCUMENT", "unknown taskType");
    const std::string text = google_member(request, "content")["parts"].at(0)["text"];
    rows.push_back({{"values", embed(text, request.value("outputDimensionality", 8))}});
  }
  return Reply::json(200, json{{"embeddings", rows}}.dump());
}

Reply publisher_models() {
  const json entry = {{"name", "publishers/google/models/" + kModel},
                      {"versionId", "default"},
                      {"launchStage", "GA"}};
  return Reply::json(200, json{{"publisherModels", json::array({entry})}}.dump());
}

Reply models(const std::string& target) {
  const bool second = target.find("pageToken=next%3D1") != std::string::npos;
  const std::string name = second ? "gemini-embedding-001" : kModel;
  json page = {{"models", json::array({{{"name", "models/" + name},
                                        {"displayName", name},
                                        {"inputTokenLimit", 1048576},
                                        {"outputTokenLimit", 65536}}})}};
  if (!second) page["nextPageToken"] = "next=1";
  return Reply::json(200, page.dump());
}

}  // namespace

ModelConfig GeminiServer::config(ModelConfig config) {
  if (vertex_) config.project("p-1").location("us-central1");
  return config.base_url(url()).api_key(key());
}

ChatModel GeminiServer::model(ModelConfig config) {
  return chat_model(provider() + ":" + kModel, this->config(std::move(config)));
}

ChatModel GeminiServer::model_with_wrong_key() {
  return chat_model(provider() + ":" + kModel, config().api_key("a-wrong-key"));
}

std::optional<EmbeddingModel> GeminiServer::embeddings(ModelConfig config) {
  const char* name = vertex_ ? "vertex:text-embedding-005" : "gemini:gemini-embedding-001";
  return embedding_model(name, this->config(std::move(config)));
}

bool GeminiServer::is_authorized(const Request& request) const {
  if (vertex_) return request.header("authorization") == "Bearer " + key();
  return request.header("x-goog-api-key") == key();
}

Reply GeminiServer::respond(const Request& request, const json& body) {
  if (request.method == "GET") {
    const char* list = vertex_ ? "/v1beta1/publishers/google/models" : "/v1beta/models";
    google_require(request.path() == list, "unknown path " + request.path());
    return vertex_ ? publisher_models() : models(request.target);
  }
  const char* prefix = vertex_
                           ? "/v1beta1/projects/p-1/locations/us-central1/publishers/google/models/"
                           : "/v1beta/models/";
  const auto path = google_path(request, prefix);
  google_require(path.has_value(), "unknown path " + request.target);
  if (vertex_ && path->verb == "predict") return vertex_embeddings(body);
  google_require(!vertex_ || path->verb != "batchEmbedContents", "unknown method " + path->verb);
  if (path->verb == "batchEmbedContents") return embed_all(body, path->model);
  if (path->verb == "countTokens") {
    const bool whole = body.contains("generateContentRequest");
    check_gemini_request(whole ? body["generateContentRequest"] : body);
    return Reply::json(200, json{{"totalTokens", script_.input_tokens}}.dump());
  }
  const bool stream = path->verb == "streamGenerateContent";
  google_require(stream || path->verb == "generateContent", "unknown method " + path->verb);
  google_require(path->model == kModel, "models/" + path->model + " is not found");
  check_gemini_request(body);
  check_signatures(body["contents"]);
  understand(body);
  seen_.model = path->model;
  seen_.stream = stream;
  if (stream) return google_stream(chunks(), path->query);
  const std::vector<json> all = chunks();
  json whole = all.back();
  json parts = json::array();
  for (const json& chunk : all)
    for (const json& part : chunk["candidates"][0]["content"]["parts"])
      if (part != json{{"text", ""}}) parts.push_back(part);
  if (parts.empty())
    whole["candidates"][0]["content"].erase("parts");
  else
    whole["candidates"][0]["content"]["parts"] = parts;
  return Reply::json(200, whole.dump(2));
}

void GeminiServer::understand(const json& body) {
  seen_ = Seen();
  has_seen_ = true;
  const json config = body.value("generationConfig", json::object());
  if (body.contains("systemInstruction"))
    for (const json& part : body["systemInstruction"]["parts"])
      seen_.system += (seen_.system.empty() ? "" : "\n") + part["text"].get<std::string>();
  for (const json& content : body["contents"]) seen_.turns.push_back(turn_of(content));
  seen_.temperature = setting<double>(config, "temperature");
  seen_.top_p = setting<double>(config, "topP");
  seen_.max_tokens = setting<int>(config, "maxOutputTokens");
  seen_.stop = config.value("stopSequences", std::vector<std::string>());
  for (const json& tool : body.value("tools", json::array()))
    for (const json& function : tool.value("functionDeclarations", json::array()))
      seen_.tools.push_back(function["name"]);
  seen_.tool_choice = choice_of(body);
  if (config.contains("responseSchema")) seen_.schema = json_schema_of(config["responseSchema"]);
  if (config.contains("responseJsonSchema")) seen_.schema = config["responseJsonSchema"];
  seen_.json_object =
      seen_.schema.is_null() && config.value("responseMimeType", "") == "application/json";
  seen_.thinking =
      config.contains("thinkingConfig") && config["thinkingConfig"].value("thinkingBudget", 1) != 0;
}

void GeminiServer::check_signatures(const json& contents) const {
  for (const json& content : contents)
    for (const json& part : content["parts"]) {
      if (!part.contains("functionCall")) continue;
      const auto issued = signatures_.find(part["functionCall"].value("id", ""));
      if (issued == signatures_.end()) continue;
      google_require(part.value("thoughtSignature", "") == issued->second,
                     "Function call is missing a thought_signature in functionCall parts.");
    }
}

json GeminiServer::usage(int output) const {
  json usage = {{"promptTokenCount", script_.input_tokens},
                {"totalTokenCount", script_.input_tokens + output + script_.reasoning_tokens}};
  if (output > 0) usage["candidatesTokenCount"] = output;
  if (script_.cached_tokens > 0) usage["cachedContentTokenCount"] = script_.cached_tokens;
  if (script_.reasoning_tokens > 0) usage["thoughtsTokenCount"] = script_.reasoning_tokens;
  return usage;
}

// The parts of the answer, a chunk each; the last has no text and says why it ended.
std::vector<json> GeminiServer::chunks() {
  std::vector<json> parts;
  if (!script_.reasoning.empty()) parts.push_back({{"text", script_.reasoning}, {"thought", true}});
  for (const std::string& piece : script_.pieces)
    if (script_.calls.empty()) parts.push_back({{"text", piece}});
  for (std::size_t i = 0; i < script_.calls.size(); ++i) {
    const std::string id = "fc-" + std::to_string(i);
    json part = {{"functionCall",
                  {{"id", id},
                   {"name", script_.calls[i].name},
                   {"args", json::parse(script_.calls[i].arguments)}}}};
    if (i == 0) part["thoughtSignature"] = signatures_[id] = "c2lnbmF0dXJl";
    parts.push_back(std::move(part));
  }
  parts.push_back({{"text", ""}});
  std::vector<json> chunks;
  for (json& part : parts) {
    const bool last = chunks.size() + 1 == parts.size();
    const int written = last ? script_.output_tokens - script_.reasoning_tokens : 1;
    chunks.push_back({{"candidates", json::array({candidate(std::move(part))})},
                      {"usageMetadata", usage(written)},
                      {"modelVersion", kModel},
                      {"responseId", "resp-1"}});
  }
  chunks.back()["candidates"][0]["finishReason"] = finish_word(script_.finish);
  return chunks;
}

std::unique_ptr<SimulatedProvider> make_gemini_server() { return std::make_unique<GeminiServer>(); }

std::unique_ptr<SimulatedProvider> make_vertex_gemini_server() {
  return std::make_unique<GeminiServer>(GeminiServer::Host::vertex);
}

}  // namespace lian::test
