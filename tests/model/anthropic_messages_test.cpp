// Messages as Anthropic wants them: the system prompt, sides that alternate, every kind of content.
#include <string>
#include <vector>

#include "lian/core/error.hpp"
#include "model/anthropic_support.hpp"
#include "support/catch.hpp"

namespace lian {
namespace {

using test::anthropic_body;
using test::object;
using test::refusal;
using test::sonnet;
using test::Told;
using test::wire;

TEST_CASE("anthropic messages: system messages become the system prompt") {
  Told told;
  Json body = anthropic_body({system("a"), user("Hi"), developer("b")}, sonnet(), &told);
  CHECK(body["system"].dump() == R"([{"type":"text","text":"a"},{"type":"text","text":"b"}])");
  CHECK(body["messages"].dump() == R"([{"role":"user","content":"Hi"}])");
  REQUIRE(told.size() == 1);
  CHECK_THAT(told[0], Catch::Contains("messages[2]"));

  Message native;
  native.role = Role::other;
  native.role_name = "system";
  native.parts = {TextPart("from now on")};
  body = anthropic_body({user("Hi"), native}, sonnet());
  CHECK(body["messages"][1].dump() == R"({"role":"system","content":"from now on"})");
  CHECK_FALSE(body.contains("system"));
  CHECK_THAT(refusal({system("a")}, sonnet()), Catch::StartsWith("invalid_request"));
  CHECK_THAT(
      refusal({Message(Role::system,
                       std::vector<Part>{ImagePart(MediaSource::from_url("https://h/i.png"))}),
               user("Hi")},
              sonnet()),
      Catch::StartsWith("unsupported"));
}

TEST_CASE("anthropic messages: sides alternate and results of tools come first") {
  const Message calls(Role::assistant,
                      std::vector<Part>{ToolCall("t1", "f", ""), ToolCall("t2", "g", "{}")});
  const Json messages =
      anthropic_body({user("a"), user("b"), calls, user("and?"), tool(ToolResult("t1", "1")),
                      tool(ToolResult("t2", "no", true))},
                     sonnet())["messages"];
  CHECK(messages.dump() ==
        R"([{"role":"user","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]},)"
        R"({"role":"assistant","content":[{"type":"tool_use","id":"t1","name":"f","input":{}},)"
        R"({"type":"tool_use","id":"t2","name":"g","input":{}}]},)"
        R"({"role":"user","content":[{"type":"tool_result","tool_use_id":"t1","content":"1"},)"
        R"({"type":"tool_result","tool_use_id":"t2","content":"no","is_error":true},)"
        R"({"type":"text","text":"and?"}]}])");
}

TEST_CASE("anthropic messages: messages that cannot be said") {
  CHECK_THAT(refusal({}, sonnet()), Catch::StartsWith("invalid_request"));
  CHECK_THAT(refusal({user("")}, sonnet()), Catch::Contains("messages[0] is empty"));
  CHECK_THAT(refusal({assistant("Hi"), user("x")}, sonnet()), Catch::Contains("the user first"));
  CHECK_THAT(refusal({tool(ToolResult("", "x"))}, sonnet()), Catch::Contains("call_id"));
  CHECK_THAT(refusal({Message(Role::tool, "x")}, sonnet()), Catch::Contains("ToolResult"));
  CHECK_THAT(refusal({user(std::vector<Part>{ToolCall("a", "f", "{}")})}, sonnet()),
             Catch::Contains("tool call"));
  CHECK_THAT(refusal({user("\xff")}, sonnet()), Catch::Contains("UTF-8"));
  CHECK_THAT(refusal({user("Hi")}, ChatOptions()), Catch::Contains("no model"));
  CHECK_THAT(
      refusal({user(std::vector<Part>{AudioPart(MediaSource::from_bytes("x", "audio/wav"))})},
              sonnet()),
      Catch::StartsWith("unsupported"));
}

TEST_CASE("anthropic messages: what an assistant's turn may lose is told") {
  Told told;
  AIMessage refused;
  refused.id = "msg_1";
  refused.extra = object(R"({"stop_details":{"type":"refusal"}})");
  Message named = user("b");
  named.name = "Ada";
  const Message thought(Role::assistant,
                        std::vector<Part>{ReasoningPart("hm"), TextPart(""), TextPart("Well")});
  const Json body =
      anthropic_body({user("a"), refused, named, thought, user("c")}, sonnet(), &told);
  CHECK(body["messages"].dump() ==
        R"([{"role":"user","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]},)"
        R"({"role":"assistant","content":"Well"},{"role":"user","content":"c"}])");
  CHECK(told.size() == 3);

  told.clear();
  const Json prefill = anthropic_body({user("a"), assistant("{\"a\": \n")}, sonnet(), &told);
  CHECK(prefill["messages"][1]["content"].as_string() == "{\"a\":");
  CHECK(told.size() == 1);

  told.clear();
  const Message broken(Role::assistant, std::vector<Part>{ToolCall("t", "f", "{\"a")});
  const Json sent = anthropic_body({user("a"), broken, tool(ToolResult("t", "?", true))}, sonnet(),
                                   &told)["messages"][1]["content"][0]["input"];
  CHECK(sent.dump() == R"({"invalid_arguments":"{\"a"})");
  CHECK(told.size() == 1);
}

TEST_CASE("anthropic messages: a reply goes back as it came, thinking and all") {
  for (const char* file : {"thinking_response.json", "tool_call_response.json"}) {
    INFO(file);
    const std::string reply = wire("anthropic/" + std::string(file));
    const AIMessage message = AnthropicChatCodec().decode(test::reply_of(reply));
    const Json body = anthropic_body({user("a"), message, user("b")}, sonnet());
    CHECK(body["messages"][1]["content"].dump() == Json::parse(reply)["content"].dump());
  }
  const AIMessage streamed =
      test::read_stream(AnthropicChatCodec(), wire("anthropic/thinking_stream.sse")).message;
  CHECK(
      anthropic_body({user("a"), streamed, user("b")}, sonnet())["messages"][1]["content"].dump() ==
      Json::parse(wire("anthropic/thinking_response.json"))["content"].dump());
}

TEST_CASE("anthropic messages: images and documents from every source") {
  const auto sent = [](Part part) {
    return anthropic_body({user(std::vector<Part>{std::move(part)})},
                          sonnet())["messages"][0]["content"][0];
  };
  struct Row {
    Part part;
    const char* json;
  };
  const std::vector<Row> rows = {
      {ImagePart(MediaSource::from_url("https://h/i.png")),
       R"({"type":"image","source":{"type":"url","url":"https://h/i.png"}})"},
      {ImagePart(MediaSource::from_url("data:image/webp;base64,AAAA")),
       R"({"type":"image","source":{"type":"base64","media_type":"image/webp","data":"AAAA"}})"},
      {ImagePart(MediaSource::from_file_id("file_1")),
       R"({"type":"image","source":{"type":"file","file_id":"file_1"}})"},
      {FilePart(MediaSource::from_bytes("abc", "Application/PDF")),
       R"({"type":"document","source":{"type":"base64","media_type":"application/pdf","data":"YWJj"}})"},
      {FilePart(MediaSource::from_url("https://h/a.pdf"), "a"),
       R"({"type":"document","source":{"type":"url","url":"https://h/a.pdf"},"title":"a"})"},
      {FilePart(MediaSource::from_bytes("链", "text/markdown"), "n.md"),
       R"({"type":"document","source":{"type":"text","media_type":"text/plain","data":"链"},"title":"n.md"})"},
      {FilePart(MediaSource::from_bytes("abc", "image/png")),
       R"({"type":"image","source":{"type":"base64","media_type":"image/png","data":"YWJj"}})"},
      {UnknownPart("search_result", object(R"({"type":"search_result","source":"s"})")),
       R"({"type":"search_result","source":"s"})"},
  };
  for (const Row& row : rows) CHECK(sent(row.part).dump() == object(row.json).dump());
  const auto refused = [](Part part) {
    return refusal({user(std::vector<Part>{std::move(part)})}, sonnet());
  };
  CHECK_THAT(refused(ImagePart(MediaSource::from_bytes("x", "image/bmp"))),
             Catch::StartsWith("unsupported"));
  CHECK_THAT(refused(FilePart(MediaSource::from_bytes("x", "application/zip"))),
             Catch::StartsWith("unsupported"));
  CHECK_THAT(refused(FilePart(MediaSource::from_bytes("x", ""))), Catch::Contains("mime_type"));
  CHECK_THAT(refused(FilePart(MediaSource::from_bytes("\xff", "text/plain"))),
             Catch::Contains("UTF-8"));
  CHECK_THAT(refused(ImagePart(MediaSource())), Catch::Contains("empty"));
}

TEST_CASE("anthropic messages: version 2026-10-21 refuses two kinds of content") {
  TextPart cited("The grass is green");
  cited.extra = object(R"({"citations":[{"type":"char_location"}]})");
  const FilePart file(MediaSource::from_url("https://h/a.pdf"));
  const Messages quoting = {user(std::vector<Part>{cited})};
  const Messages showing = {
      user("a"), Message(Role::assistant, std::vector<Part>{file, TextPart("b")}), user("c")};
  for (const Messages& messages : {quoting, showing}) {
    CHECK(refusal(messages, sonnet()).empty());
    CHECK_THAT(refusal(messages, sonnet(), test::anthropic_2026()),
               Catch::StartsWith("unsupported"));
    Told told;
    const Json body =
        anthropic_body(messages, sonnet().lenient(true), &told, test::anthropic_2026());
    CHECK(body["messages"].dump().find("citations") == std::string::npos);
    CHECK(body["messages"].dump().find("document") == std::string::npos);
    CHECK(told.size() == 1);
  }
  const Messages answered = {user("a"), Message(Role::assistant, std::vector<Part>{cited}),
                             user("b")};
  CHECK(anthropic_body(answered, sonnet(), nullptr,
                       test::anthropic_2026())["messages"][1]["content"][0]["citations"]
            .size() == 1);
}

}  // namespace
}  // namespace lian
