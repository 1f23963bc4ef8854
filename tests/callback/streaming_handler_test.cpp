#include "lian/callback/streaming_handler.hpp"

#include <memory>
#include <string>
#include <vector>

#include "lian/testing/scripted_chat_model.hpp"
#include "support/catch.hpp"

using lian::Context;
using lian::FinalAnswerOptions;
using lian::testing::ScriptedChatModel;
using lian::testing::ScriptedReply;

namespace {

using Texts = std::vector<std::string>;

struct Sink {
  Texts* texts;
  void operator()(std::string_view text) const { texts->emplace_back(text); }
};

std::string joined(const Texts& texts) {
  std::string all;
  for (const std::string& text : texts) all += text;
  return all;
}

// What is written of a reply that comes in these pieces.
Texts answer_of(const Texts& pieces, FinalAnswerOptions options = FinalAnswerOptions()) {
  Texts written;
  const auto handler =
      std::make_shared<lian::FinalAnswerStreamingHandler>(std::move(options), Sink{&written});
  const ScriptedChatModel model({ScriptedReply(joined(pieces)).pieces(pieces)});
  for (auto& piece : model.stream("x", Context().with_handler(handler))) static_cast<void>(piece);
  return written;
}

}  // namespace

TEST_CASE("streaming handler: writes the pieces of a stream as they come") {
  Texts written;
  const auto handler = std::make_shared<lian::StreamingHandler>(Sink{&written});
  const ScriptedChatModel model({ScriptedReply("Hello 世界").pieces({"Hel", "lo 世", "界"})}, true);
  for (auto& piece : model.stream("x", Context().with_handler(handler))) static_cast<void>(piece);
  CHECK(written == Texts{"Hel", "lo 世", "界"});
  written.clear();
  model.invoke("x", Context().with_handler(handler));
  CHECK(written.empty());
}

TEST_CASE("final answer handler: only what follows the prefix, however it is cut") {
  const Texts tokens = {"Thought", ":", " I know", "\n", "Final", " Answer", ":", " 4", "2"};
  CHECK(answer_of(tokens) == Texts{" 4", "2"});
  CHECK(answer_of({"Thought: x\nFinal Answer: 42"}) == Texts{" 42"});
  CHECK(answer_of({"Fi", "nal Ans", "wer", ": ", "42"}) == Texts{" ", "42"});
  CHECK(answer_of({"Final thoughts. The Answer", ": 42"}).empty());
  std::string whole = "Thought: long. Final Answer: 42";
  Texts bytes;
  for (const char c : whole) bytes.push_back(std::string(1, c));
  CHECK(joined(answer_of(bytes)) == " 42");
}

TEST_CASE("final answer handler: the prefix shown, strict and of one's own") {
  CHECK(joined(answer_of({"x Final Answer: 42"}, FinalAnswerOptions().stream_prefix(true))) ==
        "Final Answer: 42");
  CHECK(answer_of({"Final Answer: 42"}, FinalAnswerOptions().strip_tokens(false)).empty());
  CHECK(joined(answer_of({"FinalAnswer:", "42"}, FinalAnswerOptions().strip_tokens(false))) ==
        "42");
  CHECK(joined(answer_of({"答案", "：", "四"},
                         FinalAnswerOptions().answer_prefix_tokens({"答案", "："}))) == "四");
  CHECK_THROWS_AS(
      lian::FinalAnswerStreamingHandler(FinalAnswerOptions().answer_prefix_tokens({" "})),
      lian::Error);
}

TEST_CASE("final answer handler: each reply anew") {
  Texts written;
  const auto handler =
      std::make_shared<lian::FinalAnswerStreamingHandler>(FinalAnswerOptions(), Sink{&written});
  const ScriptedChatModel model({ScriptedReply("Final Answer: 1"), ScriptedReply("Thought: 2")});
  const Context context = Context().with_handler(handler);
  for (auto& piece : model.stream("x", context)) static_cast<void>(piece);
  for (auto& piece : model.stream("x", context)) static_cast<void>(piece);
  CHECK(joined(written) == " 1");
}
