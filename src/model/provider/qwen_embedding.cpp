#include <string>
#include <string_view>
#include <utility>

#include "core/json_writer.hpp"
#include "lian/core/error.hpp"
#include "model/provider/api_error.hpp"
#include "model/provider/embedding_rows.hpp"
#include "model/provider/json_text.hpp"
#include "model/provider/openai_messages.hpp"
#include "model/provider/qwen.hpp"
#include "model/provider/qwen_error.hpp"

namespace lian {
inline namespace v0 {

namespace {

void check(const EmbeddingRequest& request, std::size_t most) {
  if (request.model.empty()) refuse_request("no embedding model is named");
  check_request_utf8(request.model, "model");
  if (request.texts.empty() || request.texts.size() > most)
    refuse_request("texts has " + std::to_string(request.texts.size()) +
                   " texts but must have 1 to " + std::to_string(most));
  for (const std::string& text : request.texts) {
    if (text.empty()) refuse_request("a text to embed is empty: leave out empty texts");
    check_request_utf8(text, "texts");
  }
  if (request.dimensions < 0)
    refuse_request("dimensions is " + std::to_string(request.dimensions) +
                   " but must be at least 1, or 0 for the model's own");
}

// A row and the place it names, whichever comes first.
void read_row(const JsonValue& item, EmbeddingRows& rows) {
  std::int64_t index = -1;
  std::vector<float> row;
  item.fields([&](const JsonKey& key, const JsonValue& value) {
    if (key == "text_index") index = value.integer(-1);
    if (key == "embedding") row = rows.read(value);
  });
  rows.add(index, std::move(row));
}

}  // namespace

// The rows a call may carry: 25 of v1 and v2; of v3 6 by the documentation of early 2025, 10 by the
// later one; 10 of v4.
std::size_t QwenEmbeddingCodec::max_batch(std::string_view model) const noexcept {
  if (model.ends_with("-v1") || model.ends_with("-v2")) return 25;
  return model.ends_with("-v3") ? 6 : 10;
}

HttpRequest QwenEmbeddingCodec::encode(const EmbeddingRequest& request,
                                       const Endpoint& endpoint) const {
  check(request, max_batch(request.model));
  const bool one_width = request.model.ends_with("-v1") || request.model.ends_with("-v2");
  if (request.dimensions > 0 && one_width && request.dimensions != 1536)
    throw UnsupportedError(request.model + " has 1536 dimensions and no choice; nothing was sent",
                           "dimensions");
  std::string body;
  JsonWriter json(body);
  json.begin_object().key("model").string(request.model);
  json.key("input").begin_object().key("texts").begin_array();
  for (const std::string& text : request.texts) json.string(text);
  json.end_array().end_object().key("parameters").begin_object();
  json.key("text_type").string(request.use == EmbeddingUse::query ? "query" : "document");
  if (request.dimensions > 0 && !one_width) json.key("dimension").integer(request.dimensions);
  json.end_object().end_object();
  return qwen_post(endpoint, "/services/embeddings/text-embedding/text-embedding", std::move(body));
}

std::vector<std::vector<float>> QwenEmbeddingCodec::decode(const HttpReply& reply,
                                                           std::size_t count) const {
  std::string copy;
  const std::string_view body = padded(reply.body, copy);
  EmbeddingRows rows(body, "qwen", count);
  bool has_rows = false;
  JsonReader reader("qwen");
  reader.read(body, [&](const JsonValue& top) {
    top.fields([&](const JsonKey& key, const JsonValue& value) {
      if (!(key == "output")) return;
      value.fields([&](const JsonKey& name, const JsonValue& list) {
        if (!(name == "embeddings")) return;
        has_rows = list.is_array();
        list.items([&](const JsonValue& item) { read_row(item, rows); });
      });
    });
  });
  if (!has_rows && !scalar_text(parse_or_null(body)["code"]).empty())
    throw qwen_error_in_reply(body);
  return rows.take();
}

ApiError QwenEmbeddingCodec::classify(const HttpReply& reply, const Endpoint& endpoint) const {
  return qwen_error(reply, endpoint);
}

}  // namespace v0
}  // namespace lian
