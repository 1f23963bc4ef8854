#include "lian/model/prompt.hpp"

#include <string>
#include <vector>

#include "lian/core/parallel.hpp"
#include "lian/core/passthrough.hpp"
#include "lian/model/output_parser.hpp"
#include "lian/model/registry.hpp"
#include "lian/model/static_prompt.hpp"
#include "support/catch.hpp"
#include "support/corpus.hpp"

using namespace lian;

namespace {
template <class F>
std::string failure(F f) {
  try {
    f();
  } catch (const Error& error) {
    return error.what();
  }
  return {};
}
}  // namespace

TEST_CASE("template: reads names and braces only, whatever stands in the corpus") {
  for (const auto& row : lian::test::read_jsonl("template_injection.jsonl")) {
    if (row["format"] != "fstring") continue;
    const std::string text = row["template"];
    INFO(text);
    if (row["expect"] == "reject")
      CHECK_THROWS_AS(Template(text), ParseError);
    else
      CHECK_NOTHROW(Template(text));
  }
}

TEST_CASE("template: values go in as they are and are never read again") {
  for (const auto& row : lian::test::read_jsonl("template_injection.jsonl")) {
    if (row["format"] != "value") continue;
    const std::string value = row["value"], text = row["template"];
    CHECK(Template(text).format(values("a", value)) == value);
  }
}

TEST_CASE("template: places, repeats, braces, other values") {
  CHECK(Template("{a}{b}{a} {{x}}").format({{"a", "1"}, {"b", 2}}) == "121 {x}");
  CHECK(Template("").format({}).empty());
  CHECK(Template("问{q}。").format({{"q", "什么？"}}) == "问什么？。");
}

TEST_CASE("template: an error says where and what to write") {
  const std::string what = failure([] { Template("Hello {na me}"); });
  CHECK_THAT(what, Catch::Matchers::ContainsSubstring("byte 9"));
  CHECK_THAT(what, Catch::Matchers::ContainsSubstring("{name}"));
}

TEST_CASE("template: missing values are named, with what was given") {
  const std::string what = failure([] { Template("{a} {b} {c}").format({{"b", 1}, {"z", 2}}); });
  CHECK(what == "the prompt needs a value for 'a', 'c'; given: 'b', 'z'");
}

TEST_CASE("prompt: partial values, and given ones that count more") {
  const PromptTemplate prompt = PromptTemplate("{b} {a}").partial({{"a", "fixed"}});
  CHECK(prompt.input_variables() == std::vector<std::string>{"b"});
  CHECK(prompt.format({{"b", "x"}}) == "x fixed");
  CHECK(prompt.invoke({{"b", "x"}, {"a", "given"}}) == "x given");
}

TEST_CASE("prompt: adds up") {
  CHECK((PromptTemplate("{a}-") + PromptTemplate("{b}")).format({{"a", 1}, {"b", 2}}) == "1-2");
  CHECK_THROWS_AS(PromptTemplate("{a}").partial({{"a", 1}}) + PromptTemplate("{a}").partial({{"a", 2}}),
                  Error);
}

TEST_CASE("chat prompt: messages are templates, literals are not, placeholders take lists") {
  const ChatPromptTemplate prompt({lian::system("Speak {language}."), {"human", "{text}"},
                                   MessagesPlaceholder("history"), literal(user("{raw}")),
                                   {"placeholder", "{more}"}, "and {text}"});
  CHECK(prompt.input_variables() == std::vector<std::string>{"history", "language", "text"});
  const Messages history = {user("a"), assistant("b")};
  const Messages out = prompt.invoke({{"language", "中文"}, {"text", "hi"}, {"history", history}});
  REQUIRE(out.size() == 6);
  CHECK(out[0] == lian::system("Speak 中文."));
  CHECK(out[1] == user("hi"));
  CHECK(out[3] == assistant("b"));
  CHECK(out[4] == user("{raw}"));
  CHECK(out[5] == user("and hi"));
}

TEST_CASE("chat prompt: the last messages of a placeholder") {
  const ChatPromptTemplate prompt({MessagesPlaceholder("h").n_messages(1)});
  CHECK(prompt.format_messages({{"h", Messages{user("a"), user("b")}}}) == Messages{user("b")});
  CHECK_THAT(failure([&] { prompt.format_messages({{"h", "text"}}); }),
             Catch::Matchers::ContainsSubstring("takes messages for 'h', but was given text"));
  CHECK_THAT(failure([&] { prompt.format_messages({}); }),
             Catch::Matchers::ContainsSubstring("needs messages for 'h'"));
}

TEST_CASE("prompts: as LangChain spells them") {
  CHECK(PromptTemplate::from_template("{{{a}}}").format({{"a", "b"}}) == "{b}");
  const auto prompt = ChatPromptTemplate::from_messages(
      {{"system", "Be brief."}, MessagesPlaceholder("history", true), {"human", "{text}"}});
  CHECK(prompt.invoke({{"history", {user("a"), assistant("b")}}, {"text", "c"}}) ==
        Messages{lian::system("Be brief."), user("a"), assistant("b"), user("c")});
  CHECK(ChatPromptTemplate::from_template("Tell {x}").invoke({{"x", "me"}}) ==
        Messages{user("Tell me")});
}

TEST_CASE("chat prompt: an unknown role is refused with the known ones") {
  CHECK_THAT(failure([] { ChatPromptTemplate({{"robot", "x"}}); }),
             Catch::Matchers::ContainsSubstring("unknown role 'robot'"));
}

TEST_CASE("static prompt: behind a record, Values and a text") {
  const auto record = parallel(key<"a"> = passthrough<std::string>(),
                               key<"b"> = [](std::string s) { return s.size(); });
  CHECK((record | lian::prompt<"{a} has {b}">).invoke("four") == "four has 4");
  CHECK((passthrough<std::string>() | lian::prompt<"<{x}{x}>">).invoke("y") == "<yy>");
  CHECK((lian::prompt<"<{x}>"> | passthrough<std::string>()).invoke({{"x", 1}}) == "<1>");
}

TEST_CASE("prompt, model and parser make one chain") {
  const auto chain = ChatPromptTemplate({lian::system("Be brief."), user("{text}")}) |
                     chat_model("offline") | StrOutputParser();
  const std::string all = chain.invoke({{"text", "hello"}});
  CHECK_FALSE(all.empty());
  std::string streamed;
  for (std::string_view piece : chain.stream({{"text", "hello"}})) streamed += piece;
  CHECK(streamed == all);
}

TEST_CASE("registry: unknown providers are met with the known ones, nearest first") {
  CHECK_THAT(failure([] { chat_model("ofline"); }),
             Catch::Matchers::ContainsSubstring("lian knows: offline, openai"));
  CHECK_THAT(failure([] { chat_model("openia:x"); }),
             Catch::Matchers::ContainsSubstring("lian knows: openai, spark, offline"));
}
