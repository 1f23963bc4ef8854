#include <string>
#include <utility>

#include "core/json_writer.hpp"
#include "lian/core/error.hpp"
#include "lian/core/utf8.hpp"
#include "model/provider/api_error.hpp"
#include "model/provider/embedding_rows.hpp"
#include "model/provider/json_text.hpp"
#include "model/provider/ollama.hpp"
#include "model/provider/openai.hpp"
#include "model/provider/openai_messages.hpp"

namespace lian {
inline namespace v0 {

HttpRequest OllamaEmbeddingCodec::encode(const EmbeddingRequest& request,
                                         const Endpoint& endpoint) const {
  if (request.model.empty()) refuse_request("no embedding model is named");
  check_request_utf8(request.model, "model");
  if (request.dimensions < 0)
    refuse_request("dimensions is " + std::to_string(request.dimensions) +
                   " but must be at least 1, or 0 for the model's own");
  std::string body;
  JsonWriter json(body);
  json.begin_object().key("model").string(request.model).key("input").begin_array();
  for (const std::string& text : request.texts) {
    check_request_utf8(text, "input");
    json.string(text);
  }
  json.end_array();
  if (request.dimensions > 0) json.key("dimensions").integer(request.dimensions);
  json.end_object();
  return ollama_post(endpoint, "/api/embed", std::move(body));
}

std::vector<std::vector<float>> OllamaEmbeddingCodec::decode(const HttpReply& reply,
                                                             std::size_t count) const {
  std::string copy;
  const std::string_view body = padded(reply.body, copy);
  EmbeddingRows rows(body, "ollama", count);
  std::int64_t index = 0;
  bool is_error = false;
  JsonReader reader("ollama");
  reader.read(body, [&](const JsonValue& top) {
    top.fields([&](const JsonKey& key, const JsonValue& value) {
      if (key == "error") is_error = !value.is_null();
      if (!(key == "embeddings")) return;
      value.items([&](const JsonValue& row) { rows.add(index++, row); });
    });
  });
  if (is_error) throw ollama_error_in_reply(body);
  return rows.take();
}

ApiError OllamaEmbeddingCodec::classify(const HttpReply& reply, const Endpoint& endpoint) const {
  return ollama_error(reply, endpoint);
}

HttpRequest OllamaModelListCodec::encode(const Endpoint& endpoint, const std::string&) const {
  return openai_get(endpoint, "/api/tags");
}

ModelListCodec::Page OllamaModelListCodec::decode(const HttpReply& reply) const {
  const std::string body = utf8::repair(reply.body);
  const Json list = parse_or_null(body);
  const Json models = list["models"];
  if (!list["error"].is_null()) throw ollama_error_in_reply(body);
  // A server without models says null.
  if (!models.is_array() && !(models.is_null() && list.contains("models")))
    throw_not_json("ollama", body, 0, "it has no list of models");
  Page page;
  for (const Json& entry : models.items()) {
    ModelInfo model;
    model.id = scalar_text(entry[entry["name"].is_string() ? "name" : "model"]);
    if (model.id.empty()) throw_not_json("ollama", body, 0, "a model has no name");
    model.raw = entry;
    page.models.push_back(std::move(model));
  }
  return page;
}

ApiError OllamaModelListCodec::classify(const HttpReply& reply, const Endpoint& endpoint) const {
  return ollama_error(reply, endpoint);
}

}  // namespace v0
}  // namespace lian
