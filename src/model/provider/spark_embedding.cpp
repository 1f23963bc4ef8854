#include <cmath>
#include <string>
#include <utility>

#include "core/base64.hpp"
#include "core/json_writer.hpp"
#include "lian/core/error.hpp"
#include "model/provider/api_error.hpp"
#include "model/provider/float_bytes.hpp"
#include "model/provider/json_text.hpp"
#include "model/provider/openai_messages.hpp"
#include "model/provider/spark.hpp"

namespace lian {
inline namespace v0 {

namespace {

std::string coded_text(const std::string& text) {
  std::string json;
  JsonWriter(json)
      .begin_object()
      .key("messages")
      .begin_array()
      .begin_object()
      .key("content")
      .string(text)
      .key("role")
      .string("user")
      .end_object()
      .end_array()
      .end_object();
  return base64_encode(json);
}

}  // namespace

HttpRequest SparkEmbeddingCodec::encode(const EmbeddingRequest& request,
                                        const Endpoint& endpoint) const {
  if (request.texts.size() != 1) refuse_request("spark embeds one text a request");
  if (request.dimensions > 0)
    throw UnsupportedError("spark's embeddings have one width; leave dimensions out; nothing was sent",
                           "dimensions");
  check_request_utf8(request.texts.front(), "text");
  HttpRequest post;
  post.url = endpoint.base_url + "/";
  post.headers.add("content-type", "application/json");
  JsonWriter json(post.body);
  json.begin_object().key("header").begin_object();
  json.key("app_id").string(endpoint.option("app_id")).key("status").integer(3).end_object();
  json.key("parameter").begin_object().key("emb").begin_object().key("domain");
  json.string(request.use == EmbeddingUse::query ? "query" : "para");
  json.key("feature").begin_object().key("encoding").string("utf8").end_object();
  json.end_object().end_object();
  json.key("payload").begin_object().key("messages").begin_object().key("text");
  json.string(coded_text(request.texts.front())).end_object().end_object().end_object();
  return post;
}

void SparkEmbeddingCodec::sign(HttpRequest& request, const Endpoint& endpoint,
                               const Signing& signing) const {
  request.url = spark_signed_url(request.url, "POST", endpoint.api_key,
                                 endpoint.option("secret_key"), signing.now);
}

std::vector<std::vector<float>> SparkEmbeddingCodec::decode(const HttpReply& reply,
                                                            std::size_t count) const {
  const Json json = Json::parse(reply.body);
  const Json code = json["header"]["code"];
  if (code.is_integer() && code.as_int() != 0) throw spark_error_in_reply(reply.body);
  const Json text = json["payload"]["feature"]["text"];
  const auto row =
      text.is_string() ? floats_of_base64(text.as_string()) : std::optional<std::vector<float>>();
  if (!row || row->empty() || count != 1)
    throw_not_json(spark_dialect.name, reply.body, 0, "it holds no embedding");
  for (const float number : *row)
    if (!std::isfinite(number))
      throw_not_json(spark_dialect.name, reply.body, 0,
                     "an embedding holds a number that is not finite");
  return {*row};
}

ApiError SparkEmbeddingCodec::classify(const HttpReply& reply, const Endpoint& endpoint) const {
  return spark_error(reply, endpoint);
}

}  // namespace v0
}  // namespace lian
