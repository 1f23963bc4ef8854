// `chat`: sessions that last, commands, Ctrl-C in a reply, kills.
#include <signal.h>

#include <chrono>
#include <random>
#include <string>
#include <vector>

#include "data/temp_folder.hpp"
#include "examples/child.hpp"
#include "lian/core/utf8.hpp"
#include "lian/memory/chat_message_history.hpp"
#include "lian/memory/sqlite_chat_history_store.hpp"
#include "support/catch.hpp"
#include "support/openai_server.hpp"

using Catch::Matchers::ContainsSubstring;
using lian::Messages;
using lian::test::Child;
using lian::test::Environment;
using lian::test::Finished;
using lian::test::OpenAiServer;
using lian::test::Reply;
using lian::test::Request;

namespace {

class ChatWorld {
 public:
  static std::string program() { return LIAN_TEST_EXAMPLES "/chat"; }
  std::string store() const { return folder_.path("chat.db"); }
  void use(const OpenAiServer& server) {
    provider_ = {{"OPENAI_BASE_URL", server.url()}, {"OPENAI_API_KEY", OpenAiServer::key()}};
  }
  Environment environment() const {
    Environment all{{"XDG_DATA_HOME", folder_.path("data")},
                    {"OPENAI_API_KEY", ""},
                    {"OPENAI_BASE_URL", ""},
                    {"http_proxy", ""},
                    {"https_proxy", ""},
                    {"all_proxy", ""}};
    all.insert(all.end(), provider_.begin(), provider_.end());
    return all;
  }
  std::vector<std::string> with_store(std::vector<std::string> more) const {
    more.insert(more.end(), {"--store", store()});
    return more;
  }
  Finished chat(const std::string& input, std::vector<std::string> more = {}) const {
    return Child(program(), with_store(std::move(more)), environment(), input).finish();
  }
  Messages kept(const std::string& session = "default") const {
    const auto opened = std::make_shared<lian::SqliteChatHistoryStore>(store());
    return lian::ChatMessageHistory(opened, session).messages();
  }

 private:
  lian::test::TempFolder folder_;
  Environment provider_;
};

// The last number that was acknowledged.
std::size_t acknowledged(const std::string& err) {
  const std::size_t end = err.rfind(" messages kept]\n");
  if (end == err.npos) return 0;
  const std::size_t begin = err.rfind('[', end);
  return std::stoul(err.substr(begin + 1, end - begin - 1));
}

std::string lines_from(std::size_t first, std::size_t count) {
  std::string input;
  for (std::size_t i = first; i < first + count; ++i) input += "line " + std::to_string(i) + "\n";
  return input;
}

void check_lines(const Messages& messages) {
  REQUIRE(messages.size() % 2 == 0);
  for (std::size_t i = 0; i < messages.size(); i += 2) {
    CHECK(messages[i] == lian::user("line " + std::to_string(i / 2)));
    CHECK(messages[i + 1].role == lian::Role::assistant);
    CHECK_FALSE(messages[i + 1].text().empty());
  }
}

}  // namespace

TEST_CASE("chat: a session is kept, and goes on in the next run") {
  ChatWorld world;
  OpenAiServer server;
  server.set_answer("好的 👋, {noted}");
  world.use(server);
  const std::vector<std::string> model{"--model", "openai:gpt-4o-mini", "--system", "Be {brief}."};
  const Finished first = world.chat("你好 {name}\n\n   \n//etc\r\n", model);
  INFO(first.err);
  CHECK(first.exit_code == 0);
  CHECK(first.out == "好的 👋, {noted}\n好的 👋, {noted}\n");
  CHECK(first.err == "[2 messages kept]\n[4 messages kept]\n");
  const Finished second = world.chat("still there?", model);  // no line end
  CHECK(second.exit_code == 0);
  CHECK(acknowledged(second.err) == 6);
  const auto sent = server.last_body().at("messages");
  REQUIRE(sent.size() == 6);
  CHECK(sent[0].at("content") == "Be {brief}.");
  CHECK(sent[1].at("content") == "你好 {name}");
  CHECK(sent[2].at("content") == "好的 👋, {noted}");
  CHECK(sent[3].at("content") == "/etc");
  CHECK(sent[5].at("content") == "still there?");
  CHECK(server.last_body().at("stream") == true);
  CHECK(server.refused().empty());
}

TEST_CASE("chat: the offline model needs nothing, the store lies in the data folder") {
  ChatWorld world;
  const Finished run = Child(ChatWorld::program(), {}, world.environment(), "hello\n").finish();
  CHECK(run.exit_code == 0);
  CHECK_THAT(run.out, ContainsSubstring("offline"));
  const Finished again =
      Child(ChatWorld::program(), {}, world.environment(), "/history\n").finish();
  CHECK_THAT(again.out, ContainsSubstring("you: hello\nmodel: I am lian's offline model"));
}

TEST_CASE("chat: commands") {
  const ChatWorld world;
  const Finished run = world.chat(
      "one\n/new second\ntwo\nthree\n/sessions\n/use default\n/history\n/history 1\n/clear\n"
      "/history\n/new\nfour\n/help\n/quit\nnever said\n");
  INFO(run.out << run.err);
  CHECK(run.exit_code == 0);
  CHECK_THAT(run.out, ContainsSubstring("session second: 0 messages"));
  CHECK_THAT(run.out, ContainsSubstring("* second  4 messages, 20") &&
                          ContainsSubstring("\n  default  2 messages, 20"));
  CHECK_THAT(run.out, ContainsSubstring("session default: 2 messages\nyou: one\nmodel: I am"));
  CHECK_THAT(run.out, ContainsSubstring("/sessions        list"));
  CHECK(world.kept("default").empty());
  CHECK(world.kept("second").size() == 4);
  const Finished other = world.chat("/history\n", {"--session", "second"});
  CHECK_THAT(other.out, ContainsSubstring("you: two") && ContainsSubstring("you: three"));
}

TEST_CASE("chat: what is wrong is told, and the talk goes on") {
  ChatWorld world;
  const Finished run = world.chat("/bogus\n/history x\n/use\n/new here\nhi\n/new here\n\xff\xfe\n" +
                                  std::string(100000, 'x') + "\nhello\n");
  INFO(run.err);
  CHECK(run.exit_code == 1);
  CHECK_THAT(run.err, ContainsSubstring("no command \"/bogus\"; /help"));
  CHECK_THAT(run.err, ContainsSubstring("\"x\" is no number"));
  CHECK_THAT(run.err, ContainsSubstring("there is a session \"here\""));
  CHECK_THAT(run.err, ContainsSubstring("not UTF-8"));
  CHECK_THAT(run.err, ContainsSubstring("--context-tokens"));
  CHECK(world.kept("here").size() == 4);
  CHECK(world.chat("", {"--no-such-option"}).exit_code == 2);
  const Finished foreign =
      Child(ChatWorld::program(), {"--store", ChatWorld::program()}, world.environment(), "hi\n")
          .finish();
  CHECK(foreign.exit_code == 1);
  CHECK_THAT(foreign.err, ContainsSubstring("not an SQLite database"));
}

TEST_CASE("chat: a reply that is cut is an error, and nothing of it is kept") {
  ChatWorld world;
  OpenAiServer server;
  server.set_answer("The reply that never ends well.");
  world.use(server);
  const Finished run = world.chat("hi\nhi\n", {"--model", "openai:stream-cut"});
  INFO(run.err);
  CHECK(run.exit_code == 1);
  CHECK(run.err.find("kept]") == run.err.npos);
  CHECK(world.kept().empty());
}

TEST_CASE("chat: Ctrl-C ends the reply and not the program") {
  ChatWorld world;
  OpenAiServer server;
  server.set_answer("The reply that never ends.");
  world.use(server);
  Child child(ChatWorld::program(), world.with_store({"--model", "openai:stream-stall"}),
              world.environment(), "hi\n/new next\n/sessions\n/quit\n");
  REQUIRE(child.wait_for_output("The reply"));
  child.signal(SIGINT);
  const Finished run = child.finish();
  INFO(run.err);
  CHECK(run.exit_code == 0);
  CHECK(run.signal == 0);
  CHECK_THAT(run.err, ContainsSubstring("stopped; nothing of this turn is kept"));
  CHECK_THAT(run.out, ContainsSubstring("session next: 0 messages"));
  CHECK(world.kept().empty());
}

TEST_CASE("chat: every reply can be ended by Ctrl-C, and the next one goes on") {
  ChatWorld world;
  OpenAiServer server;
  server.set_answer("A whole reply.");
  std::size_t asked = 0;
  server.set_hook([&asked](const Request&, const nlohmann::json&) {
    return ++asked <= 2 ? std::optional<Reply>(Reply::nothing(lian::test::Ending::stall))
                        : std::nullopt;
  });
  world.use(server);
  Child child(ChatWorld::program(), world.with_store({"--model", "openai:gpt-4o-mini"}),
              world.environment(), "/new a\none\n/new b\ntwo\n/new c\nthree\n");
  for (const std::string& session : {std::string("a"), std::string("b")}) {
    REQUIRE(child.wait_for_output("session " + session + ":"));
    while (server.requests().size() < (session == "a" ? 1 : 2)) continue;  // it waits for the reply
    child.signal(SIGINT);
  }
  const Finished run = child.finish();
  INFO(run.out << run.err);
  CHECK(run.exit_code == 0);
  CHECK_THAT(run.out, ContainsSubstring("A whole reply.\n"));
  CHECK(world.kept("c").size() == 2);
  CHECK(world.kept("a").empty());
}

TEST_CASE("chat: killed at any moment it has lost nothing it had acknowledged") {
  const ChatWorld world;
  std::mt19937 random(20261125);
  std::size_t stored = 0;
  for (int round = 0; round < 15; ++round) {
    Child child(ChatWorld::program(), world.with_store({}), world.environment(),
                lines_from(stored / 2, 500));
    REQUIRE(child.wait_for_output("offline"));
    const auto until =
        std::chrono::steady_clock::now() + std::chrono::microseconds(random() % 40000);
    while (std::chrono::steady_clock::now() < until) continue;
    child.signal(SIGKILL);
    const Finished run = child.finish();
    CHECK(run.signal == SIGKILL);
    const Messages kept = world.kept();
    INFO(round << ": " << stored << " before, acknowledged " << acknowledged(run.err));
    check_lines(kept);
    CHECK(kept.size() >= acknowledged(run.err));
    CHECK(kept.size() <= std::max(stored, acknowledged(run.err)) + 2);
    stored = kept.size();
  }
  CHECK(stored > 15);
  const Finished run = world.chat(lines_from(stored / 2, 1));
  CHECK(acknowledged(run.err) == stored + 2);
}
