#include "lian/callback/trace_handler.hpp"

#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "data/temp_folder.hpp"
#include "lian/agent/agent.hpp"
#include "lian/agent/tool_function.hpp"
#include "lian/callback/custom_event.hpp"
#include "lian/core/parallel.hpp"
#include "lian/core/pipe.hpp"
#include "lian/core/sleep.hpp"
#include "lian/model/output_parser.hpp"
#include "lian/testing/scripted_chat_model.hpp"
#include "support/catch.hpp"

using Catch::Matchers::ContainsSubstring;
using lian::Context;
using lian::Error;
using lian::ErrorKind;
using lian::Json;
using lian::TraceHandler;
using lian::TraceOptions;
using lian::testing::ScriptedChatModel;
using lian::testing::ScriptedReply;

namespace {

// A trace in a folder of its own.
class Trace {
 public:
  explicit Trace(TraceOptions options = TraceOptions()) {
    handler = std::make_shared<TraceHandler>(path(), options);
  }
  std::string path() const { return folder_.path("trace.jsonl"); }
  Context context() const { return Context().with_handler(handler); }
  std::string text() const {
    std::ifstream file(path());
    std::stringstream all;
    all << file.rdbuf();
    return all.str();
  }
  std::vector<Json> lines() const {
    std::istringstream all(text());
    std::vector<Json> parsed;
    for (std::string line; std::getline(all, line);) parsed.push_back(Json::parse(line));
    return parsed;
  }
  std::shared_ptr<TraceHandler> handler;

 private:
  lian::test::TempFolder folder_;
};

std::string text_of(const Json& line, const char* member) {
  return line[member].is_string() ? std::string(line[member].as_string()) : std::string();
}

lian::Tool doubling() {
  return lian::tool("double", "Doubles a number.", [](int number) { return 2 * number; },
                    {"number"});
}

lian::Task<std::string> slow(std::string text) {
  lian::Sleep sleeping = lian::sleep(std::chrono::milliseconds(2));
  co_await sleeping;
  co_return text;
}

}  // namespace

TEST_CASE("trace handler: a root's tree, depth first, siblings in call order") {
  const auto slow_one = lian::step(slow, "slow");
  const auto quick = lian::step([](std::string text) { return text; }, "quick");
  const auto both = lian::parallel(lian::key<"a"> = slow_one | quick, lian::key<"b"> = quick);
  Trace trace;
  both.invoke("x", trace.context().with_tag("t").with_metadata("user", "lin"));
  const std::vector<Json> lines = trace.lines();
  REQUIRE(lines.size() == 4);
  const std::string root = text_of(lines[0], "id");
  CHECK(text_of(lines[0], "kind") == "chain");
  CHECK_FALSE(lines[0].contains("parent_id"));
  CHECK(text_of(lines[0], "outputs") == "a: x\nb: x");
  CHECK(text_of(lines[1], "name") == "slow");
  CHECK(text_of(lines[2], "name") == "quick");
  CHECK(text_of(lines[3], "name") == "quick");
  for (const Json& line : lines) {
    CHECK(text_of(line, "trace_id") == root);
    CHECK(text_of(line, "dotted_order").ends_with(text_of(line, "id")));
    CHECK(text_of(line, "start") <= text_of(line, "end"));
    CHECK(line["tags"].dump() == R"(["t"])");
    CHECK(line["metadata"].dump() == R"({"user":"lin"})");
  }
  for (std::size_t i = 1; i < 4; ++i) {
    CHECK(text_of(lines[i], "parent_id") == root);
    CHECK(text_of(lines[i], "dotted_order").starts_with(text_of(lines[0], "dotted_order") + "."));
    CHECK(text_of(lines[i], "inputs") == "x");
    CHECK(text_of(lines[i], "outputs") == "x");
  }
  CHECK(trace.handler->open_runs() == 0);
}

TEST_CASE("trace handler: pieces, usage, events and errors") {
  const ScriptedChatModel model({ScriptedReply("").call("double", R"({"number": 4})", "c1"),
                                 ScriptedReply("It is 8.").usage(10, 4),
                                 ScriptedReply(Error(ErrorKind::server, "down"))});
  const auto agent = lian::create_tool_calling_agent(model, {doubling()});
  Trace trace;
  for (auto& piece : agent.stream("twice 4?", trace.context())) static_cast<void>(piece);
  const auto fails = lian::step(
      [&](std::string text) {
        Context().warn("fails", "look out");
        lian::dispatch_custom_event("note", text);
        return model.invoke(text).text();
      },
      "fails");
  CHECK_THROWS_AS(fails.invoke("x", trace.context()), Error);
  const std::vector<Json> lines = trace.lines();
  REQUIRE(lines.size() == 6);
  CHECK(text_of(lines[0], "kind") == "agent");
  CHECK(text_of(lines[0], "outputs") == "It is 8.");
  CHECK(text_of(lines[0]["events"][0], "event") == "agent_action");
  CHECK(text_of(lines[0]["events"][0], "data") == R"(double({"number": 4}))");
  CHECK(text_of(lines[1], "inputs") == "user: twice 4?");
  CHECK(text_of(lines[2], "kind") == "tool");
  CHECK(text_of(lines[2], "outputs") == "tool: 8");
  CHECK(text_of(lines[3], "inputs") ==
        "user: twice 4?\nassistant:  [double({\"number\": 4})]\ntool: 8");
  CHECK(lines[3]["pieces"].dump() == R"(["It"," is"," 8.",""])");
  CHECK(lines[3]["usage"]["total_tokens"].as_int() == 14);
  CHECK(text_of(lines[4]["events"][0], "message") == "look out");
  CHECK(lines[4]["warnings"].as_int() == 1);
  CHECK(text_of(lines[4]["events"][1], "name") == "note");
  CHECK(text_of(lines[4]["error"], "kind") == "server");
  CHECK(text_of(lines[5]["error"], "kind") == "server");
  CHECK_THAT(text_of(lines[5]["error"], "message"), ContainsSubstring("down"));
  CHECK(trace.handler->open_runs() == 0);
}

TEST_CASE("trace handler: no contents when not wanted") {
  const auto shout = lian::step(
      [](std::string text) -> std::string {
        Context().warn("shout", "private " + text);
        throw Error(ErrorKind::tool, "private " + text);
      },
      "shout");
  Trace trace(TraceOptions().contents(false));
  CHECK_THROWS(shout.invoke("private", trace.context()));
  CHECK(trace.text().find("private") == std::string::npos);
  CHECK(text_of(trace.lines().at(0)["error"], "kind") == "tool");
}

TEST_CASE("trace handler: credentials are removed everywhere, across pieces too") {
  const std::string key = "sk-abcdefghijklmnopqrstuvwxyz012345";
  const ScriptedChatModel model(
      {ScriptedReply("the key is " + key)
           .pieces({"the key is sk-abcdefghijkl", "mnopqrstuvwxyz012345"}),
       ScriptedReply(Error(ErrorKind::server, "no " + key))});
  Trace trace;
  const Context context = trace.context()
                              .with_tag(key)
                              .with_metadata("access_token", "24.cafe")
                              .with_metadata("note", "Bearer abcdef.ghijkl");
  for (auto& piece : model.stream("my key: " + key, context)) static_cast<void>(piece);
  CHECK_THROWS(model.invoke(key, context));
  const auto tells = lian::step(
      [&](std::string text) {
        Context().warn("tells", key);
        lian::dispatch_custom_event("note", key);
        return text;
      },
      "tells");
  tells.invoke(key, context);
  const std::string text = trace.text();
  for (const char* secret : {"abcdefghijkl", "mnopqrstuvwxyz", "24.cafe", "abcdef.ghijkl"})
    CHECK(text.find(secret) == std::string::npos);
  CHECK_THAT(text, ContainsSubstring("the key is [redacted]"));
}

TEST_CASE("trace handler: fields are cut at a character, runs are counted beyond the limit") {
  std::string input;
  while (input.size() < 300) input += "链";
  const auto inner = lian::step([](std::string text) { return text; }, "inner");
  const auto outer = lian::step(
      [&](std::string text) {
        for (int i = 0; i < 5; ++i) inner.invoke("x");
        return text;
      },
      "outer");
  Trace trace(TraceOptions().max_field_bytes(100).max_runs(3));
  outer.invoke(input, trace.context());
  const std::vector<Json> lines = trace.lines();
  REQUIRE(lines.size() == 3);
  CHECK(text_of(lines[0], "inputs").size() == 99 + 3);
  CHECK(text_of(lines[0], "inputs").ends_with("链…"));
  CHECK(lines[0]["runs_dropped"].as_int() == 3);
  CHECK(trace.handler->open_runs() == 0);
}

TEST_CASE("trace handler: a dropped stream is a cancelled run and leaves nothing in memory") {
  const ScriptedChatModel model({ScriptedReply("a b c d e")}, true);
  const auto chain = model | lian::StrOutputParser();
  Trace trace;
  for (int i = 0; i < 100; ++i) {
    auto stream = chain.stream("x", trace.context());
    stream.begin();
  }
  CHECK(trace.handler->open_runs() == 0);
  const std::vector<Json> lines = trace.lines();
  REQUIRE_FALSE(lines.empty());
  for (const Json& line : lines) CHECK(text_of(line["error"], "kind") == "cancelled");
}

TEST_CASE("trace handler: many threads, whole trees") {
  const auto inner = lian::step([](std::string text) { return text; }, "inner");
  const auto outer = lian::step([&](std::string text) { return inner.invoke(text); }, "outer");
  Trace trace;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < 50; ++i) outer.invoke("x", trace.context());
    });
  for (std::thread& thread : threads) thread.join();
  const std::vector<Json> lines = trace.lines();
  REQUIRE(lines.size() == 400);
  for (std::size_t i = 0; i < lines.size(); i += 2) {
    CHECK(text_of(lines[i], "name") == "outer");
    CHECK(text_of(lines[i + 1], "parent_id") == text_of(lines[i], "id"));
  }
}

TEST_CASE("trace handler: a file that cannot be opened is an error, one that fails a warning") {
  CHECK_THROWS_AS(TraceHandler("/nowhere/trace.jsonl"), Error);
  struct Warnings : lian::Handler {
    void on_event(const lian::Event& event) override {
      if (event.type == lian::EventType::warning) text += event.message;
    }
    std::string text;
  };
  const auto full = std::make_shared<TraceHandler>("/dev/full");
  const auto warnings = std::make_shared<Warnings>();
  const auto shout = lian::step([](std::string text) { return text + "!"; }, "shout");
  CHECK(shout.invoke("x", Context().with_handler(full).with_handler(warnings)) == "x!");
  CHECK_THAT(warnings->text, ContainsSubstring("the trace file /dev/full cannot be written"));
  CHECK(full->open_runs() == 0);
}
