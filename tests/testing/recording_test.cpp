#include "lian/testing/recording.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "lian/core/http_transport.hpp"
#include "lian/model/registry.hpp"
#include "support/catch.hpp"
#include "support/openai_server.hpp"
#include "support/spark_server.hpp"
#include "testing/recording_support.hpp"

using Catch::Matchers::ContainsSubstring;
using lian::Error;
using lian::ErrorKind;
using lian::test::openai;
using lian::test::OpenAiServer;
using lian::test::read_file;
using lian::test::TempFolder;
using lian::testing::Recording;
using lian::testing::RecordingMode;

namespace {

std::string error_of(const std::function<void()>& run, ErrorKind kind) {
  try {
    run();
  } catch (const Error& error) {
    CHECK(error.kind() == kind);
    return error.what();
  }
  FAIL("nothing was thrown");
  return {};
}

std::string streamed(const lian::ChatModel& model, const std::string& question,
                     const lian::Context& context) {
  std::string all;
  for (auto& piece : model.stream(question, context)) all += "[" + piece.text + "]";
  return all;
}

}  // namespace

TEST_CASE("recording: records once, replays without a server") {
  const TempFolder files;
  auto server = std::make_unique<OpenAiServer>();
  const std::string url = server->url();
  std::string whole, pieces;
  {
    Recording recording(files.path("a.jsonl"));
    CHECK_FALSE(recording.replays());
    whole = openai(url).invoke("你好", recording.context()).text();
    pieces = streamed(openai(url), "stream", recording.context());
    recording.save();
  }
  server.reset();
  Recording replay(files.path("a.jsonl"));
  CHECK(replay.replays());
  CHECK(replay.unused() == 2);
  CHECK(openai(url).invoke("你好", replay.context()).text() == whole);
  CHECK(streamed(openai(url), "stream", replay.context()) == pieces);
  CHECK(replay.unused() == 0);
  CHECK(replay.diverged().empty());
}

TEST_CASE("recording: the file is lines to be read, without the key") {
  const TempFolder files;
  OpenAiServer server;
  {
    Recording recording(files.path("a.jsonl"), RecordingMode::record);
    openai(server.url()).invoke("my key is " + OpenAiServer::key(), recording.context());
  }
  const std::string text = read_file(files.path("a.jsonl"));
  CHECK(text.find(OpenAiServer::key()) == std::string::npos);
  CHECK_THAT(text, ContainsSubstring(R"(["authorization","[redacted]"])"));
  CHECK_THAT(text, ContainsSubstring("my key is [redacted]"));
  CHECK_THAT(text, ContainsSubstring(R"("body":{"json":{"model":"gpt-4o-mini","messages":[)"));
  CHECK(text.find("Idempotency-Key") == std::string::npos);
  Recording replay(files.path("a.jsonl"), RecordingMode::replay);
  lian::ModelConfig other;
  other.base_url(server.url()).api_key("another-key-than-before");
  CHECK_NOTHROW(lian::chat_model("openai:gpt-4o-mini", other)
                    .invoke("my key is another-key-than-before", replay.context()));
}

TEST_CASE("recording: what was not recorded is an error that tells the difference") {
  const TempFolder files;
  OpenAiServer server;
  {
    Recording recording(files.path("a.jsonl"));
    openai(server.url()).invoke("one", recording.context());
    openai(server.url()).invoke("a much longer question", recording.context());
  }
  const std::size_t asked = server.requests().size();
  Recording replay(files.path("a.jsonl"));
  const lian::ChatModel model = openai(server.url());
  CHECK_THAT(error_of([&] { model.invoke("two", replay.context()); }, ErrorKind::config),
             ContainsSubstring(R"($.messages[0].content is "two", recorded was "one")"));
  model.invoke("one", replay.context());
  CHECK_THAT(error_of([&] { model.invoke("one", replay.context()); }, ErrorKind::config),
             ContainsSubstring("it was recorded 1 time(s), and each was replayed"));
  CHECK_THAT(
      error_of(
          [&] { model.bind(lian::ChatOptions().temperature(0.5)).invoke("one", replay.context()); },
          ErrorKind::config),
      ContainsSubstring("$.temperature was not recorded"));
  CHECK_THAT(error_of([&] { openai("http://127.0.0.1:9/v1").invoke("one", replay.context()); },
                      ErrorKind::config),
             ContainsSubstring("the nearest is line"));
  CHECK(server.requests().size() == asked);
}

TEST_CASE("recording: equal requests get their replies in the recorded order") {
  const TempFolder files;
  OpenAiServer server;
  std::vector<std::string> texts;
  {
    Recording recording(files.path("a.jsonl"));
    for (const char* answer : {"first", "second", "third"}) {
      server.set_answer(answer);
      texts.push_back(openai(server.url()).invoke("same", recording.context()).text());
    }
  }
  Recording replay(files.path("a.jsonl"));
  for (const std::string& text : texts)
    CHECK(openai(server.url()).invoke("same", replay.context()).text() == text);
}

TEST_CASE("recording: errors and retries come again") {
  const TempFolder files;
  OpenAiServer server;
  const auto fails = [&](const lian::Context& context) {
    return error_of([&] { openai(server.url(), "fail-429-1").invoke("x", context.with_tries(1)); },
                    ErrorKind::rate_limited);
  };
  const auto retries = [&](const lian::Context& context) {
    return openai(server.url(), "fail-500-2").invoke("x", context).text();
  };
  std::string error, text;
  {
    Recording recording(files.path("a.jsonl"));
    error = fails(recording.context());
    text = retries(recording.context());
  }
  const std::size_t asked = server.requests().size();
  CHECK(asked == 4);
  Recording replay(files.path("a.jsonl"));
  CHECK(fails(replay.context()) == error);
  CHECK(retries(replay.context()) == text);
  CHECK(replay.unused() == 0);
  CHECK(server.requests().size() == asked);
}

TEST_CASE("recording: a connection that breaks and a stream that is cut come again") {
  const TempFolder files;
  OpenAiServer server;
  const auto run = [&](const lian::Context& context) {
    std::string all =
        error_of([&] { openai("http://127.0.0.1:9/v1").invoke("x", context.with_tries(1)); },
                 ErrorKind::network);
    try {
      streamed(openai(server.url(), "stream-cut"), "x", context.with_tries(1));
    } catch (const lian::Error& cut) {
      all += std::string(to_string(cut.kind())) + cut.what();
    }
    return all;
  };
  std::string first;
  {
    Recording recording(files.path("a.jsonl"));
    first = run(recording.context());
  }
  Recording replay(files.path("a.jsonl"));
  CHECK(run(replay.context()) == first);
}

TEST_CASE("recording: a stream that is dropped, in both") {
  const TempFolder files;
  OpenAiServer server;
  server.set_pieces({"a", "b", "c", "d"});
  const auto first_piece = [&](const lian::Context& context) {
    auto pieces = openai(server.url()).stream("x", context);
    return (*pieces.begin()).text;
  };
  std::string first;
  {
    Recording recording(files.path("a.jsonl"));
    first = first_piece(recording.context());
  }
  Recording replay(files.path("a.jsonl"));
  CHECK(first_piece(replay.context()) == first);
}

TEST_CASE("recording: WebSockets and signatures that change") {
  const TempFolder files;
  lian::test::SparkServer spark;
  const auto run = [&](const lian::Context& context) {
    return spark.model().invoke("你好", context).text() +
           streamed(spark.model(), "stream", context);
  };
  std::string first;
  {
    Recording recording(files.path("a.jsonl"));
    first = run(recording.context());
  }
  const std::string text = read_file(files.path("a.jsonl"));
  CHECK_THAT(text, ContainsSubstring("\"websocket\":true"));
  CHECK_THAT(text, ContainsSubstring("authorization=[redacted]"));
  Recording replay(files.path("a.jsonl"));
  CHECK(run(replay.context()) == first);
  CHECK(replay.unused() == 0);
}

TEST_CASE("recording: a cut or a foreign file is an error that names the line") {
  const TempFolder files;
  OpenAiServer server;
  {
    Recording recording(files.path("a.jsonl"));
    openai(server.url()).invoke("x", recording.context());
  }
  const std::string text = read_file(files.path("a.jsonl"));
  const auto load = [&](const std::string& content) {
    files.write("b.jsonl", content);
    return error_of([&] { Recording replay(files.path("b.jsonl")); }, ErrorKind::storage);
  };
  for (std::size_t size = 0; size < text.size(); ++size) {
    INFO(size);
    CHECK_THAT(load(text.substr(0, size)), ContainsSubstring("line "));
  }
  CHECK_THAT(load("hello\n"), ContainsSubstring("line 1: this is no recording"));
  CHECK_THAT(load("{\"a\":1}\n"), ContainsSubstring("line 1: this is no recording"));
  CHECK_THAT(load("{\"lian_recording\":99}\n"), ContainsSubstring("another version"));
  CHECK_THAT(load(text + "x\n"), ContainsSubstring("behind the last line"));
  const std::size_t second = text.find('\n') + 1;
  CHECK_THAT(load(text.substr(0, second) + "{\"request\":7}\n"), ContainsSubstring("line 2"));
  CHECK_THAT(error_of([&] { Recording(files.path("no.jsonl"), RecordingMode::replay); },
                      ErrorKind::storage),
             ContainsSubstring("no.jsonl"));
  Recording nowhere("/nowhere/a.jsonl");
  CHECK_THROWS_AS(nowhere.save(), Error);
}

TEST_CASE("recording: bytes that are not UTF-8 survive") {
  struct Bytes : lian::HttpTransport {
    lian::Task<lian::HttpResponse> send(lian::HttpRequest, lian::HttpLimits) override {
      lian::HttpHeaders headers;
      lian::Stream<std::string> chunks = body();
      co_return lian::HttpResponse(200, std::move(headers), std::move(chunks));
    }
    static lian::Stream<std::string> body() {
      std::string chunk("\xff\x00\xfe", 3);
      co_yield chunk;
      chunk = "text";
      co_yield chunk;
    }
  };
  const TempFolder files;
  const auto fetch = [](lian::Runtime& runtime) {
    lian::HttpRequest request;
    request.url = "https://example.com/";
    request.body = std::string("\xff\x01", 2);
    return lian::block_on(runtime.http().fetch(std::move(request), lian::HttpLimits()), runtime)
        .body;
  };
  {
    Recording recording(files.path("a.jsonl"), RecordingMode::record,
                        lian::RuntimeOptions().transport(std::make_shared<Bytes>()));
    CHECK(fetch(recording.runtime()).size() == 7);
  }
  Recording replay(files.path("a.jsonl"));
  CHECK(fetch(replay.runtime()) == std::string("\xff\x00\xfetext", 7));
}
