// The run tree of a recorded agent, over and over, whatever its tools take.
#include <algorithm>
#include <atomic>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "lian/agent/agent.hpp"
#include "lian/agent/tool_function.hpp"
#include "lian/callback/custom_event.hpp"
#include "lian/callback/trace_handler.hpp"
#include "lian/core/parallel.hpp"
#include "lian/core/pipe.hpp"
#include "lian/core/sleep.hpp"
#include "lian/model/output_parser.hpp"
#include "lian/testing/recording.hpp"
#include "support/catch.hpp"
#include "testing/recording_support.hpp"

using Catch::Matchers::ContainsSubstring;
using lian::Context;
using lian::Json;
using lian::Task;
using lian::Tool;
using lian::ToolOptions;
using lian::test::openai;
using lian::test::OpenAiServer;
using lian::test::read_file;
using lian::test::TempFolder;
using lian::testing::Recording;

namespace {

#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
constexpr int replays = 100;
#else
constexpr int replays = 1000;
#endif

std::chrono::microseconds some_time() {
  static std::atomic<unsigned> seed{1};
  std::minstd_rand random(seed.fetch_add(7919));
  return std::chrono::microseconds(random() % 500);
}

Task<std::string> slow_tool(std::string city, Context context) {
  lian::Sleep first = lian::sleep(some_time());
  co_await first;
  lian::dispatch_custom_event("asked", city, context);
  lian::Sleep second = lian::sleep(some_time());
  co_await second;
  co_return "sunny in " + city;
}

Task<std::string> failing_tool(std::string city) {
  lian::Sleep sleeping = lian::sleep(some_time());
  co_await sleeping;
  throw lian::Error(lian::ErrorKind::tool, "no map of " + city);
}

const auto shout = lian::step([](std::string text) { return text + "!"; }, "shout");

std::vector<Tool> tools() {
  return {
      lian::tool("weather", "The weather.", slow_tool, {"city"}),
      lian::tool("map", "A map.", failing_tool, {"city"}),
      lian::tool("greet", "Greets.", [](std::string city) { return shout.invoke(city); }, {"city"}),
      lian::tool(
          "read", "Reads.",
          [](std::string city) {
            std::this_thread::sleep_for(some_time());
            return shout.invoke("read " + city);
          },
          {"city"}, ToolOptions().blocking())};
}

void script(OpenAiServer& server) {
  server.set_tool_calls({{"weather", R"({"city":"Paris"})"},
                         {"map", R"({"city":"Oslo"})"},
                         {"weather", R"({"city":"Rome"})"},
                         {"greet", R"({"city":"Bonn"})"},
                         {"read", R"({"city":"Kiel"})"},
                         {"weather", R"({"city":"Paris"})"}});
  server.set_answer("Sunny, mostly.");
}

// One run, whole or streamed; gives its trace.
std::string traced(Recording& recording, const std::string& url, bool stream,
                   const std::string& path) {
  const auto agent = lian::create_tool_calling_agent(openai(url), tools());
  const Context context =
      recording.context().with_handler(std::make_shared<lian::TraceHandler>(path));
  if (stream)
    for (auto& piece : agent.stream("The weather?", context)) static_cast<void>(piece);
  else
    agent.invoke("The weather?", context);
  return read_file(path);
}

void replay_many(bool stream, int times) {
  const TempFolder files;
  auto server = std::make_unique<OpenAiServer>();
  script(*server);
  const std::string url = server->url();
  std::string first;
  {
    Recording recording(files.path("a.jsonl"));
    first = traced(recording, url, stream, files.path("first.jsonl"));
    recording.save();
  }
  CHECK(server->refused().empty());
  server.reset();
  CHECK(std::count(first.begin(), first.end(), '\n') == 11);
  for (int i = 0; i < times; ++i) {
    Recording replay(files.path("a.jsonl"));
    const std::string path = files.path("again.jsonl");
    const std::string again = traced(replay, url, stream, path);
    std::filesystem::remove(path);
    INFO("replay " << i << ": " << replay.diverged());
    REQUIRE(again == first);
    REQUIRE(replay.diverged().empty());
    REQUIRE(replay.unused() == 0);
  }
}

Task<std::string> delayed(std::string text) {
  lian::Sleep sleeping = lian::sleep(some_time());
  co_await sleeping;
  co_return text;
}

}  // namespace

TEST_CASE("replay: an agent with parallel tools, 1,000 times the same trace") {
  replay_many(false, replays);
}

TEST_CASE("replay: an agent that streams, 1,000 times the same trace") {
  replay_many(true, replays);
}

TEST_CASE("replay: branches that stream side by side keep their recorded order") {
  const TempFolder files;
  auto server = std::make_unique<OpenAiServer>();
  server->set_pieces({"a ", "b ", "c ", "d ", "e"});
  const std::string url = server->url();
  const auto run = [&](Recording& recording, const std::string& path) {
    const auto branch = lian::step(delayed, "delayed") | openai(url) | lian::StrOutputParser();
    const auto both = lian::parallel(lian::key<"x"> = branch, lian::key<"y"> = branch,
                                     lian::key<"z"> = lian::step(delayed, "late"));
    const Context context =
        recording.context().with_handler(std::make_shared<lian::TraceHandler>(path));
    auto pieces = both.stream("hi", context);
    while (pieces.next()) continue;
    const std::string text = read_file(path);
    std::filesystem::remove(path);
    return text;
  };
  std::string first;
  {
    Recording recording(files.path("a.jsonl"));
    first = run(recording, files.path("trace.jsonl"));
  }
  server.reset();
  for (int i = 0; i < 100; ++i) {
    Recording replay(files.path("a.jsonl"));
    const std::string again = run(replay, files.path("trace.jsonl"));
    INFO(replay.diverged());
    REQUIRE(again == first);
  }
}

TEST_CASE("replay: the first error ends the others where it did") {
  const TempFolder files;
  const auto fails = lian::step(failing_tool, "fails");
  const auto counts = lian::step(
      [](std::string text, Context context) -> Task<std::string> {
        for (int i = 0; i < 20; ++i) {
          Task<std::string> one = shout.ainvoke(std::to_string(i), context);
          static_cast<void>(co_await std::move(one));
          lian::Sleep sleeping = lian::sleep(std::chrono::microseconds(100));
          co_await sleeping;
        }
        co_return text;
      },
      "counts");
  const auto both = lian::parallel(lian::key<"a"> = fails, lian::key<"b"> = counts);
  const auto run = [&](Recording& recording, const std::string& path) {
    const Context context =
        recording.context().with_handler(std::make_shared<lian::TraceHandler>(path));
    CHECK_THROWS_AS(both.invoke("hi", context), lian::Error);
    const std::string text = read_file(path);
    std::filesystem::remove(path);
    return text;
  };
  std::string first;
  {
    Recording recording(files.path("a.jsonl"));
    first = run(recording, files.path("trace.jsonl"));
  }
  for (int i = 0; i < 200; ++i) {
    Recording replay(files.path("a.jsonl"));
    const std::string again = run(replay, files.path("trace.jsonl"));
    INFO(replay.diverged());
    REQUIRE(again == first);
  }
}

TEST_CASE("replay: another program goes its own way and is told where") {
  const TempFolder files;
  const auto chain = shout | shout;
  {
    Recording recording(files.path("a.jsonl"));
    chain.invoke("x", recording.context());
  }
  Recording same(files.path("a.jsonl"));
  CHECK(chain.invoke("x", same.context()) == "x!!");
  CHECK(same.diverged().empty());
  Recording replay(files.path("a.jsonl"));
  const auto whisper = lian::step([](std::string text) { return text + "."; }, "whisper");
  CHECK((shout | whisper | shout).invoke("x", replay.context()) == "x!.!");
  CHECK_THAT(replay.diverged(),
             ContainsSubstring("the start of function whisper in chain was not recorded; 'start' of "
                               "function shout was to come"));
}

TEST_CASE("replay: more or other warnings and custom events are no other way") {
  const TempFolder files;
  const auto tells = [](std::string what) {
    return lian::step(
        [what](std::string text) {
          lian::dispatch_custom_event("note", what);
          if (what == "second") Context().warn("tells", "one more");
          return text;
        },
        "tells");
  };
  {
    Recording recording(files.path("a.jsonl"));
    tells("first").invoke("x", recording.context());
  }
  Recording replay(files.path("a.jsonl"));
  CHECK(tells("second").invoke("x", replay.context()) == "x");
  CHECK(replay.diverged().empty());
}

TEST_CASE("replay: retries draw the recorded random numbers") {
  const TempFolder files;
  OpenAiServer server;
  const auto run = [&](Recording& recording, const std::string& path) {
    const Context context =
        recording.context().with_handler(std::make_shared<lian::TraceHandler>(path));
    openai(server.url(), "fail-503-1-none").invoke("x", context);
    return read_file(path);
  };
  std::string first;
  {
    Recording recording(files.path("a.jsonl"));
    first = run(recording, files.path("first.jsonl"));
  }
  CHECK_THAT(first, ContainsSubstring("next try in"));
  Recording replay(files.path("a.jsonl"));
  CHECK(run(replay, files.path("again.jsonl")) == first);
}
