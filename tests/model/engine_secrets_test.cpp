// Where a model is and as whom it is called: what is refused, and what never shows.
#include "lian/model/embedding_model.hpp"
#include "model/engine_support.hpp"
#include "support/catch.hpp"

namespace lian {
namespace {

using test::Ending;
using test::Outcome;
using test::RawServer;
using test::Reply;
using test::Request;
using test::ServerOptions;

std::string refusal(const std::string& name, const ModelConfig& config) {
  try {
    chat_model(name, config);
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::invalid_request);
    return error.what();
  }
  return {};
}

TEST_CASE("engine: what could end a header is refused when the model is made") {
  const auto at = [](std::string url) {
    return ModelConfig().api_key("k").base_url(std::move(url));
  };
  const std::string url = "http://127.0.0.1:9/v1";
  for (const std::string& text :
       {std::string("a\r\nX: y"), std::string("a\n"), std::string("a\0b", 3)}) {
    CHECK_FALSE(refusal("openai:m", at(url).api_key("s3cr3t" + text)).empty());
    CHECK_THAT(refusal("openai:m", at(url).api_key("s3cr3t" + text)), !Catch::Contains("s3cr3t"));
    CHECK_FALSE(refusal("openai:" + text, at(url)).empty());
    CHECK_FALSE(refusal("openai:m", at(url + text)).empty());
    CHECK_THROWS_AS(ModelConfig().header("X-A", text), Error);
    CHECK_THROWS_AS(ModelConfig().header("X" + text, "v"), Error);
    CHECK_THROWS_AS(embedding_model("openai:m", at(url).api_key(text)), Error);
  }
  for (const char* bad : {"http://user:s3cr3t@127.0.0.1/v1", "http://s3cr3t@h/", "h/v1",
                          "ftp://h/v1", "http://h/v1?key=s3cr3t", "http://h/v1#x"}) {
    INFO(bad);
    CHECK_FALSE(refusal("openai:m", at(bad)).empty());
    CHECK_THAT(refusal("openai:m", at(bad)), !Catch::Contains("s3cr3t"));
  }
}

TEST_CASE("engine: a base URL may have a path, trailing slashes, a name, an IPv6 address") {
  RawServer server({Reply::json(200, test::small_json("hi"))});
  Runtime runtime;
  const std::string port = std::to_string(server.port());
  for (const auto& [url, path] : std::vector<std::pair<std::string, std::string>>{
           {server.url(), "/chat/completions"},
           {server.url() + "/", "/chat/completions"},
           {server.url() + "/a/b/v1//", "/a/b/v1/chat/completions"},
           {"http://localhost:" + port + "/v1", "/v1/chat/completions"}}) {
    INFO(url);
    CHECK(test::invoke(test::model_at(url), test::once(runtime)).ok);
    CHECK(server.requests().back().target == path);
  }
  const Outcome six =
      test::invoke(test::model_at("http://[::1]:" + std::to_string(test::closed_port()) + "/v1"),
                   test::once(runtime));
  CHECK(six.kind == ErrorKind::network);
  CHECK_THAT(six.what, Catch::Contains("[::1]:"));
}

TEST_CASE("engine: the key shows in no error, body or event, and goes to no other host") {
  const std::string key = "unusual-K3y-0123456789";
  RawServer other({Reply::json(200, test::small_json("hi"))});
  const std::string echo = R"({"error":{"message":"bad key )" + key + R"( given","type":"x"}})";
  RawServer server([&](const Request& request) {
    const std::string path = request.path();
    if (path.starts_with("/401")) return Reply::json(401, echo);
    if (path.starts_with("/500"))
      return Reply::json(500, "Bearer " + key).header("retry-after-ms", "1");
    if (path.starts_with("/302")) return Reply::http(302, {{"Location", other.url() + "/"}}, key);
    if (path.starts_with("/html"))
      return Reply::http(502, {{"Content-Type", "text/html"}}, key).header("retry-after-ms", "1");
    if (path.starts_with("/200")) return Reply::json(200, echo);
    if (path.starts_with("/bad")) return Reply::json(200, "{" + key);
    if (path.starts_with("/sse")) return Reply::events({test::small_events({"a"})[0], echo});
    return Reply::events({test::small_events({"a"})[0], "{" + key});
  });
  Runtime runtime;
  const auto recorder = std::make_shared<test::Recorder>();
  for (const char* path : {"/401", "/500", "/302", "/html", "/200", "/bad", "/sse", "/event"}) {
    for (const bool streamed : {false, true}) {
      const ChatModel model =
          chat_model("openai:m", ModelConfig().base_url(server.url() + path).api_key(key));
      const Context context = Context::root().with(runtime).with_handler(recorder);
      const Outcome out = streamed ? test::stream(model, context) : test::invoke(model, context);
      INFO(path << ": " << out.what);
      CHECK_FALSE(out.ok);
      CHECK(out.what.find(key) == std::string::npos);
      CHECK(out.body.find(key) == std::string::npos);
    }
  }
  CHECK(recorder->text().find(key) == std::string::npos);
  CHECK(server.requests().front().header("Authorization") == "Bearer " + key);
  CHECK(other.counts().accepted == 0);
}

TEST_CASE("engine: a stream over HTTP/2 and its cuts") {
  ServerOptions options;
  options.tls = options.http2 = true;
  test::Guarded<Reply> next;
  RawServer server([&](const Request&) { return next.get(); }, options);
  Runtime runtime(RuntimeOptions().ca_file(server.ca_file()));
  const Reply whole = Reply::events(test::small_events({"a", "链"}));
  const ChatModel model = test::model_at(server.url());
  next.set(whole);
  CHECK(test::stream(model, test::once(runtime)).message.text() == "a链");
  const std::size_t end = whole.body().size();
  for (const Ending how : {Ending::stream_reset, Ending::goaway, Ending::reset, Ending::close}) {
    for (std::size_t at = 0; at < end; at += 7) {
      next.set(Reply(whole).cut_body(at, how));
      const Outcome out = test::stream(model, test::once(runtime));
      INFO(at << " of " << end << ": " << out.what);
      CHECK_FALSE(out.ok);
    }
  }
  next.set(whole);
  CHECK(test::stream(model, Context::root().with(runtime)).ok);
}

TEST_CASE("engine: embeddings keep their order over batches, widths and encodings") {
  test::OpenAiServer provider;
  provider.set_dimensions(8);
  Runtime runtime;
  std::vector<std::string> texts;
  for (int i = 0; i < 53; ++i) texts.push_back("text " + std::to_string(i * i));
  texts[20] = std::string(200 << 10, 'a');
  texts[21] = std::string(100 << 10, 'b');  // does not fit into a request beside its neighbour
  const auto model = embedding_model(
      "openai:text-embedding-3-small",
      ModelConfig().base_url(provider.url()).api_key(test::OpenAiServer::key()).batch_size(10));
  const auto rows = model.embed_documents(texts, test::once(runtime));
  REQUIRE(rows.size() == texts.size());
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const std::vector<float> expected = test::embed(texts[i], 8);
    CHECK(rows[i] == expected);
  }
  CHECK(provider.requests().size() >= 6);
  for (const Request& request : provider.requests()) CHECK(request.body.size() < (300 << 10));
  CHECK(provider.server().counts().peak_open <= 4);
  CHECK(provider.refused().empty());

  const auto failing = embedding_model(
      "openai:fail-400",
      ModelConfig().base_url(provider.url()).api_key(test::OpenAiServer::key()).batch_size(10));
  const Outcome out =
      test::outcome_of([&](Outcome&) { failing.embed_documents(texts, test::once(runtime)); });
  CHECK(out.status == 400);
  CHECK(out.model == "fail-400");
}

}  // namespace
}  // namespace lian
