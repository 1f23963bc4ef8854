#include "core/json_writer.hpp"
#include "lian/core/error.hpp"
#include "model/provider.hpp"
#include "model/provider/embedding_rows.hpp"
#include "model/provider/minimax.hpp"
#include "model/provider/openai.hpp"
#include "model/provider/openai_error.hpp"
#include "model/provider/openai_messages.hpp"
#include "model/provider/vendors.hpp"
#include "net/url.hpp"

namespace lian {
inline namespace v0 {

namespace {

void check(const EmbeddingRequest& request, const Endpoint& endpoint) {
  if (endpoint.option("group_id").empty())
    throw Error(
        ErrorKind::config,
        "no group_id for minimax: its embeddings need the account's group. Set the "
        "environment variable MINIMAX_GROUP_ID or pass ModelConfig().option(\"group_id\", …)");
  if (request.dimensions != 0)
    throw UnsupportedError("minimax lets one choose no width of embeddings; nothing was sent",
                           "dimensions");
  if (request.texts.empty()) refuse_request("texts is empty");
  for (const std::string& text : request.texts) {
    if (text.empty()) refuse_request("a text to embed is empty: leave out empty texts");
    check_request_utf8(text, "texts");
  }
}

}  // namespace

HttpRequest MiniMaxEmbeddingCodec::encode(const EmbeddingRequest& request,
                                          const Endpoint& endpoint) const {
  check(request, endpoint);
  std::string body;
  JsonWriter json(body);
  json.begin_object().key("model").string(request.model).key("texts").begin_array();
  for (const std::string& text : request.texts) json.string(text);
  json.end_array().key("type").string(request.use == EmbeddingUse::query ? "query" : "db");
  json.end_object();
  const std::string path = "/embeddings?GroupId=" + percent_encode(endpoint.option("group_id"));
  return openai_post(endpoint, path, std::move(body));
}

std::vector<std::vector<float>> MiniMaxEmbeddingCodec::decode(const HttpReply& reply,
                                                              std::size_t count) const {
  std::string copy;
  const std::string_view body = padded(reply.body, copy);
  EmbeddingRows rows(body, "minimax", count);
  bool has_rows = false;
  std::int64_t index = 0;
  JsonReader reader("minimax");
  reader.read(body, [&](const JsonValue& top) {
    top.fields([&](const JsonKey& key, const JsonValue& value) {
      if (!(key == "vectors")) return;
      has_rows = value.is_array();
      value.items([&](const JsonValue& row) { rows.add(index++, row); });
    });
  });
  if (!has_rows && is_openai_error(body)) throw openai_error_in_reply(body, minimax_dialect());
  return rows.take();
}

ApiError MiniMaxEmbeddingCodec::classify(const HttpReply& reply, const Endpoint& endpoint) const {
  return openai_error(reply, endpoint, minimax_dialect());
}

std::unique_ptr<const EmbeddingCodec> minimax_embedding(const ModelPlace&) {
  return std::make_unique<MiniMaxEmbeddingCodec>();
}

}  // namespace v0
}  // namespace lian
