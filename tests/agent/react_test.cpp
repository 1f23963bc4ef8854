// The ReAct agent: its parser, its prompt, its loop.
#include <optional>
#include <string>
#include <vector>

#include "agent/agent_support.hpp"
#include "agent/react_reply.hpp"
#include "support/async.hpp"
#include "support/catch.hpp"

namespace lian {
namespace {

using namespace test;
using detail::ReactReply;
using detail::read_react_reply;

// The hint for the model of a reply that cannot be read; "" when it can.
std::string hint_of(const std::string& text) {
  try {
    read_react_reply(text);
  } catch (const ParseError& error) {
    CHECK(error.text == text);
    return error.hint;
  }
  return {};
}

TEST_CASE("react: an action and its input, as LangChain strips them") {
  const auto parsed = [](const std::string& text) {
    const ReactReply reply = read_react_reply(text);
    CHECK_FALSE(reply.is_final);
    return reply.action + "|" + reply.input;
  };
  CHECK(parsed("Thought: x\nAction: search\nAction Input: weather in SF") ==
        "search|weather in SF");
  CHECK(parsed("Action: search \nAction Input:   \"SF\" \n") == "search|SF");
  CHECK(parsed("Action 1: search\nAction 1 Input 2 : a\nb") == "search|a\nb");
  CHECK(parsed("Action:search Action Input:{\"q\": 1}") == "search|{\"q\": 1}");
  CHECK(parsed("Action: search\nAction Input: \"\"") == "search|");
  CHECK(parsed("Action: search\nAction Input: x\nObservation: made up\nFinal Answer: y") ==
        "search|x");
  CHECK(read_react_reply("Thought: t\nAction: a\nAction Input: b\nObservation: c").log ==
        "Thought: t\nAction: a\nAction Input: b");
}

TEST_CASE("react: a final answer, of which the last counts") {
  const auto answer = [](const std::string& text) {
    const ReactReply reply = read_react_reply(text);
    CHECK(reply.is_final);
    return reply.answer;
  };
  CHECK(answer("Thought: I know\nFinal Answer: 42 \n") == "42");
  CHECK(answer("Final Answer: 1\nno: Final Answer: 2\nand more") == "2\nand more");
  CHECK(answer("Action: none needed\nFinal Answer: 3") == "3");
}

TEST_CASE("react: what cannot be read, in words for the model") {
  CHECK(hint_of("just words") == "Invalid Format: Missing 'Action:' after 'Thought:'");
  CHECK(hint_of("") == "Invalid Format: Missing 'Action:' after 'Thought:'");
  CHECK(hint_of("Action: search") == "Invalid Format: Missing 'Action Input:' after 'Action:'");
  CHECK(hint_of("Action: a\nAction Input: b\nFinal Answer: c") == "Invalid or incomplete response");
  CHECK(hint_of("Action: a\nAction Input: b\nAction: c\nAction Input: d")
            .starts_with("Invalid Format: one Action"));
}

TEST_CASE("react: hostile replies are read in a line's time") {
  std::string text;
  for (int i = 0; i < 200'000; ++i) text += "Action ";
  CHECK_FALSE(hint_of(text).empty());
}

TEST_CASE("react: thought, action, observation, answer") {
  const Tool length = tool("length", "counts the letters of a word",
                           [](const std::string& word) { return word.size(); }, {"word"});
  const ScriptedChatModel model({"I must count.\nAction: length\nAction Input: \"lian\"",
                                 "I know.\nFinal Answer: 4 letters"});
  const AgentResult result =
      create_react_agent(model, {length}).invoke("How long is lian?", root());
  CHECK(result.output == "4 letters");
  REQUIRE(result.intermediate_steps.size() == 1);
  CHECK(result.intermediate_steps[0].call.arguments == R"({"word":"lian"})");
  CHECK(result.messages.size() == 2);

  const std::vector<ChatRequest> asked = model.requests();
  CHECK(asked[0].options.stop() == std::vector<std::string>{"\nObservation"});
  const std::string first = asked[0].messages[0].text();
  CHECK(
      first.find("length: counts the letters of a word, args: {\"word\":{\"type\":\"string\"}}") !=
      std::string::npos);
  CHECK(first.find("one of [length]") != std::string::npos);
  CHECK(first.ends_with("Question: How long is lian?\nThought:"));
  CHECK(asked[1].messages[0].text().ends_with(
      "Thought:I must count.\nAction: length\nAction Input: \"lian\"\nObservation: 4\nThought: "));
}

TEST_CASE("react: inputs become arguments") {
  const Tool text = tool("text", "", [](const std::string& s) { return s; }, {"s"});
  const Tool number = tool("number", "", [](int n) { return n + 1; }, {"n"});
  const Tool none = tool("none", "", [] { return "nothing taken"; });
  const auto observed = [&](const std::string& name, const std::string& input) {
    const ScriptedChatModel model(
        {"Action: " + name + "\nAction Input: " + input, "Final Answer: ok"});
    return create_react_agent(model, {text, number, none, adder()})
        .invoke("?", root())
        .intermediate_steps.at(0)
        .result.content();
  };
  CHECK(observed("text", "plain words") == "plain words");
  CHECK(observed("text", R"({"s": "in JSON"})") == "in JSON");
  CHECK(observed("text", "12") == "12");
  CHECK(observed("text", R"({"other": 1})") == R"({"other": 1})");
  CHECK(observed("number", "41") == "42");
  CHECK(observed("number", R"({"n": 41})") == "42");
  CHECK(observed("number", "many").find(R"(arguments.n: expected an integer, got "many")") !=
        std::string::npos);
  CHECK(observed("none", "whatever") == "nothing taken");
  CHECK(observed("add", R"({"a": 1, "b": 2})") == "3");
  CHECK(observed("add", "1, 2").find("not whole JSON") != std::string::npos);
  CHECK(observed("search", "x") ==
        "search is not a valid tool, try one of [text, number, none, add].");
}

TEST_CASE("react: what cannot be read goes back to the model as an observation") {
  const ScriptedChatModel model({"Let me think.", "Action: add",
                                 "Action: add\nAction Input: {}\nFinal Answer: 2",
                                 "Action: add\nAction Input: {\"a\":1,\"b\":1}\nAction: add\n"
                                 "Action Input: {\"a\":2,\"b\":2}",
                                 "Final Answer: sorry"});
  const AgentResult result = create_react_agent(model, {adder()}).invoke("?", root());
  CHECK(result.output == "sorry");
  REQUIRE(result.intermediate_steps.size() == 4);
  for (const AgentStep& step : result.intermediate_steps) CHECK(step.call.name == "_Exception");
  CHECK(result.tool_calls == 0);
  CHECK(model.requests()[1].messages[0].text().ends_with(
      "Thought:Let me think.\nObservation: Invalid Format: Missing 'Action:' after "
      "'Thought:'\nThought: "));
  const ScriptedChatModel other({"Let me think."});
  const AgentExecutor strict =
      create_react_agent(other, {}, AgentOptions().handle_parsing_errors(false));
  CHECK(test::kind_of([&] { strict.invoke("?", root()); }) == ErrorKind::parse);
}

TEST_CASE("react: a model that loops or never answers is stopped") {
  const ScriptedChatModel model({"Action: add\nAction Input: {\"a\":1,\"b\":1}"}, true);
  const AgentResult result = create_react_agent(model, {adder()}).invoke("?", root());
  CHECK(result.stop == AgentStop::max_iterations);
  CHECK(model.calls() == 15);
  const ScriptedChatModel words({"Hm.", "Hm.", "Final Answer: at last"});
  const AgentOptions options =
      AgentOptions().max_iterations(2).early_stopping_method(EarlyStopping::generate);
  const AgentResult generated = create_react_agent(words, {}, options).invoke("?", root());
  CHECK(generated.output == "at last");
  CHECK(words.requests()[2].messages[0].text().ends_with(
      "I now need to return a final answer based on the previous steps:"));
}

TEST_CASE("react: a cut action does not run") {
  const ScriptedChatModel model(
      {ScriptedReply("Action: add\nAction Input: {\"a\":1,\"b\":1}").finish(FinishReason::length),
       "Final Answer: shorter"});
  const AgentResult result = create_react_agent(model, {adder()}).invoke("?", root());
  CHECK(result.tool_calls == 0);
  CHECK(result.output == "shorter");
}

TEST_CASE("react: a prompt of one's own; values are never read as templates") {
  const ScriptedChatModel model({"Final Answer: ok"});
  create_react_agent(
      model, {adder()},
      AgentOptions().prompt("T[{tool_names}] Q[{input}] {other} S[{agent_scratchpad}]"))
      .invoke({user("before"), assistant("yes"), user("{tools} {x}")}, root());
  const Messages sent = model.requests()[0].messages;
  REQUIRE(sent.size() == 3);
  CHECK(sent[2].text() == "T[add] Q[{tools} {x}] {other} S[]");
}

}  // namespace
}  // namespace lian
