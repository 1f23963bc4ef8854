#include <cmath>
#include <string>
#include <utility>

#include "core/json_writer.hpp"
#include "model/provider/google.hpp"
#include "model/provider/google_error.hpp"
#include "model/provider/json_reader.hpp"
#include "model/provider/json_text.hpp"
#include "model/provider/openai_messages.hpp"

namespace lian {
inline namespace v0 {
namespace {

using Row = std::vector<float>;

std::string_view task_type(EmbeddingUse use) {
  return use == EmbeddingUse::query ? "RETRIEVAL_QUERY" : "RETRIEVAL_DOCUMENT";
}

void check(const EmbeddingRequest& request, std::size_t max_batch) {
  if (request.texts.empty() || request.texts.size() > max_batch)
    refuse_request("there are " + std::to_string(request.texts.size()) +
                   " texts to embed but there must be 1 to " + std::to_string(max_batch));
  for (const std::string& text : request.texts) check_request_utf8(text, "text to embed");
  check_request_utf8(request.model, "model");
  if (request.dimensions < 0)
    refuse_request("dimensions is " + std::to_string(request.dimensions) +
                   " but must be at least 1, or 0 for the model's own");
}

// Reads a reply whose vectors stand, in order, somewhere below it; a member that none of the names
// is, is skipped.
class Rows {
 public:
  Rows(const HttpReply& reply, std::string_view provider) : provider_(provider), json_(reply.body) {
    json_.reserve(json_.size() + 64);  // what JsonReader reads behind the end
  }

  /// `each` is called with each member of the top object.
  template <class Each>
  std::vector<Row> read(std::size_t count, Each each) {
    JsonReader reader(provider_);
    reader.read(json_, [&](JsonValue root) {
      if (!root.is_object()) fail("no object");
      root.fields([&](JsonKey key, JsonValue value) {
        if (key == "error") throw google_error_in_reply(json_, provider_);
        each(key, value);
      });
    });
    if (rows_.size() != count)
      fail("it has " + std::to_string(rows_.size()) + " embeddings for " + std::to_string(count) +
           " texts");
    for (const Row& row : rows_)
      if (row.empty() || row.size() != rows_.front().size()) fail("its embeddings differ in width");
    return std::move(rows_);
  }

  /// An object that holds the numbers under "values" or "value".
  void add(JsonValue holder) {
    Row row;
    row.reserve(rows_.empty() ? 0 : rows_.back().size());
    holder.fields([&](JsonKey key, JsonValue value) {
      if (key == "values" || key == "value") value.items([&](JsonValue n) { add(n, row); });
    });
    rows_.push_back(std::move(row));
  }

 private:
  [[noreturn]] void fail(std::string_view why) const { throw_not_json(provider_, json_, 0, why); }

  void add(JsonValue number, Row& row) const {
    if (number.type() != JsonValue::Type::number) fail("an embedding holds what is no number");
    const auto value = static_cast<float>(number.number(NAN));
    if (!std::isfinite(value)) fail("an embedding holds a number that is not finite");
    row.push_back(value);
  }

  std::string provider_, json_;
  std::vector<Row> rows_;
};

}  // namespace

HttpRequest GeminiEmbeddingCodec::encode(const EmbeddingRequest& request,
                                         const Endpoint& endpoint) const {
  check(request, max_batch(request.model));
  const std::string name = google_model_name(request.model);
  std::string body;
  JsonWriter json(body);
  json.begin_object().key("requests").begin_array();
  for (const std::string& text : request.texts) {
    json.begin_object().key("model").string(name);
    json.key("content").begin_object().key("parts").begin_array();
    json.begin_object().key("text").string(text).end_object().end_array().end_object();
    json.key("taskType").string(task_type(request.use));
    if (request.dimensions > 0) json.key("outputDimensionality").integer(request.dimensions);
    json.end_object();
  }
  json.end_array().end_object();
  return google_post(endpoint, request.model, "batchEmbedContents", std::move(body));
}

std::vector<Row> GeminiEmbeddingCodec::decode(const HttpReply& reply, std::size_t count) const {
  Rows rows(reply, "gemini");
  return rows.read(count, [&](JsonKey key, JsonValue value) {
    if (key == "embeddings") value.items([&](JsonValue item) { rows.add(item); });
    if (key == "embedding") rows.add(value);
  });
}

PalmEmbeddingCodec::PalmEmbeddingCodec(const Endpoint& endpoint)
    : batches_(endpoint.base_url.ends_with("/v1beta3")) {}

HttpRequest PalmEmbeddingCodec::encode(const EmbeddingRequest& request,
                                       const Endpoint& endpoint) const {
  check(request, max_batch(request.model));
  if (request.dimensions > 0)
    throw UnsupportedError("palm has embeddings of the model's own width only; nothing was sent",
                           "dimensions");
  std::string body;
  JsonWriter json(body);
  json.begin_object();
  if (!batches_) {
    json.key("text").string(request.texts.front()).end_object();
    return google_post(endpoint, request.model, "embedText", std::move(body));
  }
  json.key("texts").begin_array();
  for (const std::string& text : request.texts) json.string(text);
  json.end_array().end_object();
  return google_post(endpoint, request.model, "batchEmbedText", std::move(body));
}

std::vector<Row> PalmEmbeddingCodec::decode(const HttpReply& reply, std::size_t count) const {
  Rows rows(reply, "palm");
  return rows.read(count, [&](JsonKey key, JsonValue value) {
    if (key == "embeddings") value.items([&](JsonValue item) { rows.add(item); });
    if (key == "embedding") rows.add(value);
  });
}

// The first model takes no task; Gemini's embeds one text a request.
std::size_t VertexEmbeddingCodec::max_batch(std::string_view model) const noexcept {
  return model.starts_with("gemini-embedding") ? 1 : 5;
}

HttpRequest VertexEmbeddingCodec::encode(const EmbeddingRequest& request,
                                         const Endpoint& endpoint) const {
  check(request, max_batch(request.model));
  const bool takes_task = !request.model.ends_with("gecko@001");
  std::string body;
  JsonWriter json(body);
  json.begin_object().key("instances").begin_array();
  for (const std::string& text : request.texts) {
    json.begin_object().key("content").string(text);
    if (takes_task) json.key("task_type").string(task_type(request.use));
    json.end_object();
  }
  json.end_array();
  if (request.dimensions > 0) {
    json.key("parameters").begin_object().key("outputDimensionality");
    json.integer(request.dimensions).end_object();
  }
  json.end_object();
  return google_post(endpoint, request.model, "predict", std::move(body));
}

std::vector<Row> VertexEmbeddingCodec::decode(const HttpReply& reply, std::size_t count) const {
  Rows rows(reply, "vertex");
  return rows.read(count, [&](JsonKey key, JsonValue value) {
    if (!(key == "predictions")) return;
    value.items([&](JsonValue item) {
      item.fields([&](JsonKey name, JsonValue holder) {
        if (name == "embeddings") rows.add(holder);
      });
    });
  });
}

}  // namespace v0
}  // namespace lian
