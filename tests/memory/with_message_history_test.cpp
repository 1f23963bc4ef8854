// with_message_history: what a step is told of its session, and what is kept of its runs.
#include <array>
#include <future>
#include <thread>

#include "lian/core/pipe.hpp"
#include "lian/core/when_all.hpp"
#include "lian/memory/in_memory_chat_history_store.hpp"
#include "lian/memory/with_message_history.hpp"
#include "lian/model/output_parser.hpp"
#include "lian/model/prompt.hpp"
#include "memory/conversation.hpp"
#include "memory/history_support.hpp"
#include "support/async.hpp"
#include "support/catch.hpp"
#include "support/scripted.hpp"

using namespace lian;
using namespace lian::test;
using Catch::Matchers::ContainsSubstring;

namespace {

std::shared_ptr<Script> script_of(std::vector<std::string> pieces) {
  auto script = std::make_shared<Script>();
  script->pieces = std::move(pieces);
  return script;
}

Context in_session(const std::string& name) { return Context().with_metadata("session_id", name); }

struct World {
  explicit World(std::vector<std::string> pieces = {"re", "ply"})
      : script(script_of(std::move(pieces))) {}
  ChatMessageHistory of(const std::string& name) const { return ChatMessageHistory(store, name); }
  ChatModel model() const { return scripted(script); }
  std::shared_ptr<Script> script;
  std::shared_ptr<InMemoryChatHistoryStore> store = std::make_shared<InMemoryChatHistoryStore>();
};

}  // namespace

TEST_CASE("with_message_history: a model is told what was said before, and both sides are kept") {
  const World world;
  const auto chat = with_message_history(world.model(), world.store);
  CHECK(chat.invoke("one", in_session("a")).text() == "reply");
  CHECK(chat.invoke("two", in_session("a")).text() == "reply");
  chat.invoke("other", in_session("b"));
  const Messages first{user("one"), assistant("reply")};
  const Messages both{user("one"), assistant("reply"), user("two"), assistant("reply")};
  CHECK(world.of("a").messages() == both);
  CHECK(world.script->asked[0] == Messages{user("one")});
  CHECK(world.script->asked[1] == Messages(both.begin(), both.begin() + 3));
  CHECK(world.script->asked[2] == Messages{user("other")});
}

TEST_CASE("with_message_history: Values with a place for the history, and without") {
  const World world;
  const auto prompt = ChatPromptTemplate(
      {lian::system("You speak {language}."), MessagesPlaceholder("past"), user("{question}")});
  const auto chat = with_message_history(
      prompt | world.model() | StrOutputParser(), world.store,
      MessageHistoryOptions().input_messages_key("question").history_messages_key("past"));
  for (int turn = 0; turn < 2; ++turn)
    chat.invoke({{"language", "French"}, {"question", "hi {you}"}}, in_session("a"));
  const Messages turn{user("hi {you}"), assistant("reply")};
  CHECK(world.of("a").messages() == Messages{turn[0], turn[1], turn[0], turn[1]});
  CHECK(world.script->asked[1] ==
        Messages{lian::system("You speak French."), turn[0], turn[1], turn[0]});

  const auto in_place = with_message_history(
      ChatPromptTemplate({MessagesPlaceholder("messages")}) | world.model(), world.store);
  in_place.invoke({{"messages", Messages{user("x"), user("y")}}}, in_session("c"));
  in_place.invoke({{"messages", user("z")}}, in_session("c"));
  CHECK(world.of("c").messages() ==
        Messages{user("x"), user("y"), assistant("reply"), user("z"), assistant("reply")});
  CHECK(world.script->asked.back() ==
        Messages{user("x"), user("y"), assistant("reply"), user("z")});
}

TEST_CASE("with_message_history: Messages in, Values out, tools between") {
  const World world;
  const Messages steps{calling({"1"}), result_of("1"), assistant("done")};
  const auto agent =
      step<Messages>([steps](Messages) { return values("output", steps, "steps", 3); });
  const auto chat = with_message_history(agent, world.store);
  chat.invoke({user("go")}, in_session("a"));
  CHECK(world.of("a").messages() == Messages{user("go"), steps[0], steps[1], steps[2]});
  const auto named = with_message_history(
      step<Messages>([](Messages) { return values("answer", "yes", "output", "no"); }), world.store,
      MessageHistoryOptions().output_messages_key("answer"));
  named.invoke({user("go")}, in_session("b"));
  CHECK(world.of("b").messages() == Messages{user("go"), assistant("yes")});
  const auto list =
      with_message_history(step<Messages>([steps](Messages) { return steps; }), world.of("c"));
  list.invoke({user("go")});
  CHECK(world.of("c").size() == 4);
}

TEST_CASE("with_message_history: a function of the program's finds the histories") {
  const World world;
  std::vector<std::string> asked;
  const auto chat = with_message_history(
      world.model(),
      [&](const std::string& user_id) {
        asked.push_back(user_id);
        return world.of("user-" + user_id);
      },
      MessageHistoryOptions().session_key("user"));
  chat.invoke("hi", Context().with_metadata("user", "7"));
  CHECK(asked == std::vector<std::string>{"7"});
  CHECK(world.of("user-7").size() == 2);
}

TEST_CASE(
    "with_message_history: calls without a session, and Values without the key, are refused") {
  const World world;
  const auto chat = with_message_history(world.model(), world.store);
  CHECK(kind_of([&] { chat.invoke("hi"); }) == ErrorKind::config);
  CHECK_THAT(message_of([&] { chat.invoke("hi"); }), ContainsSubstring("session_id"));
  CHECK(kind_of([&] { chat.invoke("hi", in_session("")); }) == ErrorKind::validation);
  const auto prompt = ChatPromptTemplate({user("{a} {b}")}) | world.model();
  const auto two = with_message_history(prompt, world.store);
  CHECK(kind_of([&] {
          two.invoke({{"a", "1"}, {"b", "2"}}, in_session("x"));
        }) == ErrorKind::validation);
  const auto number =
      with_message_history(prompt, world.store, MessageHistoryOptions().input_messages_key("a"));
  CHECK_THAT(message_of([&] {
               number.invoke({{"a", 1}, {"b", "2"}}, in_session("x"));
             }),
             ContainsSubstring("\"a\" is number"));
  CHECK(world.script->asked.empty());
  CHECK(kind_of([&] {
          with_message_history(world.model(), std::shared_ptr<ChatHistoryStore>());
        }) == ErrorKind::config);
}

TEST_CASE("with_message_history: a stream passes through and is kept when it has ended") {
  const World world({"a", "b", "c"});
  const auto chat = with_message_history(world.model() | StrOutputParser(), world.store);
  CHECK(describe(chat).front().streams);
  std::string text;
  std::vector<std::size_t> kept;
  for (const std::string& piece : chat.stream("hi", in_session("s"))) {
    text += piece;
    kept.push_back(world.of("s").size());
  }
  CHECK(text == "abc");
  CHECK(kept.size() >= 3);
  CHECK(std::all_of(kept.begin(), kept.end(), [](std::size_t size) { return size == 0; }));
  CHECK(world.of("s").messages() == Messages{user("hi"), assistant("abc")});
}

TEST_CASE("with_message_history: runs that fail and streams that are cut or dropped keep nothing") {
  const World world({"a", "b"});
  const auto chat = with_message_history(world.model(), world.store);
  world.of("s").add_user_message("before");
  world.script->error = Error(ErrorKind::network, "gone");
  CHECK(kind_of([&] { chat.invoke("hi", in_session("s")); }) == ErrorKind::network);
  std::size_t pieces = 0;
  CHECK(kind_of([&] {
          for (const ChatPiece& piece : chat.stream("hi", in_session("s")))
            pieces += piece.text.size();
        }) == ErrorKind::network);
  CHECK(pieces == 2);
  world.script->error.reset();
  for (const ChatPiece& piece : chat.stream("hi", in_session("s"))) {
    CHECK(piece.text == "a");
    break;
  }
  world.script->stalls = true;
  std::stop_source source;
  CHECK(kind_of([&] {
          for (const ChatPiece& piece :
               chat.stream("hi", in_session("s").with_stop(source.get_token())))
            if (piece.text == "b") source.request_stop();
        }) == ErrorKind::cancelled);
  CHECK(world.of("s").messages() == Messages{user("before")});
  world.script->stalls = false;
  chat.invoke("again", in_session("s"));
  CHECK(world.script->asked.back() == Messages{user("before"), user("again")});
}

TEST_CASE("with_message_history: a history that cannot keep the turn fails the run") {
  const World world({"half \xe4\xbd"});
  const auto chat = with_message_history(world.model(), world.store);
  CHECK(kind_of([&] { chat.invoke("hi", in_session("s")); }) == ErrorKind::validation);
  CHECK(kind_of([&] {
          for (const ChatPiece& piece : chat.stream("hi", in_session("s")))
            static_cast<void>(piece);
        }) == ErrorKind::validation);
  CHECK(world.of("s").size() == 0);
}

namespace {

// Answers with the number of messages it was shown, after all that wait have had their chance.
auto counting(std::shared_ptr<std::vector<std::size_t>> seen) {
  return step(
      [seen](Messages messages) -> Task<std::string> {
        return [](std::shared_ptr<std::vector<std::size_t>> list,
                  std::size_t count) -> Task<std::string> {
          Sleep sleeping = lian::sleep(std::chrono::milliseconds(1));
          co_await sleeping;
          list->push_back(count);
          co_return std::to_string(count);
        }(seen, messages.size());
      },
      "counting");
}

void check_turns(const Messages& messages, std::size_t turns) {
  REQUIRE(messages.size() == 2 * turns);
  for (std::size_t i = 0; i < messages.size(); i += 2) {
    CHECK(messages[i].role == Role::user);
    CHECK(messages[i + 1] == assistant(std::to_string(i + 1)));
  }
}

}  // namespace

TEST_CASE("with_message_history: turns of one session run one after another, in order") {
  for (const StoreKind& kind : store_kinds()) {
    DYNAMIC_SECTION(kind.name) {
      const TempFolder folder;
      const auto store = kind.open(folder.path("chat"));
      const auto chat =
          with_message_history(counting(std::make_shared<std::vector<std::size_t>>()), store);
      std::vector<Messages> inputs;
      for (int i = 0; i < 8; ++i) inputs.push_back({user("q" + std::to_string(i))});
      const std::vector<std::string> replies = chat.batch(inputs, in_session("batch"));
      for (std::size_t i = 0; i < inputs.size(); ++i)
        CHECK(replies[i] == std::to_string(2 * i + 1));
      const Messages kept = ChatMessageHistory(store, "batch").messages();
      check_turns(kept, inputs.size());
      for (std::size_t i = 0; i < inputs.size(); ++i) CHECK(kept[2 * i] == inputs[i][0]);

      std::vector<std::thread> threads;
      for (int i = 0; i < 6; ++i)
        threads.emplace_back([&] { chat.invoke({user("x")}, in_session("threads")); });
      for (std::thread& thread : threads) thread.join();
      check_turns(ChatMessageHistory(store, "threads").messages(), 6);
    }
  }
}

TEST_CASE("with_message_history: a thousand sessions at once, asked and streamed") {
  const auto store = std::make_shared<InMemoryChatHistoryStore>();
  const auto chat =
      with_message_history(counting(std::make_shared<std::vector<std::size_t>>()), store);
  std::vector<Task<std::string>> asking;
  for (int turn = 0; turn < 2; ++turn)
    for (int i = 0; i < 1000; ++i)
      asking.push_back(chat.ainvoke({user("hi")}, in_session("s" + std::to_string(i))));
  block_on(when_all(std::move(asking)));
  std::vector<Task<std::vector<std::string>>> streaming;
  for (int i = 0; i < 1000; ++i)
    streaming.push_back(collect(chat.astream({user("hi")}, in_session("s" + std::to_string(i)))));
  block_on(when_all(std::move(streaming)));
  for (int i = 0; i < 1000; ++i)
    check_turns(ChatMessageHistory(store, "s" + std::to_string(i)).messages(), 3);
}

TEST_CASE("with_message_history: a turn inside of a turn of its session does not wait for it") {
  const World world;
  const auto inner = with_message_history(world.model(), world.store);
  const auto nested = step([inner](Messages messages, Context context) -> Task<AIMessage> {
    return inner.ainvoke("inner to " + messages.back().text(), context);
  });
  const auto outer = with_message_history(nested, world.store);
  const Context context = in_session("s").with_timeout(std::chrono::seconds(20));
  CHECK(outer.invoke({user("outer")}, context).text() == "reply");
  const auto blocking = with_message_history(
      step([inner](Messages) { return inner.invoke("blocking"); }), world.store);
  CHECK(blocking.invoke({user("outer")}, context).text() == "reply");
  CHECK(world.of("s").messages() ==
        Messages{user("inner to outer"), assistant("reply"), user("outer"), assistant("reply"),
                 user("blocking"), assistant("reply"), user("outer"), assistant("reply")});
}

TEST_CASE("with_message_history: a half-read blocking stream does not hold up its own thread") {
  const World world({"a", "b"});
  const auto chat = with_message_history(world.model(), world.store);
  const Context context = in_session("s").with_timeout(std::chrono::seconds(20));
  auto half = chat.stream("one", context);
  REQUIRE(half.next() != nullptr);
  chat.invoke("two", context);
  while (half.next() != nullptr) continue;
  CHECK(world.of("s").messages() ==
        Messages{user("two"), assistant("ab"), user("one"), assistant("ab")});
}

TEST_CASE(
    "with_message_history: a turn that waits is ended by its deadline, and the next goes on") {
  const World world({"a"});
  world.script->stalls = true;
  const auto chat = with_message_history(world.model(), world.store);
  std::stop_source source;
  std::promise<void> begun;
  ErrorKind ended = ErrorKind::server;
  std::thread other([&] {
    ended = kind_of([&] {
      for (const ChatPiece& piece :
           chat.stream("first", in_session("s").with_stop(source.get_token())))
        if (piece.text == "a") begun.set_value();
    });
  });
  begun.get_future().wait();
  CHECK(kind_of([&] {
          chat.invoke("second", in_session("s").with_timeout(std::chrono::milliseconds(20)));
        }) == ErrorKind::timeout);
  source.request_stop();
  other.join();
  CHECK(ended == ErrorKind::cancelled);
  world.script->stalls = false;
  chat.invoke("third", in_session("s"));
  CHECK(world.of("s").messages() == Messages{user("third"), assistant("a")});
}
