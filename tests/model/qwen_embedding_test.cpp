#include <string>
#include <vector>

#include "lian/core/error.hpp"
#include "model/codec_support.hpp"
#include "model/provider/qwen.hpp"
#include "support/catch.hpp"

namespace lian {
namespace {

using Rows = std::vector<std::vector<float>>;
using test::reply_of;
using test::wire;

const QwenEmbeddingCodec codec;

Endpoint endpoint() {
  Endpoint out;
  out.provider = "qwen";
  out.base_url = "https://dashscope.aliyuncs.com/api/v1";
  out.api_key = "sk-example";
  return out;
}

EmbeddingRequest wanted(std::vector<std::string> texts, std::string model, int dimensions = 0) {
  EmbeddingRequest request;
  request.texts = std::move(texts);
  request.model = std::move(model);
  request.dimensions = dimensions;
  return request;
}

TEST_CASE("qwen embeddings: the request") {
  const Json expected = Json::parse(wire("qwen/embedding_request.json"));
  const HttpRequest request =
      codec.encode(wanted({"代码改变世界", "你好"}, "text-embedding-v3", 512), endpoint());
  CHECK(request.url == expected["url"].as_string());
  Json parameters = expected["body"]["parameters"];
  parameters.erase("output_type");  // "dense" is the default
  Json body = expected["body"];
  body.set("parameters", parameters);
  CHECK(Json::parse(request.body) == body);
  EmbeddingRequest question = wanted({"a"}, "text-embedding-v1");
  question.use = EmbeddingUse::query;
  CHECK(Json::parse(codec.encode(question, endpoint()).body)["parameters"] ==
        Json::parse(R"({"text_type":"query"})"));
  CHECK_THROWS_AS(codec.encode(wanted({"a"}, "text-embedding-v2", 512), endpoint()),
                  UnsupportedError);
}

TEST_CASE("qwen embeddings: as many texts a request as the model takes") {
  CHECK(codec.max_batch("text-embedding-v1") == 25);
  CHECK(codec.max_batch("text-embedding-v2") == 25);
  CHECK(codec.max_batch("text-embedding-v3") == 6);
  CHECK(codec.max_batch("text-embedding-v4") == 10);
  const std::vector<std::string> eleven(11, "a");
  CHECK_THROWS_AS(codec.encode(wanted(eleven, "text-embedding-v4"), endpoint()), Error);
}

TEST_CASE("qwen embeddings: rows stand in the order of their index") {
  CHECK(codec.decode(reply_of(wire("qwen/embedding_response.json")), 2) ==
        Rows{{-0.005F, 0.0147F}, {0.25F, 0.5F}});
  CHECK(codec.decode(reply_of(R"({"output":{"embeddings":[{"text_index":1,"embedding":[2]},
      {"embedding":[1],"text_index":0}]},"usage":{"total_tokens":2},"request_id":"r"})"),
                     2) == Rows{{1}, {2}});
}

TEST_CASE("qwen embeddings: what is not one row a text is an error") {
  for (
      const char* body :
      {"", "{}", "<html>", R"({"output":{"embeddings":[]}})",
       R"({"output":{"embeddings":[{"text_index":0,"embedding":[1]}]}})",
       R"({"output":{"embeddings":[{"text_index":0,"embedding":[1]},{"text_index":0,"embedding":[1]}]}})",
       R"({"output":{"embeddings":[{"text_index":0,"embedding":[1]},{"text_index":2,"embedding":[1]}]}})",
       R"({"output":{"embeddings":[{"text_index":0,"embedding":[1]},{"embedding":[1]}]}})",
       R"({"output":{"embeddings":[{"text_index":0,"embedding":[1]},{"text_index":1,"embedding":[1,2]}]}})",
       R"({"output":{"embeddings":[{"text_index":0,"embedding":[1]},{"text_index":1,"embedding":["x"]}]}})",
       R"({"output":{"embeddings":[{"text_index":0,"embedding":[1]},{"text_index":1,"embedding":[]}]}})",
       R"({"output":{"embeddings":[{"text_index":0,"embedding":[1]},{"text_index":1,"embedding":[1]}]})"}) {
    INFO(body);
    CHECK_THROWS_AS(codec.decode(reply_of(body), 2), ParseError);
  }
  CHECK_THROWS_AS(codec.decode(reply_of(R"({"code":"Throttling","message":"m"})"), 2), ApiError);
}

}  // namespace
}  // namespace lian
