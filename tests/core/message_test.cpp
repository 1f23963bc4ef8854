#include "lian/core/message.hpp"

#include <random>
#include <string>
#include <vector>

#include "lian/core/error.hpp"
#include "support/catch.hpp"
#include "support/data.hpp"

using lian::AIMessage;
using lian::ChatPiece;
using lian::Json;
using lian::Part;

namespace {

ChatPiece text_piece(std::string text) {
  ChatPiece piece;
  piece.text = std::move(text);
  return piece;
}

ChatPiece call_piece(int index, std::string id, std::string name, std::string arguments) {
  lian::ToolCallPiece call;
  call.index = index;
  call.id = std::move(id);
  call.name = std::move(name);
  call.arguments = std::move(arguments);
  ChatPiece piece;
  piece.tool_calls.push_back(std::move(call));
  return piece;
}

AIMessage joined(std::vector<ChatPiece> pieces) {
  AIMessage message;
  for (ChatPiece& piece : pieces) append(message, std::move(piece));
  finish(message);
  return message;
}

// Any message a provider could give, finished.
class Generator {
 public:
  explicit Generator(unsigned seed) : random_(seed) {}

  AIMessage message(int depth = 0) {
    AIMessage out;
    for (int n = below(6); n > 0; --n) out.parts.push_back(part());
    if (chance()) out.id = word();
    if (chance()) out.name = word();
    if (chance()) out.model = word();
    if (chance()) out.provider = word();
    if (chance()) out.finish_reason = lian::FinishReason::stop;
    if (chance()) out.raw_finish_reason = word();
    if (chance()) out.usage = lian::Usage(below(100), below(100));
    if (chance()) out.extra = extra();
    if (chance()) out.logprobs.push_back(logprob());
    if (chance()) out.refusal_logprobs.push_back(logprob());
    if (depth < 2 && chance()) out.alternatives.push_back(message(depth + 1));
    finish(out);
    return out;
  }

 private:
  int below(int n) { return static_cast<int>(random_() % static_cast<unsigned>(n)); }
  bool chance() { return below(2) == 0; }
  std::string word() { return below(5) == 0 ? "" : "词" + std::to_string(below(1000)); }
  Json extra() { return Json::object({{"cache_control", Json::object({{"n", below(9)}})}}); }

  lian::TokenLogprob logprob() {
    lian::TokenLogprob out;
    out.token = word();
    out.logprob = -0.5;
    if (chance()) out.bytes = "\xE4\xBD";
    out.top = {{"a", -0.5}, {"b", -1.25}};
    return out;
  }

  template <class T>
  Part with_extra(T part) {
    if (below(4) == 0) part.extra = extra();
    return part;
  }

  Part part() {
    switch (below(10)) {
      case 0:
        return with_extra(lian::ReasoningPart(word(), chance() ? "signature" : ""));
      case 1:
        return with_extra(lian::RefusalPart(word()));
      case 2:
        return with_extra(lian::ToolCall(word(), "f", chance() ? "{\"a\":1}" : "{\"a\":"));
      case 3:
        return with_extra(lian::ImagePart(lian::MediaSource::from_bytes("\xFF\x01", "image/png")));
      case 4:
        return lian::UnknownPart("video", Json::object({{"type", "video"}, {"n", below(9)}}));
      case 5:
        return lian::UnknownPart("audio", Json::object({{"id", word()}, {"data", "YQ=="}}));
      case 6: {
        lian::ToolCall call(word(), "run", "free text");
        call.custom = true;
        return with_extra(std::move(call));
      }
      default:
        return with_extra(lian::TextPart(word()));
    }
  }

  std::mt19937 random_;
};

}  // namespace

TEST_CASE("message: its makers set role and parts") {
  CHECK(lian::system("s").role == lian::Role::system);
  CHECK(lian::developer("d").role == lian::Role::developer);
  CHECK(lian::user("u").text() == "u");
  CHECK(lian::assistant("a").role == lian::Role::assistant);
  CHECK(lian::user("").parts.empty());
  const auto result = lian::tool(lian::ToolResult("call-1", "42"));
  CHECK(result.role == lian::Role::tool);
  CHECK(std::get<lian::ToolResult>(result.parts.at(0)).content == "42");
  CHECK(AIMessage("x").role == lian::Role::assistant);
  CHECK(AIMessage("x") == AIMessage("x"));
  CHECK_FALSE(AIMessage("x") == AIMessage("y"));
}

TEST_CASE("message: text joins the text parts, calls are told by validity") {
  lian::Message message = lian::assistant("a");
  message.parts.emplace_back(lian::ToolCall("1", "f", "{}"));
  lian::ToolCall broken("2", "g", "{");
  broken.valid = false;
  message.parts.emplace_back(broken);
  message.parts.emplace_back(lian::TextPart("b"));
  CHECK(message.text() == "ab");
  REQUIRE(message.tool_calls().size() == 1);
  CHECK(message.tool_calls()[0].name == "f");
  REQUIRE(message.invalid_tool_calls().size() == 1);
  CHECK(message.invalid_tool_calls()[0].name == "g");
}

TEST_CASE("message: buffer_string names the speakers") {
  lian::Message critic = lian::user("no");
  critic.role = lian::Role::other;
  critic.role_name = "critic";
  const lian::Messages messages{lian::system("s"), lian::user("你好"), lian::assistant("hi"),
                                lian::tool(lian::ToolResult("1", "42")), critic};
  CHECK(lian::buffer_string(messages) == "System: s\nHuman: 你好\nAI: hi\nTool: 42\ncritic: no");
  CHECK(lian::buffer_string({lian::user("a"), lian::assistant("b")}, "用户", "助手") ==
        "用户: a\n助手: b");
}

TEST_CASE("chat piece: text that follows text goes to one part") {
  const AIMessage message =
      joined({text_piece("Hel"), text_piece(""), text_piece("lo"), text_piece(" 链")});
  REQUIRE(message.parts.size() == 1);
  CHECK(message.text() == "Hello 链");
}

TEST_CASE("chat piece: reasoning stands before text and a signature ends it") {
  ChatPiece first;
  first.text = "answer";
  first.reasoning = "think";
  ChatPiece signature;
  signature.reasoning_signature = "sig";
  ChatPiece again;
  again.reasoning = "more";
  const AIMessage one = joined({first});
  REQUIRE(one.parts.size() == 2);
  CHECK(std::get<lian::ReasoningPart>(one.parts[0]).text == "think");

  ChatPiece think;
  think.reasoning = "think";
  const AIMessage two = joined({think, again, signature, again});
  REQUIRE(two.parts.size() == 2);
  CHECK(two.parts[0] == Part(lian::ReasoningPart("thinkmore", "sig")));
  CHECK(two.parts[1] == Part(lian::ReasoningPart("more")));
}

TEST_CASE("chat piece: a place begins a part, and what a part has beside its text follows it") {
  ChatPiece second = text_piece("lo");
  second.places.emplace_back().part = lian::TextPart();
  second.places.back().text_bytes = 2;
  ChatPiece cited;
  cited.part_extra.set("citations", Json::array({Json(1)}));
  ChatPiece ranked;
  ranked.part_extra.set("rank", Json(2));
  const AIMessage message = joined({text_piece("Hel"), second, text_piece("!"), cited, ranked});
  REQUIRE(message.parts.size() == 2);
  CHECK(std::get<lian::TextPart>(message.parts[0]) == lian::TextPart("Hel"));
  CHECK(std::get<lian::TextPart>(message.parts[1]).text == "lo!");
  CHECK(std::get<lian::TextPart>(message.parts[1]).extra.dump() == R"({"citations":[1],"rank":2})");
  CHECK(joined({cited}).parts.empty());
  AIMessage back;
  append(back, to_piece(message));
  lian::finish(back);
  CHECK(back == message);

  ChatPiece used = ranked;
  used.clear();
  CHECK(used == ChatPiece());
}

TEST_CASE("chat piece: refusals append to a part of their own") {
  ChatPiece a, b;
  a.refusal = "I can";
  b.refusal = "not";
  const AIMessage message = joined({text_piece("x"), a, b});
  REQUIRE(message.parts.size() == 2);
  CHECK(message.parts[1] == Part(lian::RefusalPart("I cannot")));
}

TEST_CASE("chat piece: tool call fragments join by index, interleaved or out of order") {
  const AIMessage message =
      joined({call_piece(1, "b", "g", "{\"y\""), call_piece(0, "a", "f", ""),
              call_piece(1, "", "", ":2}"), call_piece(0, "", "", "{}"), text_piece("done")});
  REQUIRE(message.parts.size() == 3);
  CHECK(message.parts[0] == Part(lian::ToolCall("a", "f", "{}")));
  CHECK(message.parts[1] == Part(lian::ToolCall("b", "g", "{\"y\":2}")));
  CHECK(message.text() == "done");
}

TEST_CASE("chat piece: providers that repeat, or leave out, id, name and index") {
  const AIMessage repeated = joined({call_piece(0, "a", "f", "{"), call_piece(0, "a", "f", "}")});
  REQUIRE(repeated.parts.size() == 1);
  CHECK(repeated.parts[0] == Part(lian::ToolCall("a", "f", "{}")));

  const AIMessage same_index = joined(
      {call_piece(0, "a", "f", "{}"), call_piece(0, "b", "g", "{"), call_piece(0, "", "", "}")});
  REQUIRE(same_index.parts.size() == 2);
  CHECK(same_index.parts[1] == Part(lian::ToolCall("b", "g", "{}")));

  const AIMessage no_index = joined({call_piece(-1, "a", "f", "{"), call_piece(-1, "", "", "}"),
                                     call_piece(-1, "", "g", "{}"), call_piece(-1, "", "h", "{}")});
  REQUIRE(no_index.parts.size() == 3);
  CHECK(no_index.parts[0] == Part(lian::ToolCall("a", "f", "{}")));
  CHECK(no_index.parts[2] == Part(lian::ToolCall("", "h", "{}")));
}

TEST_CASE("chat piece: finish marks calls whose arguments are no JSON object") {
  const AIMessage message =
      joined({call_piece(0, "a", "f", "{\"x\":"), call_piece(1, "b", "g", "[1]"),
              call_piece(2, "c", "h", ""), call_piece(3, "d", "i", "{}")});
  REQUIRE(message.invalid_tool_calls().size() == 3);
  CHECK_THAT(message.invalid_tool_calls()[0].error, Catch::Contains("not valid JSON at byte 5"));
  CHECK_THAT(message.invalid_tool_calls()[1].error, Catch::Contains("array, not a JSON object"));
  CHECK(message.tool_calls().size() == 1);
}

TEST_CASE("chat piece: of the partial tool arguments only the whole ones are valid") {
  const std::string lines = lian::test::read_data("partial_tool_json.jsonl");
  std::size_t count = 0;
  for (std::size_t at = 0; at < lines.size(); ++count) {
    const std::size_t end = lines.find('\n', at);
    const Json row = Json::parse(lines.substr(at, end - at));
    at = end + 1;
    const std::string why(row["why"].as_string());
    INFO(why);
    const AIMessage message =
        joined({call_piece(0, "a", "f", std::string(row["input"].as_string()))});
    const std::string expected(row["final"].as_string());
    const bool either = expected == "deterministic" || expected.starts_with("exact or error");
    if (!either) CHECK(message.tool_calls().size() == (expected == "ok" ? 1U : 0U));
    CHECK(message.parts.size() == 1);
  }
  CHECK(count > 50);
}

TEST_CASE("chat piece: the end of a reply sets, vendor fields merge") {
  ChatPiece start, end;
  start.id = "id-1";
  start.model = "m";
  start.extra = Json::object({{"fingerprint", "f"}, {"a", Json::object({{"x", 1}})}});
  end.finish_reason = lian::FinishReason::stop;
  end.raw_finish_reason = "stop";
  end.usage = lian::Usage(3, 4);
  end.extra = Json::object({{"fingerprint", "f"}, {"a", Json::object({{"y", 2}})}, {"n", nullptr}});
  const AIMessage message = joined({start, text_piece("x"), end});
  CHECK(message.id == "id-1");
  CHECK(message.model == "m");
  CHECK(message.finish_reason == lian::FinishReason::stop);
  CHECK(message.usage == lian::Usage(3, 4));
  CHECK(message.extra.dump() == R"({"fingerprint":"f","a":{"x":1,"y":2},"n":null})");
}

TEST_CASE("chat piece: pieces of other choices go to the alternatives") {
  ChatPiece second = text_piece("two");
  second.choice = 2;
  const AIMessage message = joined({text_piece("zero"), second, second});
  REQUIRE(message.alternatives.size() == 2);
  CHECK(message.text() == "zero");
  CHECK(message.alternatives[0].parts.empty());
  CHECK(message.alternatives[1].text() == "twotwo");

  AIMessage target;
  second.choice = -1;
  CHECK_THROWS_AS(append(target, ChatPiece(second)), lian::Error);
  second.choice = 2000000000;
  CHECK_THROWS_AS(append(target, ChatPiece(second)), lian::LimitError);
}

TEST_CASE("chat piece: clear empties every field") {
  AIMessage full = Generator(7).message();
  full.parts = {Part(lian::TextPart("a")), Part(lian::TextPart("b"))};
  full.usage = lian::Usage(1, 1);
  ChatPiece piece = to_piece(full);
  piece.choice = 3;
  piece.clear();
  CHECK(piece == ChatPiece());
}

TEST_CASE("chat piece: append of the one-piece form gives the message back") {
  for (unsigned seed = 0; seed < 3000; ++seed) {
    INFO(seed);
    const AIMessage message = Generator(seed).message();
    ChatPiece piece = to_piece(message);
    CHECK(piece.text == message.text());
    AIMessage back;
    append(back, std::move(piece));
    finish(back);
    REQUIRE(back == message);
  }
}

TEST_CASE("message json: any message comes back") {
  for (unsigned seed = 0; seed < 1000; ++seed) {
    INFO(seed);
    const AIMessage message = Generator(seed).message();
    const std::string text = to_json(message).dump();
    INFO(text);
    REQUIRE(lian::ai_message_from_json(Json::parse(text)) == message);
    const lian::Message base = message;
    REQUIRE(lian::message_from_json(Json::parse(to_json(base).dump())) == base);
  }
}

TEST_CASE("message json: unknown parts and fields survive") {
  const std::string text =
      R"({"role":"user","parts":[{"type":"video","url":"u","fps":3},)"
      R"({"type":"text","text":"a","cache_control":{"type":"ephemeral"}},)"
      R"({"type":"file","data":"AQID","mime_type":"application/pdf","name":"a.pdf"}],"later":[1]})";
  const lian::Message message = lian::message_from_json(Json::parse(text));
  CHECK(to_json(message).dump() == text);
  CHECK(std::get<lian::UnknownPart>(message.parts[0]).kind == "video");
  CHECK(std::get<lian::TextPart>(message.parts[1]).extra["cache_control"]["type"] == "ephemeral");
  CHECK(std::get<lian::FilePart>(message.parts[2]).source.data == "\x01\x02\x03");
}

TEST_CASE("message json: bad JSON names the place") {
  const auto read = [](const char* text) { return lian::message_from_json(Json::parse(text)); };
  CHECK_THROWS_WITH(read("1"), "message: expected object, got integer");
  CHECK_THROWS_WITH(read("{}"), "message.role: missing");
  CHECK_THROWS_WITH(
      read(R"({"role":"chef"})"),
      "message.role: 'chef' is none of system, developer, user, assistant, tool, other");
  CHECK_THROWS_WITH(read(R"({"role":"user","parts":[{"type":"text","text":"a"},{"type":"text"}]})"),
                    "message.parts[1].text: missing");
  CHECK_THROWS_WITH(read(R"({"role":"user","parts":[{"type":"image","data":"a b"}]})"),
                    "message.parts[0].data: expected base64 (RFC 4648 with padding)");
  CHECK_THROWS_WITH(read(R"({"role":"user","parts":{}})"),
                    "message.parts: expected array, got object");
}

TEST_CASE("message json: an extra field cannot take the place of lian's own") {
  lian::AIMessage message("a");
  message.extra = Json::object(
      {{"role", "system"}, {"usage", Json::object({{"n", 1}})}, {"extra", 2}, {"tier", "x"}});
  std::get<lian::TextPart>(message.parts[0]).extra = Json::object({{"type", "t"}, {"name", "n"}});
  const Json json = to_json(message);
  CHECK(json["role"] == "assistant");
  CHECK(json["tier"] == "x");
  CHECK(json["extra"].dump() == R"({"role":"system","usage":{"n":1},"extra":2})");
  CHECK(lian::ai_message_from_json(json) == message);
  CHECK(lian::message_from_json(json) == static_cast<const lian::Message&>(message));
}

TEST_CASE("message json: extra is an object") {
  lian::Message message = lian::user("a");
  message.extra = Json("text");
  CHECK_THROWS_AS(to_json(message), lian::Error);
  CHECK_THROWS_AS(lian::message_from_json(
                      Json::parse(R"({"role":"user","parts":[],"extra":[1]})")),
                  lian::Error);
}
