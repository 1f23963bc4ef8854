// The scripted chat model and the fake embeddings.
#include <chrono>
#include <cmath>
#include <string>
#include <vector>

#include "lian/testing/fake_embedding.hpp"
#include "lian/testing/scripted_chat_model.hpp"
#include "support/async.hpp"
#include "support/catch.hpp"

namespace lian {
namespace {

using testing::DeterministicFakeEmbedding;
using testing::ScriptedChatModel;
using testing::ScriptedReply;

std::vector<std::string> texts_of(const ChatModel& model) {
  std::vector<std::string> texts;
  auto pieces = model.stream("?");
  while (ChatPiece* piece = pieces.next())
    if (!piece->text.empty()) texts.push_back(piece->text);
  return texts;
}

AIMessage streamed(const ChatModel& model) {
  AIMessage message;
  auto pieces = model.stream("?");
  while (ChatPiece* piece = pieces.next()) append(message, std::move(*piece));
  finish(message);
  return message;
}

TEST_CASE("scripted model: replies in order, then an error or anew") {
  const ScriptedChatModel once({"one", "two"});
  CHECK(once.invoke("a").text() == "one");
  CHECK(once.invoke("b").text() == "two");
  CHECK(test::message_of([&] { once.invoke("c"); }) ==
        "scripted: the script has 2 replies, but the model was called 3 times");
  const ScriptedChatModel again({"one", "two"}, true);
  for (const char* text : {"one", "two", "one"}) CHECK(again.invoke("a").text() == text);
  CHECK(test::kind_of([] { ScriptedChatModel(std::vector<ScriptedReply>()).invoke("?"); }) ==
        ErrorKind::config);
}

TEST_CASE("scripted model: streams words, or the pieces it is given; nothing is lost") {
  CHECK(texts_of(ScriptedChatModel({" two  words\n"})) ==
        std::vector<std::string>{" two", "  words", "\n"});
  CHECK(texts_of(ScriptedChatModel({ScriptedReply().pieces({"a", "bc"})})) ==
        std::vector<std::string>{"a", "bc"});
}

TEST_CASE("scripted model: a streamed reply joins to the whole one") {
  const ScriptedReply reply = ScriptedReply("Calling now.")
                                  .call("add", R"({"a": 1, "b": 22222222})", "x")
                                  .call("sub", "{}", "y")
                                  .usage(3, 4);
  const AIMessage whole = ScriptedChatModel({reply}).invoke("?");
  const AIMessage joined = streamed(ScriptedChatModel({reply}));
  CHECK(joined == whole);
  CHECK(whole.finish_reason == FinishReason::tool_calls);
  CHECK(whole.usage->total_tokens == 7);
  CHECK(whole.tool_calls()[0].arguments == R"({"a": 1, "b": 22222222})");
}

TEST_CASE("scripted model: broken arguments stay broken") {
  const AIMessage reply = ScriptedChatModel({ScriptedReply().call("add", "{\"a\":")}).invoke("?");
  CHECK(reply.tool_calls().empty());
  CHECK(reply.invalid_tool_calls().size() == 1);
}

TEST_CASE("scripted model: errors on purpose, each call its own") {
  const ScriptedChatModel busy({ScriptedReply(Error(ErrorKind::overloaded, "busy"))}, true);
  CHECK(test::message_of([&] { busy.invoke("?"); }) == "scripted: busy");
  CHECK(test::message_of([&] { busy.invoke("?"); }) == "scripted: busy");
  const ScriptedChatModel cut(
      {ScriptedReply("a b c").fail_at_piece(2, Error(ErrorKind::truncated, "cut"))}, true);
  std::string seen;
  CHECK(test::kind_of([&] {
          auto pieces = cut.stream("?");
          while (ChatPiece* piece = pieces.next()) seen += piece->text;
        }) == ErrorKind::truncated);
  CHECK(seen == "a b");
  CHECK(test::kind_of([&] { cut.invoke("?"); }) == ErrorKind::truncated);
}

TEST_CASE("scripted model: records what it was asked, through bound copies too") {
  const ScriptedChatModel model({"a", "b"});
  model.bind(ChatOptions().temperature(0)).invoke({system("s"), user("u")});
  streamed(model);
  const std::vector<ChatRequest> requests = model.requests();
  REQUIRE(requests.size() == 2);
  CHECK(requests[0].messages.size() == 2);
  CHECK(requests[0].options.temperature() == 0);
  CHECK_FALSE(requests[0].stream);
  CHECK(requests[1].stream);
  CHECK(model.calls() == 2);
}

TEST_CASE("scripted model: answers by a function, and waits") {
  const ScriptedChatModel echo([](const ChatRequest& request) {
    return ScriptedReply(request.messages.back().text() + "!").after(std::chrono::milliseconds(5));
  });
  const auto begin = Clock::now();
  CHECK(echo.invoke("hi").text() == "hi!");
  CHECK(Clock::now() - begin >= std::chrono::milliseconds(5));
  CHECK(test::kind_of([&] { echo.with_timeout(std::chrono::milliseconds(1)).invoke("hi"); }) ==
        ErrorKind::timeout);
}

TEST_CASE("fake embedding: equal texts are equal, others far apart, all of length one") {
  const DeterministicFakeEmbedding model(32);
  const std::vector<Embedding> rows = model.embed_documents({"a", "b", "a", ""});
  REQUIRE(rows.size() == 4);
  CHECK(rows[0] == rows[2]);
  CHECK(rows[0] == model.embed_query("a"));
  float dot = 0, square = 0;
  for (std::size_t i = 0; i < 32; ++i) {
    dot += rows[0][i] * rows[1][i];
    square += rows[0][i] * rows[0][i];
  }
  CHECK(std::abs(dot) < 0.6F);
  CHECK(square == Approx(1).margin(1e-5));
  CHECK(model.dimensions() == 32);
  CHECK(rows[0][0] == DeterministicFakeEmbedding(32).embed_query("a")[0]);
  CHECK(test::kind_of([] { DeterministicFakeEmbedding(0); }) == ErrorKind::config);
}

}  // namespace
}  // namespace lian
