// ERNIE over real sockets: tokens, signatures, cuts, retries.
#include "model/engine_support.hpp"
#include "model/ernie_support.hpp"
#include "support/catch.hpp"
#include "support/ernie_server.hpp"

namespace lian {
namespace {

using test::ErnieServer;
using test::Outcome;
using test::Reply;

ChatModel oauth_model(const ErnieServer& server) {
  return chat_model("ernie:ERNIE-4.0-8K", server.oauth_config());
}

std::size_t chats(ErnieServer& server) {
  std::size_t count = 0;
  for (const test::Request& request : server.server().requests())
    count += request.path().find("/chat/") != std::string::npos ? 1 : 0;
  return count;
}

TEST_CASE("ernie engine: invoke and stream, whole and in slices of one byte") {
  ErnieServer server;
  Runtime runtime;
  const ChatModel model = oauth_model(server);
  for (const bool sliced : {false, true}) {
    if (sliced) server.deliver([](Reply& reply) { reply.slices(1); });
    for (const bool streamed : {false, true}) {
      const Outcome out = streamed ? test::stream(model, test::once(runtime))
                                   : test::invoke(model, test::once(runtime));
      INFO(out.what);
      REQUIRE(out.ok);
      CHECK(out.message.text() == "Hello, world");
      CHECK(out.message.finish_reason == FinishReason::stop);
      CHECK(out.message.usage->total_tokens == 18);
      CHECK(server.seen().stream == streamed);
      CHECK(server.seen().model == "completions_pro");
    }
  }
  CHECK(server.tokens_given() == 1);
  CHECK(server.refused().empty());
  CHECK(server.server().problems().empty());
}

TEST_CASE("ernie engine: a reply that is cut is never an answer") {
  ErnieServer server;
  Runtime runtime;
  const ChatModel model = oauth_model(server);
  for (const bool streamed : {false, true}) {
    const auto call = [&] {
      return streamed ? test::stream(model, test::once(runtime))
                      : test::invoke(model, test::once(runtime));
    };
    std::size_t whole = 0;
    server.deliver([&whole](Reply& reply) { whole = reply.framed_body().size(); });
    REQUIRE(call().ok);
    // A stream's last bytes, the frame that ends it, come behind its terminal sign.
    const std::size_t end = whole - (streamed ? 40 : 0);
    for (const test::Ending how : {test::Ending::close, test::Ending::reset}) {
      for (std::size_t cut = 0; cut < end; cut += 29) {
        server.deliver([cut, how](Reply& reply) { reply.cut_body(cut, how); });
        const Outcome out = call();
        INFO("cut at " << cut << " of " << whole << ": " << out.what);
        CHECK_FALSE(out.ok);
        CHECK(
            (out.truncated || out.kind == ErrorKind::network || out.kind == ErrorKind::truncated));
      }
    }
  }
}

TEST_CASE("ernie engine: a stream refused by one JSON document") {
  ErnieServer server;
  Runtime runtime;
  server.fail_with(336003, -1);
  const Outcome out = test::stream(server.model(), test::once(runtime));
  CHECK(out.kind == ErrorKind::invalid_request);
  CHECK(out.api);
  CHECK(out.status == 200);
}

TEST_CASE("ernie engine: overload is tried again, a used-up quota is not") {
  ErnieServer server;
  Runtime runtime;
  const Context context = Context::root().with(runtime).with_tries(2);
  server.fail_with(336100, 1);
  CHECK(test::invoke(server.model(), context).ok);
  CHECK(chats(server) == 2);
  server.fail_with(336501, 1);
  CHECK(test::stream(server.model(), context).ok);
  CHECK(chats(server) == 4);
  server.fail_with(17, -1);
  CHECK(test::invoke(server.model(), context).kind == ErrorKind::quota);
  CHECK(chats(server) == 5);
}

TEST_CASE("ernie engine: an expired token is replaced once, whatever the number of callers") {
  ErnieServer server;
  Runtime runtime;
  const ChatModel model = oauth_model(server);
  REQUIRE(test::invoke(model, test::once(runtime)).ok);
  for (int round = 1; round <= 2; ++round) {
    server.expire_tokens();
    const std::vector<ChatInput> inputs(100, ChatInput("hi"));
    const std::vector<AIMessage> answers = model.batch(inputs, test::once(runtime));
    CHECK(answers.size() == 100);
    CHECK(server.tokens_given() == 1 + round);
  }
  server.expire_tokens();
  CHECK(test::stream(model, test::once(runtime)).ok);
  CHECK(server.tokens_given() == 4);
}

TEST_CASE("ernie engine: the first token is fetched once for many callers") {
  ErnieServer server;
  Runtime runtime;
  const ChatModel model = oauth_model(server);
  const std::vector<ChatInput> inputs(100, ChatInput("hi"));
  CHECK(model.batch(inputs, test::once(runtime)).size() == 100);
  CHECK(server.tokens_given() == 1);
}

TEST_CASE("ernie engine: tokens that are refused at once are not fetched again and again") {
  ErnieServer server;
  server.refuse_all_tokens(true);
  Runtime runtime;
  const ChatModel model = oauth_model(server);
  for (int i = 0; i < 5; ++i) {
    const Outcome out = test::invoke(model, test::once(runtime));
    CHECK(out.kind == ErrorKind::authentication);
    CHECK(out.api);
  }
  CHECK(server.tokens_given() == 2);
}

TEST_CASE("ernie engine: a token is renewed when its time is over") {
  ErnieServer server;
  server.token_life(0);
  Runtime runtime;
  const ChatModel model = oauth_model(server);
  CHECK(test::invoke(model, test::once(runtime)).ok);
  CHECK(test::invoke(model, test::once(runtime)).ok);
  CHECK(server.tokens_given() == 2);
}

TEST_CASE("ernie engine: a given access token is used, and replaced where there are keys") {
  ErnieServer server;
  Runtime runtime;
  const ModelConfig alone =
      ModelConfig().base_url(server.server().url()).option("access_token", "24.old-token");
  const Outcome out = test::invoke(chat_model("ernie:ERNIE-4.0-8K", alone), test::once(runtime));
  CHECK(out.kind == ErrorKind::authentication);
  CHECK(out.what.find("24.old-token") == std::string::npos);
  CHECK(server.tokens_given() == 0);
  const ModelConfig both = server.oauth_config().option("access_token", "24.old-token");
  CHECK(test::invoke(chat_model("ernie:ERNIE-4.0-8K", both), test::once(runtime)).ok);
  CHECK(server.tokens_given() == 1);
}

TEST_CASE("ernie engine: wrong keys are named") {
  ErnieServer server;
  Runtime runtime;
  const Outcome key = test::invoke(server.model_with_wrong_key(), test::once(runtime));
  CHECK(key.kind == ErrorKind::authentication);
  CHECK(key.provider == "ernie");
  CHECK_THAT(key.what, Catch::Contains("unknown client id") && Catch::Contains("api_key"));
  const ModelConfig wrong =
      ModelConfig().base_url(server.server().url()).api_key(ErnieServer::application_key());
  ModelConfig secret = wrong;
  const Outcome other = test::invoke(
      chat_model("ernie:ERNIE-4.0-8K", secret.secret_key("SK_WRONG_0123")), test::once(runtime));
  CHECK(other.kind == ErrorKind::authentication);
  CHECK_THAT(other.what, Catch::Contains("secret_key") && !Catch::Contains("SK_WRONG"));
  CHECK(chats(server) == 0);
}

TEST_CASE("ernie engine: requests signed by the IAM pair") {
  ErnieServer server;
  Runtime runtime;
  for (const char* name : {"ernie:ERNIE-4.0-8K", "ernie:a b/c"}) {
    const Outcome out =
        test::stream(chat_model(name, server.signing_config()), test::once(runtime));
    INFO(out.what);
    CHECK(out.ok);
  }
  CHECK(server.seen().model == "a%20b%2Fc");
  CHECK(server.tokens_given() == 0);
  const Outcome wrong = test::invoke(
      chat_model("ernie:ERNIE-4.0-8K", server.signing_config().option("iam_secret_key", "wrong")),
      test::once(runtime));
  CHECK(wrong.kind == ErrorKind::authentication);
  CHECK_THAT(wrong.what, Catch::Contains("signature not match"));
}

TEST_CASE("ernie engine: neither keys nor tokens show in errors and events") {
  ErnieServer server;
  Runtime runtime;
  const auto recorder = std::make_shared<test::Recorder>();
  const Context context = Context::root().with(runtime).with_handler(recorder).with_tries(2);
  const ChatModel model = oauth_model(server);
  REQUIRE(test::invoke(model, context).ok);
  server.refuse_all_tokens(true);
  server.expire_tokens();
  std::string shown;
  const auto note = [&shown](const Outcome& out) {
    CHECK_FALSE(out.ok);
    shown += out.what + out.body;
  };
  note(test::invoke(model, context));
  note(test::stream(model, context));
  server.refuse_all_tokens(false);
  server.deliver([](Reply& reply) { reply = Reply::nothing(test::Ending::reset); });
  note(test::invoke(oauth_model(server), context));
  note(test::invoke(server.model_with_wrong_key(), context));
  shown += recorder->text();
  for (const char* secret : {"24.simulated", "24.%", "simulated%2B", "SK_EXAMPLE", "AK_EXAMPLE"}) {
    INFO(shown);
    CHECK(shown.find(secret) == std::string::npos);
  }
}

TEST_CASE("ernie engine: a broken answer to the request for a token is not quoted") {
  test::RawServer server({Reply::json(200, R"({"access_token":"24.secret-token-0123","expi)")});
  Runtime runtime;
  const Outcome out =
      test::invoke(chat_model("ernie:ERNIE-4.0-8K", test::ernie_v1_keys().base_url(server.url())),
                   test::once(runtime));
  CHECK(out.kind == ErrorKind::server);
  CHECK_THAT(out.what, Catch::Contains("holds no token") && !Catch::Contains("secret-token"));
  CHECK(out.body.empty());
}

TEST_CASE("ernie engine: embeddings in order, 16 texts a request; text completions") {
  ErnieServer server;
  Runtime runtime;
  std::vector<std::string> texts;
  for (int i = 0; i < 40; ++i) texts.push_back("text " + std::to_string(i));
  const auto rows = server.embeddings()->embed_documents(texts, test::once(runtime));
  REQUIRE(rows.size() == 40);
  for (std::size_t i = 0; i < rows.size(); ++i) CHECK(rows[i] == test::embed(texts[i], 384));
  CHECK(server.server().requests().size() == 4);

  const TextModel model = text_model("ernie:SQLCoder-7B", server.oauth_config());
  CHECK(model.invoke("SELECT", test::once(runtime)) == "Hello, world");
  CHECK(server.refused().empty());
}

TEST_CASE("ernie engine: v2 exchanges the IAM pair for a bearer token, anew when it is refused") {
  int given = 0;
  test::Guarded<std::string> valid;
  test::RawServer server([&](const test::Request& request) {
    if (request.path() == "/v1/BCE-BEARER/token") {
      CHECK(request.method == "GET");
      CHECK(request.target == "/v1/BCE-BEARER/token?expireInSeconds=600");
      CHECK(request.header("Authorization").rfind("bce-auth-v1/ALTAK/", 0) == 0);
      valid.set("bce-v3/ALTAK/" + std::to_string(++given));
      Json reply = Json::parse(test::wire("baidu/iam_bearer_token_response.json"));
      return Reply::json(200, reply.set("token", Json(valid.get())).dump());
    }
    if (request.header("Authorization") == "Bearer " + valid.get())
      return Reply::json(200, test::wire("baidu/v2_response.json"));
    return Reply::json(401, Json::parse(test::wire("baidu/v2_error.json"))[1]["body"].dump());
  });
  Runtime runtime;
  const ChatModel model = chat_model("ernie:ernie-4.0-8k", ModelConfig()
                                                               .base_url(server.url())
                                                               .api_version("v2")
                                                               .option("iam_url", server.url())
                                                               .option("bearer_seconds", "600")
                                                               .option("iam_access_key", "ALTAK")
                                                               .option("iam_secret_key", "S"));
  CHECK(test::invoke(model, test::once(runtime)).message.text() == "你好！");
  CHECK(test::invoke(model, test::once(runtime)).ok);
  CHECK(server.requests().size() == 3);
  valid.set("another");
  const Outcome again = test::invoke(model, test::once(runtime));
  INFO(again.what);
  CHECK(again.ok);
  CHECK(server.requests().size() == 6);
  CHECK(server.problems().empty());
}

}  // namespace
}  // namespace lian
