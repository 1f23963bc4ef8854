// trim_messages, filter_messages, merge_message_runs and the token counter: LangChain's own tables
// (libs/core/tests/unit_tests/messages/test_utils.py of langchain, MIT), and what lian adds.
#include <algorithm>
#include <string>

#include "lian/core/pipe.hpp"
#include "lian/memory/filter_messages.hpp"
#include "lian/memory/merge_message_runs.hpp"
#include "lian/memory/trim_messages.hpp"
#include "lian/model/prompt.hpp"
#include "memory/conversation.hpp"
#include "support/async.hpp"
#include "support/catch.hpp"
#include "support/scripted.hpp"

using namespace lian;
using lian::test::calling;
using lian::test::kind_of;
using lian::test::pairs_are_whole;
using lian::test::result_of;
using lian::test::tool_turn;
using lian::test::with_id;

namespace {

const std::string four_tokens = "This is a 4 token text.";

Message two_blocks() {
  return with_id(Message(Role::assistant, {TextPart("This is the FIRST 4 token block."),
                                           TextPart("This is the SECOND 4 token block.")}),
                 "second");
}

Messages to_trim() {
  return {lian::system(four_tokens), with_id(user(four_tokens), "first"), two_blocks(),
          with_id(user(four_tokens), "third"), with_id(assistant(four_tokens), "fourth")};
}

// 3 tokens before and behind each message, 4 a part.
std::int64_t dummy_count(const Messages& messages) {
  std::int64_t count = 0;
  for (const Message& message : messages)
    count += 6 + 4 * static_cast<std::int64_t>(std::max<std::size_t>(1, message.parts.size()));
  return count;
}

TrimOptions dummy(std::int64_t max_tokens) {
  return TrimOptions(max_tokens).token_counter(dummy_count);
}

std::int64_t count_bytes(const Messages& messages) {
  std::int64_t count = 0;
  for (const Message& message : messages) count += static_cast<std::int64_t>(message.text().size());
  return count;
}

std::vector<std::string> letters(const std::string& text) {
  std::vector<std::string> out;
  for (const char c : text) out.emplace_back(1, c);
  return out;
}

std::vector<std::string> words(const std::string& text) {
  std::vector<std::string> out(1);
  for (const char c : text) {
    out.back() += c;
    if (c == ' ') out.emplace_back();
  }
  return out;
}

Message block(std::size_t index) {
  Message message = two_blocks();
  message.parts = {message.parts[index]};
  return message;
}

}  // namespace

TEST_CASE("trim_messages: the first that fit") {
  const Messages all = to_trim();
  const TrimOptions first = dummy(30).strategy(TrimStrategy::first);
  CHECK(trim_messages(all, first) == Messages{all[0], all[1]});
  CHECK(trim_messages(all, TrimOptions(first).allow_partial(true)) ==
        Messages{all[0], all[1], block(0)});
  CHECK(trim_messages(all, TrimOptions(first).allow_partial(true).end_on({Role::user})) ==
        Messages{all[0], all[1]});
}

TEST_CASE("trim_messages: the last that fit, with the system's message") {
  const Messages all = to_trim();
  const auto with_system = [](std::int64_t max_tokens) {
    return dummy(max_tokens).include_system(true);
  };
  CHECK(trim_messages(all, with_system(30)) == Messages{all[0], all[3], all[4]});
  CHECK(trim_messages(all, with_system(40).allow_partial(true)) ==
        Messages{all[0], block(1), all[3], all[4]});
  CHECK(trim_messages(all, with_system(30).allow_partial(true).end_on({Role::user})) ==
        Messages{all[0], block(1), all[3]});
  CHECK(trim_messages(all, with_system(30).allow_partial(true).start_on({Role::user})) ==
        Messages{all[0], all[3], all[4]});
  CHECK(trim_messages({}, with_system(10)).empty());
}

TEST_CASE("trim_messages: one message is cut by a splitter, from either end") {
  const Messages one{with_id(user("This is a funky text."), "third")};
  const TrimOptions cut =
      TrimOptions(2).token_counter(count_bytes).text_splitter(letters).allow_partial(true);
  CHECK(trim_messages(one, TrimOptions(cut).strategy(TrimStrategy::first)) ==
        Messages{with_id(user("Th"), "third")});
  CHECK(trim_messages(one, cut) == Messages{with_id(user("t."), "third")});
  const Messages longer{user("This is a long message that needs trimming")};
  const TrimOptions ten = TrimOptions(10).token_counter(count_bytes).text_splitter(letters);
  CHECK(trim_messages(longer, TrimOptions(ten).allow_partial(true).strategy(TrimStrategy::first)) ==
        Messages{user("This is a ")});
}

TEST_CASE("trim_messages: a splitter of words, and the default of lines") {
  const auto count_words = [](const Message& message) {
    return static_cast<std::int64_t>(words(message.text()).size());
  };
  const Messages all = to_trim();
  CHECK(trim_messages(
            all,
            TrimOptions(10).token_counter(count_words).text_splitter(words).allow_partial(true)) ==
        Messages{with_id(user("a 4 token text."), "third"), all[4]});
  const Messages lines{user("one\ntwo\nthree")};
  const TrimOptions bytes = TrimOptions(9).token_counter(count_bytes).allow_partial(true);
  CHECK(trim_messages(lines, bytes) == Messages{user("two\nthree")});
  CHECK(trim_messages(lines, TrimOptions(bytes).strategy(TrimStrategy::first)) ==
        Messages{user("one\ntwo\n")});
}

TEST_CASE("trim_messages: exact limits, parts of text, beginning with the user") {
  const Messages two{lian::system("10 tokens exactly."), user("Another 10 tokens.")};
  CHECK(trim_messages(two, dummy(10).strategy(TrimStrategy::first)) == Messages{two[0]});
  CHECK(trim_messages(two, dummy(20).strategy(TrimStrategy::first)) == two);
  CHECK(trim_messages(two, dummy(0)).empty());

  const Messages mixed{Message(Role::assistant, {TextPart("First part of text."),
                                                 TextPart("Second part that should be trimmed.")})};
  const Messages cut = trim_messages(
      mixed,
      TrimOptions(20).token_counter(count_bytes).strategy(TrimStrategy::first).allow_partial(true));
  CHECK(cut == Messages{assistant("First part of text.")});

  const Messages three{user("First human message"), assistant("AI response"),
                       user("Second human message")};
  CHECK(trim_messages(three, dummy(20).allow_partial(true).start_on({Role::user})) ==
        Messages{three[2]});
}

TEST_CASE("trim_messages: what goes with the strategy last alone is refused with first") {
  const TrimOptions first = dummy(10).strategy(TrimStrategy::first);
  CHECK(kind_of([&] { trim_messages({}, TrimOptions(first).start_on({Role::user})); }) ==
        ErrorKind::config);
  CHECK(kind_of([&] { trim_messages(TrimOptions(first).include_system(true)); }) ==
        ErrorKind::config);
}

TEST_CASE("trim_messages: a call and its results go together, wherever it is cut") {
  Messages all{lian::system("You look words up.")};
  for (const std::string name : {"a", "b"})
    for (Message& message : tool_turn(name)) all.push_back(std::move(message));
  for (std::int64_t limit = 0; limit <= dummy_count(all); ++limit) {
    INFO(limit);
    for (const bool partial : {false, true}) {
      const Messages last = trim_messages(all, dummy(limit).allow_partial(partial));
      const Messages first =
          trim_messages(all, dummy(limit).allow_partial(partial).strategy(TrimStrategy::first));
      CHECK(pairs_are_whole(last));
      CHECK(pairs_are_whole(first));
      CHECK(dummy_count(last) <= limit);
      CHECK(dummy_count(first) <= limit);
      const Messages turns =
          trim_messages(all, dummy(limit).include_system(true).start_on({Role::user}));
      CHECK(pairs_are_whole(turns));
      if (turns.size() > 1) CHECK(turns[1].role == Role::user);
    }
  }
  CHECK(trim_messages(all, dummy(dummy_count(all))) == all);
}

TEST_CASE("trim_messages: call ids that come again belong to the nearest call") {
  const Messages all{user("one"), calling({"0"}), result_of("0"),
                     user("two"), calling({"0"}), result_of("0")};
  CHECK(trim_messages(all, dummy(30)) == Messages(all.begin() + 3, all.end()));
  CHECK(trim_messages(all, dummy(40)) == Messages(all.begin() + 3, all.end()));
}

TEST_CASE("trim_messages: a call that nobody has answered yet stays") {
  const Messages all{user("old"), user("one"), calling({"x"})};
  CHECK(trim_messages(all, dummy(20)) == Messages{all[1], all[2]});
}

TEST_CASE("trim_messages: a step of a pipe") {
  const auto script = std::make_shared<lian::test::Script>();
  script->pieces = {"yes"};
  const auto chain = ChatPromptTemplate({MessagesPlaceholder("history"), user("{question}")}) |
                     trim_messages(dummy(10)) | lian::test::scripted(script);
  CHECK(chain.invoke(values("history", to_trim(), "question", "well?")).text() == "yes");
  REQUIRE(script->asked.size() == 1);
  CHECK(script->asked[0] == Messages{user("well?")});
}

TEST_CASE("filter_messages: LangChain's table") {
  Message first = with_id(lian::system("foo"), "1"), second = with_id(user("bar"), "2");
  first.name = "blah";
  second.name = "blur";
  const Messages all{first, second};
  const MessageFilter filters[] = {
      MessageFilter().include_names({"blur"}),
      MessageFilter().exclude_names({"blah"}),
      MessageFilter().include_ids({"2"}),
      MessageFilter().exclude_ids({"1"}),
      MessageFilter().include_types({Role::user}),
      MessageFilter().exclude_types({Role::system}),
      MessageFilter().include_names({"blah", "blur"}).exclude_types({Role::system})};
  for (const MessageFilter& filter : filters) {
    CHECK(filter_messages(all, filter) == Messages{second});
    CHECK(filter_messages(filter).invoke(all) == Messages{second});
  }
  CHECK(filter_messages(all, MessageFilter()) == all);
}

TEST_CASE("filter_messages: tool calls are left out, all or by id") {
  const Messages all{with_id(user("foo"), "1"),           with_id(assistant("foo-response"), "2"),
                     with_id(user("bar"), "3"),           with_id(calling({"1", "2"}, "bar"), "4"),
                     with_id(result_of("1", "baz"), "5"), with_id(result_of("2", "qux"), "6")};
  const Messages without(all.begin(), all.begin() + 3);
  CHECK(filter_messages(all, MessageFilter().exclude_all_tool_calls()) == without);
  CHECK(filter_messages(all, MessageFilter().exclude_tool_calls({"1", "2"})) == without);
  const Messages one = filter_messages(all, MessageFilter().exclude_tool_calls({"2"}));
  REQUIRE(one.size() == 5);
  CHECK(one[3] == with_id(calling({"1"}, "bar"), "4"));
  CHECK(one[4] == all[4]);
  const Messages other = filter_messages(all, MessageFilter().exclude_tool_calls({"1"}));
  REQUIRE(other.size() == 5);
  CHECK(other[3] == with_id(calling({"2"}, "bar"), "4"));
  CHECK(other[4] == all[5]);
}

TEST_CASE("filter_messages: a call goes with the results it loses, and they with it") {
  Messages all = tool_turn("a");
  const Messages ends{all.front(), all.back()};
  CHECK(filter_messages(all, MessageFilter().exclude_types({Role::tool})) == ends);
  all[1].id = "call";
  CHECK(filter_messages(all, MessageFilter().exclude_ids({"call"})) == ends);
  all[3].name = "slow";
  CHECK(filter_messages(all, MessageFilter().exclude_names({"slow"})) == ends);
  CHECK(filter_messages(all, MessageFilter().include_types({Role::user, Role::tool})) ==
        Messages{all.front()});
}

TEST_CASE("merge_message_runs: plain texts are joined by the separator") {
  for (const Role role : {Role::user, Role::assistant, Role::system}) {
    const Messages all{Message(role, "foo"), Message(role, "bar"), Message(role, "baz")};
    CHECK(merge_message_runs(all) == Messages{Message(role, "foo\nbar\nbaz")});
    CHECK(merge_message_runs(all, "<sep>") == Messages{Message(role, "foo<sep>bar<sep>baz")});
    CHECK(merge_message_runs("").invoke(all) == Messages{Message(role, "foobarbaz")});
  }
  const Messages turns{user("a"), assistant("b"), user("c")};
  CHECK(merge_message_runs(turns) == turns);
}

TEST_CASE("merge_message_runs: parts and calls stand behind each other under the first id") {
  Message second = with_id(
      Message(Role::assistant, {TextPart("bar"), ImagePart(MediaSource::from_url("https://x/y"))}),
      "2");
  second.parts.emplace_back(ToolCall("tool1", "foo_tool", R"({"x":1})"));
  Message third = with_id(assistant("baz"), "3");
  third.parts.emplace_back(ToolCall("tool2", "foo_tool", R"({"x":5})"));
  Message first = with_id(assistant("foo"), "1");
  first.extra = Json::object({{"kept", 1}});
  const Messages merged = merge_message_runs({first, second, third});
  REQUIRE(merged.size() == 1);
  CHECK(merged[0].id == "1");
  CHECK(merged[0].extra == first.extra);
  const std::vector<Part> parts{TextPart("foo"), second.parts[0], second.parts[1],
                                second.parts[2], TextPart("baz"), third.parts[1]};
  CHECK(merged[0].parts == parts);
}

TEST_CASE("merge_message_runs: tool results, and speakers of other names, stay apart") {
  const Messages results{result_of("1"), result_of("2")};
  CHECK(merge_message_runs(results) == results);
  Message critic(Role::other, "no"), author(Role::other, "yes");
  critic.role_name = "critic";
  author.role_name = "author";
  CHECK(merge_message_runs({critic, author}) == Messages{critic, author});
  CHECK(merge_message_runs({critic, critic}).size() == 1);
}

TEST_CASE("count_tokens_approximately: LangChain's figures") {
  CHECK(count_tokens_approximately({}) == 0);
  CHECK(count_tokens_approximately({user("")}) == 4);
  Messages named{user("Hello"), assistant("Hi there")};
  CHECK(count_tokens_approximately(named) == 14);
  named[0].name = "user";
  named[1].name = "assistant";
  CHECK(count_tokens_approximately(named) == 17);
  CHECK(count_tokens_approximately(named, TokenEstimate().count_name(false)) == 14);
  // A token a code point and none beside: texts, roles.
  const TokenEstimate exact = TokenEstimate().chars_per_token(1).extra_tokens_per_message(0);
  CHECK(count_tokens_approximately({user("Hello")}, exact) == 9);
  CHECK(count_tokens_approximately({result_of("call_1", "42")}, exact) == 12);
  // [{'name': 'foo', 'args': {'bar': 1}, 'id': '1', 'type': 'tool_call'}]
  Message call = assistant("");
  call.parts.emplace_back(ToolCall("1", "foo", R"({"bar": 1})"));
  CHECK(count_tokens_approximately({call}, exact) == 9 + 69);
  const Message image =
      user({ImagePart(MediaSource::from_bytes(std::string(9000, 'x'), "image/png"))});
  CHECK(count_tokens_approximately({image}) == 85 + 1 + 3);
  CHECK(count_tokens_approximately({}, TokenEstimate().tools(Json::array({"12"}))) == 2);
}

TEST_CASE("count_tokens_approximately: Chinese counts by the character") {
  CHECK(count_tokens_approximately({user("今天天气很好")}) == 6 + 1 + 3);
  CHECK(count_tokens_approximately({user("今天天气很好")},
                                   TokenEstimate().tokens_per_cjk_char(0.25)) == 3 + 3);
  CHECK(kind_of([] { count_tokens_approximately({}, TokenEstimate().chars_per_token(0)); }) ==
        ErrorKind::config);
}
