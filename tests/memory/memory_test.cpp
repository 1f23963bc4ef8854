// The memories of chains: LangChain's classes, keys and limits.
#include <thread>

#include "lian/core/pipe.hpp"
#include "lian/memory/conversation_buffer_memory.hpp"
#include "lian/memory/conversation_summary_memory.hpp"
#include "lian/memory/sqlite_chat_history_store.hpp"
#include "memory/conversation.hpp"
#include "memory/history_support.hpp"
#include "support/async.hpp"
#include "support/catch.hpp"
#include "support/scripted.hpp"

using namespace lian;
using namespace lian::test;
using Catch::Matchers::ContainsSubstring;

namespace {

// A model that gives its replies one after another; "" fails.
class Summariser final : public ChatStep {
 public:
  explicit Summariser(std::shared_ptr<std::vector<std::string>> replies)
      : replies_(std::move(replies)), asked_(std::make_shared<std::vector<std::string>>()) {}
  std::string name() const override { return "summariser"; }
  std::shared_ptr<const ChatStep> with_options(const ChatOptions&) const override {
    throw Error(ErrorKind::config, "no options");
  }
  Task<AIMessage> run(ChatInput in, Context) const override {
    asked_->push_back(in.messages.front().text());
    if (replies_->empty()) throw Error(ErrorKind::overloaded, "come back later");
    AIMessage reply(replies_->front());
    replies_->erase(replies_->begin());
    co_return reply;
  }
  const std::vector<std::string>& asked() const { return *asked_; }

 private:
  std::shared_ptr<std::vector<std::string>> replies_, asked_;
};

struct Summarising {
  explicit Summarising(std::vector<std::string> given)
      : replies(std::make_shared<std::vector<std::string>>(std::move(given))),
        step(std::make_shared<Summariser>(replies)),
        model(step) {}
  std::shared_ptr<std::vector<std::string>> replies;
  std::shared_ptr<Summariser> step;
  ChatModel model;
};

std::string text_of(const Memory& memory) {
  const Values values = memory.load_memory_variables();
  REQUIRE(values.size() == 1);
  return *values.begin()->value.text();
}

Messages messages_of(const Memory& memory) {
  return *memory.load_memory_variables().begin()->value.messages();
}

MemoryOptions as_messages() { return MemoryOptions().return_messages(true); }

std::int64_t ten_each(const Message&) { return 10; }

void say(Memory& memory, const std::string& name) {
  memory.save_context({{"input", name + "?"}}, {{"output", name + "!"}});
}

ChatMessageHistory history_of(const Messages& messages) {
  const ChatMessageHistory history;
  history.add_messages(messages);
  return history;
}

}  // namespace

TEST_CASE("buffer memory: text and messages, prefixes and keys") {
  const ChatMessageHistory history;
  ConversationBufferMemory memory(history);
  CHECK(memory.memory_variables() == std::vector<std::string>{"history"});
  CHECK(text_of(memory) == "");
  memory.save_context({{"input", "hi"}}, {{"output", "whats up"}});
  CHECK(text_of(memory) == "Human: hi\nAI: whats up");
  CHECK(messages_of(ConversationBufferMemory(history, as_messages())) ==
        Messages{user("hi"), assistant("whats up")});
  const ConversationBufferMemory chinese(
      history, MemoryOptions().memory_key("对话").human_prefix("用户").ai_prefix("助手"));
  CHECK(chinese.load_memory_variables().at("对话") == Value("用户: hi\n助手: whats up"));
  CHECK(memory.chat_memory().size() == 2);
  memory.clear();
  CHECK(text_of(memory) == "");
}

TEST_CASE("memory: which input and output are kept") {
  const auto kept = [](MemoryOptions options, Values inputs, Values outputs) {
    ConversationBufferMemory memory(ChatMessageHistory(), options);
    memory.save_context(std::move(inputs), std::move(outputs));
    return text_of(memory);
  };
  const MemoryOptions usual;
  CHECK(kept(usual, {{"question", "a"}, {"history", "x"}, {"stop", "y"}}, {{"text", "b"}}) ==
        "Human: a\nAI: b");
  CHECK(kept(MemoryOptions().input_key("i").output_key("o"), {{"i", "a"}, {"j", "x"}},
             {{"o", "b"}, {"p", "y"}}) == "Human: a\nAI: b");
  CHECK(kept(usual, {{"i", "a"}}, {{"other", "x"}, {"output", "b"}}) == "Human: a\nAI: b");
  CHECK(kept(usual, {{"i", Messages{lian::system("s"), user("a")}}}, {{"o", assistant("b")}}) ==
        "System: s\nHuman: a\nAI: b");
  const auto said = [&](MemoryOptions options, Values inputs, Values outputs) {
    CHECK(kind_of([&] { kept(options, inputs, outputs); }) == ErrorKind::validation);
    return message_of([&] { kept(options, inputs, outputs); });
  };
  CHECK_THAT(said(usual, {{"a", "1"}, {"b", "2"}}, {{"o", "b"}}), ContainsSubstring("a, b"));
  CHECK_THAT(said(usual, {}, {{"o", "b"}}), ContainsSubstring("none"));
  CHECK_THAT(said(usual, {{"a", "1"}}, {{"c", "1"}, {"d", "2"}}), ContainsSubstring("c, d"));
  CHECK_THAT(said(usual, {{"a", 1}}, {{"o", "b"}}), ContainsSubstring("\"a\" is number"));
  CHECK_THAT(said(MemoryOptions().input_key("q"), {{"a", "1"}}, {{"o", "b"}}),
             ContainsSubstring("q"));
}

TEST_CASE("window memory: the last k turns") {
  const ChatMessageHistory history;
  ConversationBufferWindowMemory five(5, history), two(2, history);
  for (int i = 0; i < 7; ++i) say(two, std::to_string(i));
  CHECK(text_of(two) == "Human: 5?\nAI: 5!\nHuman: 6?\nAI: 6!");
  CHECK_THAT(text_of(five), Catch::Matchers::StartsWith("Human: 2?\n"));
  CHECK(text_of(ConversationBufferWindowMemory(0, history)) == "");
  CHECK(text_of(ConversationBufferWindowMemory(-1, history)) == "");
  CHECK(history.size() == 14);
  two.clear();
  CHECK(text_of(five) == "");
}

TEST_CASE("window memory: no tool result is shown without its call") {
  Messages all;
  for (const std::string name : {"a", "b", "c"})
    for (Message& message : tool_turn(name)) all.push_back(std::move(message));
  const ChatMessageHistory history = history_of(all);
  for (int k = 0; k <= 9; ++k) {
    const Messages shown = messages_of(ConversationBufferWindowMemory(k, history, as_messages()));
    INFO(k);
    CHECK(pairs_are_whole(shown));
    CHECK(shown.size() <= 2 * static_cast<std::size_t>(k));
    if (k > 0) CHECK(shown.back() == all.back());
  }
}

TEST_CASE("token memory: the newest messages that fit, read no further than needed") {
  const ChatMessageHistory history;
  ConversationTokenBufferMemory memory(30, history, MemoryOptions(), ten_each);
  for (int i = 0; i < 200; ++i) say(memory, std::to_string(i));
  CHECK(text_of(memory) == "AI: 198!\nHuman: 199?\nAI: 199!");
  for (const std::int64_t limit : {0, 9, 10, 640, 650, 3990, 4000, 9999}) {
    const ConversationTokenBufferMemory other(limit, history, as_messages(), ten_each);
    const Messages shown = messages_of(other);
    CHECK(shown.size() == std::min<std::size_t>(400, static_cast<std::size_t>(limit) / 10));
  }
  CHECK(history.size() == 400);
  Messages all;
  for (int i = 0; i < 30; ++i)
    for (Message& message : tool_turn(std::to_string(i) + "-")) all.push_back(std::move(message));
  const ChatMessageHistory tools = history_of(all);
  for (std::int64_t limit = 0; limit <= 1510; limit += 10)
    CHECK(pairs_are_whole(
        messages_of(ConversationTokenBufferMemory(limit, tools, as_messages(), ten_each))));
}

TEST_CASE("token memory: counts about as a model does by default") {
  ConversationTokenBufferMemory memory;
  for (int i = 0; i < 40; ++i)
    memory.save_context({{"input", std::string(400, 'x')}}, {{"output", std::string(400, 'y')}});
  const ConversationTokenBufferMemory messages(2000, memory.chat_memory(), as_messages());
  const Messages shown = messages_of(messages);
  CHECK(count_tokens_approximately(shown) <= 2000);
  CHECK(count_tokens_approximately(shown) > 1800);
  CHECK(memory.chat_memory().size() == 80);
}

TEST_CASE("summary memory: each turn continues the summary") {
  Summarising world({"first", "second"});
  ConversationSummaryMemory memory(world.model);
  CHECK(text_of(memory) == "");
  say(memory, "a");
  CHECK(text_of(memory) == "first");
  CHECK_THAT(world.step->asked()[0], ContainsSubstring("Current summary:\n\n") &&
                                         ContainsSubstring("Human: a?\nAI: a!\n\nNew summary:"));
  say(memory, "b");
  CHECK(text_of(memory) == "second");
  CHECK_THAT(world.step->asked()[1], ContainsSubstring("Current summary:\nfirst\n") &&
                                         ContainsSubstring("Human: b?\nAI: b!"));
  CHECK(memory.summary() == Summary("second", 4));
  CHECK(memory.chat_memory().size() == 4);
  memory.clear();
  CHECK(memory.summary() == Summary());
  CHECK(text_of(memory) == "");
}

TEST_CASE("summary memory: as a message, with a prompt and prefixes of one's own") {
  Summarising world({"总结"});
  ConversationSummaryMemory memory(world.model, ChatMessageHistory(),
                                   as_messages().human_prefix("用户").ai_prefix("助手"),
                                   SummaryOptions().prompt("已有：{summary}\n新的：{new_lines}"));
  CHECK(messages_of(memory).empty());
  memory.save_context({{"input", "你好"}}, {{"output", "您好"}});
  CHECK(world.step->asked()[0] == "已有：\n新的：用户: 你好\n助手: 您好");
  CHECK(messages_of(memory) == Messages{lian::system("总结")});
  CHECK(kind_of([&] {
          ConversationSummaryMemory(world.model, ChatMessageHistory(), MemoryOptions(),
                                    SummaryOptions().prompt("{summary}"));
        }) == ErrorKind::config);
}

TEST_CASE("summary memory: a history that is there is taken in by steps") {
  Summarising world({"1", "2", "3"});
  const ChatMessageHistory history = history_of(numbered("m", 0, 5));
  ConversationSummaryMemory memory(world.model, history);
  memory.summarize();
  CHECK(world.step->asked().size() == 3);
  CHECK_THAT(world.step->asked()[2], ContainsSubstring("Current summary:\n2\n") &&
                                         ContainsSubstring("Human: m 4\n\nNew summary"));
  CHECK(memory.summary() == Summary("3", 5));
  // As a program that remembered it starts again.
  const ConversationSummaryMemory later(world.model, history, MemoryOptions(),
                                        SummaryOptions().summary(memory.summary()));
  CHECK(text_of(later) == "3");
}

TEST_CASE("summary memory: a model that fails loses no message") {
  Summarising world({"first"});
  ConversationSummaryMemory memory(world.model);
  say(memory, "a");
  CHECK(kind_of([&] { say(memory, "b"); }) == ErrorKind::overloaded);
  CHECK(text_of(memory) == "first\nHuman: b?\nAI: b!");
  const Messages shown{lian::system("first"), user("b?"), assistant("b!")};
  const ConversationSummaryMemory as_list(world.model, memory.chat_memory(), as_messages(),
                                          SummaryOptions().summary(memory.summary()));
  CHECK(messages_of(as_list) == shown);
  world.replies->push_back("\n ");
  CHECK(kind_of([&] { say(memory, "c"); }) == ErrorKind::validation);
  world.replies->push_back("all of it");
  say(memory, "d");
  CHECK(text_of(memory) == "all of it");
  CHECK(memory.summary().messages == 8);
  CHECK_THAT(world.step->asked().back(),
             ContainsSubstring("Human: b?\nAI: b!\nHuman: c?\nAI: c!\nHuman: d?\nAI: d!"));
}

TEST_CASE("summary buffer memory: the oldest go into the summary, in one call") {
  Summarising world({"old", "older and old"});
  ConversationSummaryBufferMemory memory(
      world.model, ChatMessageHistory(), MemoryOptions(),
      SummaryOptions().max_token_limit(30).token_counter(ten_each));
  say(memory, "a");
  CHECK(text_of(memory) == "Human: a?\nAI: a!");
  CHECK(memory.moving_summary_buffer().empty());
  CHECK(world.step->asked().empty());
  say(memory, "b");
  CHECK(memory.moving_summary_buffer() == "old");
  CHECK(text_of(memory) == "System: old\nAI: a!\nHuman: b?\nAI: b!");
  CHECK_THAT(world.step->asked()[0], ContainsSubstring("lines of conversation:\nHuman: a?\n\n"));
  say(memory, "c");
  CHECK(world.step->asked().size() == 2);
  CHECK_THAT(world.step->asked()[1], ContainsSubstring("Current summary:\nold\n") &&
                                         ContainsSubstring("AI: a!\nHuman: b?\n\n"));
  const ConversationSummaryBufferMemory list(world.model, memory.chat_memory(), as_messages(),
                                             SummaryOptions().summary(memory.summary()));
  CHECK(messages_of(list) ==
        Messages{lian::system("older and old"), assistant("b!"), user("c?"), assistant("c!")});
  CHECK(memory.chat_memory().size() == 6);
  memory.clear();
  CHECK(text_of(memory) == "");
}

TEST_CASE("summary buffer memory: 2000 tokens by default, and a message above the limit") {
  Summarising world({"short", "shorter"});
  ConversationSummaryBufferMemory memory(world.model);
  say(memory, std::string(3000, 'x'));
  CHECK(world.step->asked().empty());
  say(memory, std::string(3000, 'y'));
  CHECK(memory.summary().messages == 2);
  memory.save_context({{"input", std::string(20000, 'z')}}, {{"output", std::string(20000, 'z')}});
  CHECK(memory.summary() == Summary("shorter", 6));
  CHECK(text_of(memory) == "System: shorter");
}

TEST_CASE("summary buffer memory: calls go with their results") {
  for (std::int64_t limit = 0; limit <= 110; limit += 10) {
    Messages all = tool_turn("a");
    for (Message& message : tool_turn("b")) all.push_back(std::move(message));
    Summarising world({"sum"});
    ConversationSummaryBufferMemory memory(
        world.model, history_of(all), as_messages(),
        SummaryOptions().max_token_limit(limit).token_counter(ten_each));
    memory.prune();
    const Messages shown = messages_of(memory);
    INFO(limit);
    CHECK(pairs_are_whole(shown));
    const std::size_t rest = all.size() - memory.summary().messages;
    CHECK(shown.size() == rest + (limit < 100 ? 1 : 0));
    CHECK(rest * 10 <= static_cast<std::size_t>(limit));
  }
}

TEST_CASE("summary buffer memory: a model that fails loses no message") {
  Summarising world({});
  ConversationSummaryBufferMemory memory(
      world.model, ChatMessageHistory(), MemoryOptions(),
      SummaryOptions().max_token_limit(20).token_counter(ten_each));
  say(memory, "a");
  CHECK(kind_of([&] { say(memory, "b"); }) == ErrorKind::overloaded);
  CHECK(text_of(memory) == "Human: a?\nAI: a!\nHuman: b?\nAI: b!");
  world.replies->push_back("a was said");
  memory.prune();
  CHECK(text_of(memory) == "System: a was said\nHuman: b?\nAI: b!");
}

TEST_CASE("summary memories: a history cleared elsewhere begins anew") {
  Summarising world({"old", "new"});
  const ChatMessageHistory history;
  ConversationSummaryMemory memory(world.model, history);
  say(memory, "a");
  history.clear();
  CHECK(text_of(memory) == "");
  say(memory, "b");
  CHECK(memory.summary() == Summary("new", 2));
}

TEST_CASE("memories: over a file they go on where a killed program was") {
  const TempFolder folder;
  const auto open = [&] {
    return ChatMessageHistory(std::make_shared<SqliteChatHistoryStore>(folder.path("chat.db")),
                              "s");
  };
  {
    ConversationBufferMemory memory(open());
    say(memory, "a");
  }
  ConversationBufferMemory memory(open());
  say(memory, "b");
  CHECK(text_of(memory) == "Human: a?\nAI: a!\nHuman: b?\nAI: b!");
}

namespace {

Task<Values> talk(Memory* memory, int turns) {
  for (int i = 0; i < turns; ++i) {
    Values inputs = values("input", "q"), outputs = values("output", "a");
    Task<> saving = memory->asave_context(std::move(inputs), std::move(outputs));
    co_await std::move(saving);
  }
  Task<Values> loading = memory->aload_memory_variables();
  co_return co_await std::move(loading);
}

}  // namespace

TEST_CASE("memories: coroutines and threads save at once") {
  Summarising world(std::vector<std::string>(200, "sum"));
  const auto replies_left = [&] { return world.replies->size(); };
  ConversationSummaryMemory summary(world.model);
  block_on(talk(&summary, 5));
  CHECK(replies_left() == 195);
  CHECK(summary.summary() == Summary("sum", 10));
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < 10; ++i) say(summary, "x");
    });
  for (std::thread& thread : threads) thread.join();
  CHECK(summary.summary() == Summary("sum", 90));
  ConversationBufferWindowMemory window(1);
  CHECK(block_on(talk(&window, 3)).at("history") == Value("Human: q\nAI: a"));
  block_on(window.aclear());
  CHECK(text_of(window) == "");
}
