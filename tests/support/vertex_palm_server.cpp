#include "support/vertex_palm_server.hpp"

#include "support/openai_replies.hpp"
#include "support/palm_server.hpp"

namespace lian::test {
namespace {

using nlohmann::json;

const std::string kModels = "/projects/p-1/locations/us-central1/publishers/google/models/";

// The value of a request's typed tensor; every type by its name, one member each.
json untyped(const json& tensor) {
  google_require(tensor.is_object() && tensor.size() <= 1, "a tensor has one typed value");
  if (tensor.empty()) return nullptr;
  const std::string type = tensor.begin().key();
  const json& value = tensor.begin().value();
  if (type == "struct_val") {
    json object = json::object();
    for (const auto& item : value.items()) object[item.key()] = untyped(item.value());
    return object;
  }
  google_require(value.is_array(), type + " must be an array");
  if (type == "list_val") {
    json list = json::array();
    for (const json& item : value) list.push_back(untyped(item));
    return list;
  }
  google_require(value.size() == 1, type + " must hold one value");
  const json& only = value[0];
  const bool holds = (type == "string_val" && only.is_string()) ||
                     (type == "int_val" && only.is_number_integer()) ||
                     (type == "int64_val" && only.is_string()) ||
                     (type == "float_val" && only.is_number()) ||
                     (type == "bool_val" && only.is_boolean());
  google_require(holds, type + " holds another type");
  return only;
}

// A reply's value as a typed tensor.
json typed(const json& value) {
  if (value.is_string()) return {{"stringVal", {value}}};
  if (value.is_boolean()) return {{"boolVal", {value}}};
  if (value.is_number()) return {{"doubleVal", {value}}};
  if (value.is_array()) {
    if (value.empty()) return json::object();
    json list = json::array();
    for (const json& item : value) list.push_back(typed(item));
    return {{"listVal", list}};
  }
  json members = json::object();
  for (const auto& item : value.items()) members[item.key()] = typed(item.value());
  return {{"structVal", members}};
}

json safety(bool blocked) {
  return {{"blocked", blocked}, {"categories", json::array()}, {"scores", json::array()}};
}

json prediction(const std::string& text, bool chat, bool blocked) {
  if (!chat) return {{"content", text}, {"safetyAttributes", safety(blocked)}};
  const json candidate = {{"author", "bot"}, {"content", text}};
  return {{"candidates", json::array({candidate})},
          {"safetyAttributes", json::array({safety(blocked)})}};
}

}  // namespace

Reply vertex_embeddings(const json& body) {
  google_only(body, {"instances", "parameters"}, "request");
  const json& instances = google_member(body, "instances");
  google_require(!instances.empty() && instances.size() <= 5, "at most 5 instances");
  json rows = json::array();
  for (const json& instance : instances) {
    google_only(instance, {"content", "task_type", "title"}, "instances");
    const std::string text = google_member(instance, "content");
    rows.push_back({{"embeddings", {{"values", embed(text, 8)}}}});
  }
  return Reply::json(200, json{{"predictions", rows}}.dump());
}

ModelConfig VertexPalmServer::config(ModelConfig config) {
  return config.base_url(server().url() + "/v1")
      .project("p-1")
      .location("us-central1")
      .api_key(key());
}

ChatModel VertexPalmServer::model(ModelConfig config) {
  return chat_model("vertex:chat-bison@002", this->config(std::move(config)));
}

ChatModel VertexPalmServer::model_with_wrong_key() {
  return chat_model("vertex:chat-bison@002", config().api_key("a-wrong-token"));
}

TextModel VertexPalmServer::text(ModelConfig config) {
  return text_model("vertex:text-bison", this->config(std::move(config)));
}

std::optional<EmbeddingModel> VertexPalmServer::embeddings(ModelConfig config) {
  return embedding_model("vertex:textembedding-gecko@003", this->config(std::move(config)));
}

bool VertexPalmServer::is_authorized(const Request& request) const {
  return request.header("authorization") == "Bearer " + key();
}

Reply VertexPalmServer::respond(const Request& request, const json& body) {
  if (const auto path = google_path(request, "/v1beta1" + kModels)) {
    google_require(path->verb == "countTokens", "unknown method " + path->verb);
    google_only(body, {"instances"}, "request");
    return Reply::json(200, json{{"totalTokens", script_.input_tokens}}.dump());
  }
  const auto path = google_path(request, "/v1" + kModels);
  google_require(path.has_value(), "unknown path " + request.target);
  if (path->model.rfind("textembedding-gecko", 0) == 0) return vertex_embeddings(body);
  const bool stream = path->verb == "serverStreamingPredict";
  google_require(stream || path->verb == "predict", "unknown method " + path->verb);
  const bool chat = path->model.rfind("chat-bison", 0) == 0;
  google_require(chat || path->model.rfind("text-bison", 0) == 0, "unknown model " + path->model);
  const char* list = stream ? "inputs" : "instances";
  google_only(body, {list, "parameters"}, "request");
  google_require(google_member(body, list).size() == 1, "one instance");
  json instance = body[list][0], parameters = body.value("parameters", json::object());
  if (stream) {
    instance = untyped(instance);
    parameters = untyped(parameters);
  }
  seen_ = Seen();
  has_seen_ = true;
  seen_.model = path->model;
  seen_.stream = stream;
  understand(instance, parameters.is_null() ? json::object() : parameters, chat);
  return stream ? streamed(chat, path->query) : predicted(chat);
}

void VertexPalmServer::understand(const json& instance, const json& parameters, bool chat) {
  google_only(
      parameters,
      {"temperature", "maxOutputTokens", "topP", "topK", "stopSequences", "candidateCount",
       "groundingConfig", "logprobs", "presencePenalty", "frequencyPenalty", "logitBias", "seed"},
      "parameters");
  google_number(parameters, "temperature", 0, 1);
  google_number(parameters, "topP", 0, 1);
  google_number(parameters, "candidateCount", 1, 8);
  google_number(parameters, "maxOutputTokens", 1, 8192);
  google_texts(parameters, "stopSequences", 5);
  if (parameters.contains("temperature"))
    seen_.temperature = parameters["temperature"].get<double>();
  if (parameters.contains("topP")) seen_.top_p = parameters["topP"].get<double>();
  if (parameters.contains("maxOutputTokens"))
    seen_.max_tokens = parameters["maxOutputTokens"].get<int>();
  seen_.stop = parameters.value("stopSequences", std::vector<std::string>());
  if (chat) return understand_palm_chat(instance, "user", "bot", seen_);
  google_only(instance, {"content", "prompt"}, "instances");
  Seen::Turn turn;
  turn.role = "user";
  turn.text = google_member(instance, "content");
  seen_.turns.push_back(turn);
}

Reply VertexPalmServer::predicted(bool chat) const {
  std::string text;
  for (const std::string& piece : script_.pieces) text += piece;
  const bool blocked = script_.finish == FinishReason::content_filter;
  const json tokens = {{"inputTokenCount", {{"totalTokens", script_.input_tokens}}},
                       {"outputTokenCount", {{"totalTokens", script_.output_tokens}}}};
  return Reply::json(200, json{{"predictions", json::array({prediction(text, chat, blocked)})},
                               {"metadata", {{"tokenMetadata", tokens}}}}
                              .dump());
}

Reply VertexPalmServer::streamed(bool chat, const std::string& query) const {
  std::vector<json> chunks;
  const bool blocked = script_.finish == FinishReason::content_filter;
  std::vector<std::string> pieces = script_.pieces;
  if (pieces.empty()) pieces.emplace_back();  // an empty reply is a prediction without text
  for (const std::string& piece : pieces)
    chunks.push_back({{"outputs", json::array({typed(prediction(piece, chat, blocked))})}});
  return google_stream(chunks, query);
}

std::unique_ptr<SimulatedProvider> make_vertex_palm_server() {
  return std::make_unique<VertexPalmServer>();
}

}  // namespace lian::test
