// Replies as values of a described struct, by each way a provider has.
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "lian/model/structured_output.hpp"
#include "lian/testing/scripted_chat_model.hpp"
#include "support/async.hpp"
#include "support/baichuan_server.hpp"
#include "support/catch.hpp"
#include "support/claude_server.hpp"
#include "support/glm_server.hpp"
#include "support/google_server.hpp"
#include "support/ollama_server.hpp"
#include "support/vendor_server.hpp"
#include "support/qwen_server.hpp"

namespace structured {
struct Person {
  std::string name;
  int born = 0;
  std::optional<std::string> field;
};
LIAN_DESCRIBE(Person, (name, "full name"), (born, "year"), (field))
struct Loose {
  lian::Json any;
};
LIAN_DESCRIBE(Loose, (any))
}  // namespace structured

namespace lian {
namespace {

using structured::Person;
using testing::ScriptedChatModel;
using testing::ScriptedReply;

const char* const ada = R"({"name":"Ada Lovelace","born":1815,"field":null})";

class Warned final : public Handler {
 public:
  void on_event(const Event& event) override {
    if (event.type == EventType::warning) texts.emplace_back(event.message);
  }
  std::vector<std::string> texts;
};

TEST_CASE("structured output: by the provider's own schema, strict") {
  const ScriptedChatModel model({ada});
  const Person person = model.with_structured_output<Person>().invoke("Ada …");
  CHECK(person.name == "Ada Lovelace");
  CHECK(person.born == 1815);
  CHECK_FALSE(person.field);
  const ChatRequest asked = model.requests().at(0);
  const ResponseFormat format = asked.options.response_format().value();
  CHECK(format.kind() == ResponseFormat::Kind::json_schema);
  CHECK(format.name() == "Person");
  CHECK(format.strict());
  CHECK(format.schema()["required"].size() == 3);  // strict: the optional one may be null
  CHECK(asked.messages.size() == 1);
}

TEST_CASE("structured output: a schema that strict does not allow is not strict") {
  const ScriptedChatModel model({R"({"any":[1]})"});
  CHECK(structured_output<structured::Loose>(model).invoke("?").any == Json::array({1}));
  CHECK_FALSE(model.requests().at(0).options.response_format()->strict());
}

TEST_CASE("structured output: JSON in a fence or between words is found") {
  for (const std::string& text : std::vector<std::string>{
           "```json\n" + std::string(ada) + "\n```", "```\n" + std::string(ada) + "\n```",
           "Here it is: " + std::string(ada) + " Done.", "\n " + std::string(ada) + "\n"}) {
    const ScriptedChatModel model({text});
    CHECK(model.with_structured_output<Person>().invoke("?").born == 1815);
    CHECK(model.calls() == 1);
  }
}

TEST_CASE("structured output: a reply that does not fit is mended once, with a warning") {
  auto warned = std::make_shared<Warned>();
  const ScriptedChatModel model({R"({"name":"Ada","born":"1815"})", ada});
  const auto people = model.with_structured_output<Person>();
  CHECK(people.invoke("?", Context().with_handler(warned)).born == 1815);
  REQUIRE(warned->texts.size() == 1);
  CHECK(warned->texts[0].find(R"($.born: expected an integer, got "1815")") != std::string::npos);
  const Messages asked = model.requests().at(1).messages;
  REQUIRE(asked.size() == 3);
  CHECK(asked[1].role == Role::assistant);
  CHECK(asked[2].text().find(R"($.born: expected an integer, got "1815")") != std::string::npos);
}

TEST_CASE("structured output: what does not fit twice is an error") {
  const auto kind = [](const std::string& text, StructuredOptions options = StructuredOptions()) {
    const ScriptedChatModel model({text, text, "never asked"});
    const ErrorKind found =
        test::kind_of([&] { model.with_structured_output<Person>(options).invoke("?"); });
    CHECK(model.calls() == (options.repairs() == 0 ? 1 : 2));
    return found;
  };
  CHECK(kind("no JSON at all") == ErrorKind::parse);
  CHECK(kind(R"({"name":"Ada"})") == ErrorKind::validation);
  CHECK(kind(R"({"name":"Ada","born":1,"more":2})") == ErrorKind::validation);
  CHECK(kind(R"({"name":"Ada","born":3000000000})") == ErrorKind::validation);
  CHECK(kind("no", StructuredOptions().repairs(0)) == ErrorKind::parse);
}

TEST_CASE("structured output: a refusal and a cut reply are not asked again") {
  AIMessage refusal;
  refusal.parts.push_back(RefusalPart("I cannot help."));
  const ScriptedChatModel refuses({ScriptedReply(refusal)});
  CHECK(test::kind_of([&] { refuses.with_structured_output<Person>().invoke("?"); }) ==
        ErrorKind::content_filter);
  const ScriptedChatModel cut({ScriptedReply("{\"name\":").finish(FinishReason::length)});
  CHECK(test::message_of([&] {
          cut.with_structured_output<Person>().invoke("?");
        }).find("max_tokens") != std::string::npos);
}

TEST_CASE("structured output: include_raw gives the reply, and tells instead of throwing") {
  const ScriptedChatModel model({ada, "bad", "worse"});
  const auto people = model.with_structured_output<Person>(include_raw);
  const StructuredReply<Person> good = people.invoke("?");
  CHECK(good.raw.text() == ada);
  REQUIRE(good.parsed);
  CHECK(good.parsed->name == "Ada Lovelace");
  CHECK_FALSE(good.parsing_error);
  const StructuredReply<Person> bad = people.invoke("?");
  CHECK(bad.raw.text() == "worse");
  CHECK_FALSE(bad.parsed);
  CHECK_THROWS_AS(std::rethrow_exception(bad.parsing_error), ParseError);
}

TEST_CASE("structured output: by a tool's call, mended as one") {
  const ScriptedChatModel model({ScriptedReply().call("Person", R"({"name":1})", "p1"),
                                 ScriptedReply().call("Person", ada, "p2")});
  const auto people = model.with_structured_output<Person>(
      StructuredOptions().method(StructuredMethod::function_calling).description("a person"));
  CHECK(people.invoke("?").born == 1815);
  const std::vector<ChatRequest> asked = model.requests();
  REQUIRE(asked[0].options.tools().size() == 1);
  CHECK(asked[0].options.tools()[0].description == "a person");
  CHECK(asked[0].options.tool_choice() == ToolChoice("Person"));
  REQUIRE(asked[1].messages.size() == 3);
  const auto& result = std::get<ToolResult>(asked[1].messages[2].parts[0]);
  CHECK(result.call_id == "p1");
  CHECK(result.is_error);
}

TEST_CASE("structured output: by the prompt") {
  const ScriptedChatModel model({ada});
  structured_output<Person>(model, StructuredOptions().method(StructuredMethod::json_mode))
      .invoke("Ada …");
  const ChatRequest asked = model.requests().at(0);
  CHECK(asked.options.response_format()->kind() == ResponseFormat::Kind::json_object);
  CHECK(asked.messages.at(0).text().find(R"("born":{"type":"integer","description":"year"})") !=
        std::string::npos);
}

TEST_CASE("structured output: each provider is asked in the way it has") {
  struct Case {
    std::unique_ptr<test::SimulatedProvider> provider;
    std::string way;  // schema, call or words
  };
  std::vector<Case> cases;
  cases.push_back({test::make_vendor_server("openai"), "schema"});
  cases.push_back({test::make_claude_server(), "schema"});
  cases.push_back({test::make_gemini_server(), "schema"});
  cases.push_back({test::make_ollama_server(), "schema"});
  cases.push_back({test::make_qwen_server(), "call"});
  cases.push_back({test::make_vendor_server("deepseek"), "call"});
  cases.push_back({test::make_chatglm_server(), "words"});
  for (Case& c : cases) {
    INFO(c.provider->provider());
    test::Script script;
    script.pieces = {ada};
    if (c.way == "call") {
      script.pieces.clear();
      script.calls = {{"Person", ada}};
    }
    c.provider->answer(script);
    const Person person = c.provider->model().with_structured_output<Person>().invoke(
        "Ada …", Context().with_tries(1));
    CHECK(person.born == 1815);
    const test::Seen seen = c.provider->seen();
    CHECK(seen.schema.is_null() == (c.way != "schema"));
    CHECK(seen.tools ==
          (c.way == "call" ? std::vector<std::string>{"Person"} : std::vector<std::string>{}));
    CHECK((seen.turns.back().text.find("JSON Schema") != std::string::npos) == (c.way == "words"));
    CHECK(c.provider->refused().empty());
  }
}

TEST_CASE("structured output: a lenient model does not lose the schema without a word") {
  auto provider = test::make_qwen_server();
  test::Script script;
  script.pieces.clear();
  script.calls = {{"Person", ada}};
  provider->answer(script);
  const ChatModel model = provider->model(ModelConfig().lenient(true));
  CHECK(model.with_structured_output<Person>().invoke("?").born == 1815);
  CHECK(provider->seen().tools.size() == 1);
}

}  // namespace
}  // namespace lian
