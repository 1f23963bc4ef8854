// A bearer token that a function gives, for a provider of any protocol.
#include <string>

#include "model/engine_support.hpp"
#include "support/catch.hpp"

namespace lian {
namespace {

using test::Outcome;
using test::RawServer;
using test::Reply;
using test::Request;

TEST_CASE("bearer token: the function is asked before each try") {
  RawServer server([](const Request& request) {
    if (request.number == 1) return Reply::json(503, "{}");
    return Reply::json(200, test::small_json("yes"));
  });
  int asked = 0;
  Runtime runtime;
  const ChatModel model =
      chat_model("openai:m", ModelConfig().base_url(server.url()).bearer_token([&asked] {
        return "token-" + std::to_string(++asked) + "-abcdef";
      }));
  CHECK(model.invoke("hi", Context::root().with(runtime)).text() == "yes");
  const auto requests = server.requests();
  REQUIRE(requests.size() == 2);
  CHECK(requests[0].header("authorization") == "Bearer token-1-abcdef");
  CHECK(requests[1].header("authorization") == "Bearer token-2-abcdef");
}

TEST_CASE("bearer token: a refused one is an error that does not show it, after one request") {
  RawServer server([](const Request& request) {
    return Reply::json(401,
                       R"({"error":{"message":"bad )" + request.header("authorization") + R"("}})");
  });
  Runtime runtime;
  const ChatModel model =
      chat_model("openai:m", ModelConfig().base_url(server.url()).bearer_token([] {
        return std::string("very-secret-token");
      }));
  for (const Outcome& out :
       {test::invoke(model, test::once(runtime)), test::stream(model, test::once(runtime))}) {
    CHECK(out.kind == ErrorKind::authentication);
    CHECK(out.what.find("very-secret") == std::string::npos);
    CHECK(out.body.find("very-secret") == std::string::npos);
  }
  CHECK(server.requests().size() == 2);
}

TEST_CASE("bearer token: none, or one that would break the header, is never sent") {
  RawServer server(std::vector<Reply>{Reply::json(200, test::small_json("no"))});
  Runtime runtime;
  for (const std::string token : {"", "a\r\nX-Evil: 1"}) {
    const ChatModel model = chat_model(
        "openai:m", ModelConfig().base_url(server.url()).bearer_token([token] { return token; }));
    const Outcome out = test::invoke(model, test::once(runtime));
    CHECK_FALSE(out.ok);
    CHECK(out.kind == (token.empty() ? ErrorKind::authentication : ErrorKind::invalid_request));
    CHECK(out.what.find("Evil") == std::string::npos);
  }
  CHECK(server.requests().empty());
}

}  // namespace
}  // namespace lian
