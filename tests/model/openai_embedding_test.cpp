#include <string>
#include <vector>

#include "lian/core/error.hpp"
#include "model/openai_support.hpp"
#include "support/catch.hpp"

namespace lian {
namespace {

using Rows = std::vector<std::vector<float>>;
using test::reply_of;
using test::wire;

EmbeddingRequest wanted(std::vector<std::string> texts, std::string model = "m",
                        int dimensions = 0) {
  EmbeddingRequest request;
  request.texts = std::move(texts);
  request.model = std::move(model);
  request.dimensions = dimensions;
  return request;
}

Rows decode(std::string body, std::size_t count) {
  return OpenAIEmbeddingCodec().decode(reply_of(std::move(body)), count);
}

ErrorKind kind_of_encoding(const std::vector<std::string>& texts, const std::string& model = "m",
                           int dimensions = 0) {
  try {
    OpenAIEmbeddingCodec().encode(wanted(texts, model, dimensions), test::endpoint());
  } catch (const Error& error) {
    return error.kind();
  }
  FAIL("no error");
  return {};
}

TEST_CASE("openai embeddings: the request") {
  OpenAIDialect dialect;
  dialect.base64_embeddings = false;
  const HttpRequest request = OpenAIEmbeddingCodec(dialect).encode(
      wanted({"alpha", "beta"}, "text-embedding-3-small", 4), test::endpoint());
  Json expected = Json::parse(wire("openai_misc/embeddings_request.json"));
  expected.erase("user");
  CHECK(Json::parse(request.body) == expected);
  CHECK(request.url == "https://api.openai.com/v1/embeddings");
  const Json standard =
      Json::parse(OpenAIEmbeddingCodec().encode(wanted({"你\n\"好\""}), test::endpoint()).body);
  CHECK(standard["encoding_format"].as_string() == "base64");
  CHECK(standard["input"][0].as_string() == "你\n\"好\"");
  CHECK_FALSE(standard.contains("dimensions"));
}

TEST_CASE("openai embeddings: wrong requests are not sent") {
  CHECK(kind_of_encoding({}) == ErrorKind::invalid_request);
  CHECK(kind_of_encoding({"a", ""}) == ErrorKind::invalid_request);
  CHECK(kind_of_encoding({"\xFF"}) == ErrorKind::invalid_request);
  CHECK(kind_of_encoding({"a"}, "") == ErrorKind::invalid_request);
  CHECK(kind_of_encoding({"a"}, "m", -1) == ErrorKind::invalid_request);
  CHECK(kind_of_encoding(std::vector<std::string>(2049, "a")) == ErrorKind::invalid_request);
  CHECK_NOTHROW(
      OpenAIEmbeddingCodec().encode(wanted(std::vector<std::string>(2048, "a")), test::endpoint()));
}

TEST_CASE("openai embeddings: numbers and base64 give the same rows") {
  const Rows expected = {{0.5F, -0.25F, 0.125F, 1.0F}, {-1.0F, 0.0F, 2.0F, 0.75F}};
  CHECK(decode(wire("openai_misc/embeddings_response.json"), 2) == expected);
  CHECK(decode(wire("openai_misc/embeddings_base64_response.json"), 2) == expected);
}

TEST_CASE("openai embeddings: rows stand in the order of their index") {
  CHECK(decode(R"({"data":[{"index":1,"embedding":[2]},{"index":0,"embedding":[1]}]})", 2) ==
        Rows{{1}, {2}});
  CHECK(decode(R"({"data":[{"embedding":[1]},{"embedding":[2]}]})", 2) == Rows{{1}, {2}});
}

TEST_CASE("openai embeddings: what is not one row a text is an error") {
  for (const char* body :
       {"", "{}", "<html>", R"({"data":[{"index":0,"embedding":[1]}]})",
        R"({"data":[{"index":0,"embedding":[1]},{"index":0,"embedding":[1]}]})",
        R"({"data":[{"index":0,"embedding":[1]},{"index":2,"embedding":[1]}]})",
        R"({"data":[{"index":0,"embedding":[1]},{"index":1,"embedding":[1,2]}]})",
        R"({"data":[{"index":0,"embedding":[1]},{"index":1,"embedding":[]}]})",
        R"({"data":[{"index":0,"embedding":[1]},{"index":1}]})",
        R"({"data":[{"index":0,"embedding":[1]},{"index":1,"embedding":"AAA="}]})",
        R"({"data":[{"index":0,"embedding":[1]},{"index":1,"embedding":"AADAfw=="}]})",
        R"({"data":[{"index":0,"embedding":[1]},{"index":1,"embedding":["x"]}]})",
        R"({"data":[{"index":0,"embedding":[1]},{"index":1,"embedding":[1]}])",
        R"({"data":[{"index":0,"embedding":[1]},{"index":1,"embedding":[1]}]} x)"}) {
    INFO(body);
    CHECK_THROWS_AS(decode(body, 2), ParseError);
  }
  CHECK_THROWS_AS(decode(R"({"error":{"message":"no"}})", 2), ApiError);
}

}  // namespace
}  // namespace lian
