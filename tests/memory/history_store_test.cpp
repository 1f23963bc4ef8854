// What every store of chat histories promises: one suite over all of them.
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <thread>

#include "lian/core/json.hpp"
#include "lian/core/runtime.hpp"
#include "lian/core/when_all.hpp"
#include "memory/history_support.hpp"
#include "support/async.hpp"
#include "support/catch.hpp"

using namespace lian;
using namespace lian::test;

namespace {

using Handle = ChatMessageHistory;

std::vector<std::string> names_of(const std::vector<SessionInfo>& sessions) {
  std::vector<std::string> names;
  for (const SessionInfo& session : sessions) names.push_back(session.id);
  return names;
}

// The order of sessions is by the clock's microseconds.
void let_time_pass() {
  const auto now = std::chrono::system_clock::now();
  while (std::chrono::system_clock::now() < now + std::chrono::microseconds(2)) continue;
}

}  // namespace

TEST_CASE("history: messages of every kind come back byte for byte, in order") {
  for (const StoreKind& kind : store_kinds()) {
    DYNAMIC_SECTION(kind.name) {
      const TempFolder folder;
      const auto store = kind.open(folder.path("chat"));
      const Handle history(store, "安娜 \"1\"\n");
      CHECK(history.messages().empty());
      CHECK(history.size() == 0);
      const Messages said{lian::system("Be brief."), message_of_all_parts(),
                          tool(ToolResult("call_1", "")), assistant("")};
      history.add_messages(said);
      history.add_user_message("next");
      history.add_ai_message("reply");
      history.add_messages({});
      Messages all = said;
      all.push_back(user("next"));
      all.push_back(assistant("reply"));
      CHECK(history.messages() == all);
      CHECK(texts_of(history.messages()) == texts_of(all));
      CHECK(history.size() == all.size());
      CHECK(Handle(store, "another").messages().empty());
    }
  }
}

TEST_CASE("history: any page of a session is that part of it") {
  for (const StoreKind& kind : store_kinds()) {
    DYNAMIC_SECTION(kind.name) {
      const TempFolder folder;
      const Handle history(kind.open(folder.path("chat")), "s");
      Messages all;
      for (const std::size_t count : {1u, 3u, 2u, 5u, 1u}) {
        const Messages some = numbered("m", all.size(), count);
        history.add_messages(some);
        all.insert(all.end(), some.begin(), some.end());
      }
      const auto part = [&](std::size_t begin, std::size_t end) {
        return Messages(all.begin() + static_cast<std::ptrdiff_t>(begin),
                        all.begin() + static_cast<std::ptrdiff_t>(end));
      };
      for (std::size_t offset = 0; offset <= all.size() + 1; ++offset) {
        for (std::size_t limit = 0; limit <= all.size() + 1; ++limit) {
          const std::size_t begin = std::min(offset, all.size());
          const std::size_t end = std::min(begin + limit, all.size());
          CHECK(history.messages(HistoryPage().offset(offset).limit(limit)) == part(begin, end));
          CHECK(history.messages(HistoryPage().offset(offset).limit(limit).newest(true)) ==
                part(all.size() - end, all.size() - begin));
        }
      }
      CHECK(history.messages(HistoryPage().offset(4)) == part(4, all.size()));
      CHECK(history.messages(HistoryPage().newest(true).limit(SIZE_MAX)) == all);
    }
  }
}

TEST_CASE("history: sessions are listed, the last used first, and cleared one by one") {
  for (const StoreKind& kind : store_kinds()) {
    DYNAMIC_SECTION(kind.name) {
      const TempFolder folder;
      const auto store = kind.open(folder.path("chat"));
      CHECK(store->sessions().empty());
      const Handle a(store, "a"), b(store, "b"), c(store, "c");
      a.add_messages(numbered("a", 0, 2));
      let_time_pass();
      b.add_messages(numbered("b", 0, 1));
      let_time_pass();
      c.add_messages(numbered("c", 0, 3));
      let_time_pass();
      a.add_messages(numbered("a", 2, 2));
      const auto sessions = store->sessions();
      CHECK(names_of(sessions) == std::vector<std::string>{"a", "c", "b"});
      CHECK(sessions[0].messages == 4);
      CHECK(sessions[0].updated_us > sessions[1].updated_us);

      b.clear();
      b.clear();
      CHECK(b.messages().empty());
      CHECK(b.size() == 0);
      CHECK(a.messages() == numbered("a", 0, 4));
      CHECK(c.messages() == numbered("c", 0, 3));
      CHECK(names_of(store->sessions()) == std::vector<std::string>{"a", "c"});
      b.add_messages(numbered("new", 0, 1));
      CHECK(b.messages() == numbered("new", 0, 1));
      CHECK(a.messages() == numbered("a", 0, 4));
    }
  }
}

TEST_CASE("history: messages that cannot be kept are refused, and with them all of the call") {
  for (const StoreKind& kind : store_kinds()) {
    DYNAMIC_SECTION(kind.name) {
      const TempFolder folder;
      const auto store = kind.open(folder.path("chat"));
      const Handle history(store, "s");
      history.add_user_message("kept");
      Messages broken[] = {numbered("m", 0, 5), numbered("m", 0, 5), numbered("m", 0, 5),
                           numbered("m", 0, 5)};
      broken[0][2] = user("half a character: \xe4\xbd");
      broken[1][2].name = "\xff";
      broken[2][2].extra = Json("no object");
      Json deep;
      for (int i = 0; i < 511; ++i) deep = Json::array({deep});
      broken[3][2] = user({UnknownPart("deep", Json::object({{"type", "deep"}, {"is", deep}}))});
      for (const Messages& messages : broken) {
        CHECK(kind_of([&] { history.add_messages(messages); }) == ErrorKind::validation);
        CHECK_THAT(message_of([&] { history.add_messages(messages); }),
                   Catch::Matchers::ContainsSubstring("message 3 of 5"));
      }
      CHECK(history.messages() == Messages{user("kept")});
      for (const std::string& name : {std::string(), std::string("\xff"), std::string("a\0b", 3)})
        CHECK(kind_of([&] { Handle(store, name); }) == ErrorKind::validation);
      CHECK(store->sessions().size() == 1);
    }
  }
  CHECK(kind_of([] { Handle(nullptr, "s"); }) == ErrorKind::config);
}

TEST_CASE("history: what threads add to their sessions, and to one, is all there and together") {
  constexpr std::size_t threads = 8, calls = 12;
  for (const StoreKind& kind : store_kinds()) {
    DYNAMIC_SECTION(kind.name) {
      const TempFolder folder;
      const auto store = kind.open(folder.path("chat"));
      std::vector<std::thread> running;
      for (std::size_t t = 0; t < threads; ++t) {
        running.emplace_back([&store, t] {
          const std::string name = "t" + std::to_string(t);
          for (std::size_t i = 0; i < calls; ++i) {
            Handle(store, name).add_messages(numbered(name, 2 * i, 2));
            Handle(store, "all").add_messages(numbered(name, 2 * i, 2));
          }
        });
      }
      for (std::thread& thread : running) thread.join();
      for (std::size_t t = 0; t < threads; ++t) {
        const std::string name = "t" + std::to_string(t);
        CHECK(Handle(store, name).messages() == numbered(name, 0, 2 * calls));
        Messages own;
        for (const Message& message : Handle(store, "all").messages())
          if (message.text().starts_with(name + " ")) own.push_back(message);
        CHECK(own == numbered(name, 0, 2 * calls));
      }
      const Messages all = Handle(store, "all").messages();
      REQUIRE(all.size() == threads * calls * 2);
      for (std::size_t i = 0; i < all.size(); i += 2) {
        const std::string first = all[i].text(), second = all[i + 1].text();
        CHECK(first.substr(0, 3) == second.substr(0, 3));
      }
    }
  }
}

TEST_CASE("history: a task keeps its store") {
  for (const StoreKind& kind : store_kinds()) {
    DYNAMIC_SECTION(kind.name) {
      const TempFolder folder;
      Task<> adding =
          Handle(kind.open(folder.path("chat")), "s").aadd_messages(numbered("m", 0, 2));
      block_on(std::move(adding));
      Task<Messages> reading = Handle(kind.open(folder.path("chat")), "s").amessages();
      const Messages read = block_on(std::move(reading));
      CHECK(read.size() == (kind.lasts ? 2 : 0));
    }
  }
}

TEST_CASE("history: handles of their own file see what the others do") {
  for (const StoreKind& kind : lasting_kinds()) {
    DYNAMIC_SECTION(kind.name) {
      const TempFolder folder;
      const auto one = kind.open(folder.path("chat")), other = kind.open(folder.path("chat"));
      Messages all;
      for (std::size_t i = 0; i < 6; ++i) {
        Handle(i % 2 == 0 ? one : other, "s").add_messages(numbered("m", i, 1));
        all = numbered("m", 0, i + 1);
        CHECK(Handle(one, "s").messages() == all);
        CHECK(Handle(other, "s").messages() == all);
      }
      Handle(one, "gone").add_user_message("secret words");
      Handle(other, "gone").clear();
      CHECK(Handle(one, "gone").messages().empty());
      CHECK(Handle(one, "s").messages() == all);
      Handle(one, "s").add_messages(numbered("m", 6, 1));
      Handle(other, "s").add_messages(numbered("m", 7, 1));
      CHECK(Handle(one, "s").messages() == numbered("m", 0, 8));
      CHECK(other->sessions().size() == 1);
    }
  }
}

TEST_CASE("history: one handle clears again and again while another one adds") {
  for (const StoreKind& kind : lasting_kinds()) {
    DYNAMIC_SECTION(kind.name) {
      const TempFolder folder;
      const auto one = kind.open(folder.path("chat")), other = kind.open(folder.path("chat"));
      std::thread adding([&] {
        for (std::size_t i = 0; i < 60; ++i) Handle(one, "kept").add_messages(numbered("m", i, 1));
      });
      for (std::size_t i = 0; i < 30; ++i) {
        Handle(other, "gone").add_messages(numbered("x", i, 2));
        Handle(other, "gone").clear();
      }
      adding.join();
      CHECK(Handle(one, "kept").messages() == numbered("m", 0, 60));
      CHECK(Handle(other, "kept").messages() == numbered("m", 0, 60));
      CHECK(Handle(one, "gone").messages().empty());
      CHECK(Handle(kind.open(folder.path("chat")), "kept").size() == 60);
    }
  }
}

TEST_CASE("history: what is cleared is not in the file any more") {
  for (const StoreKind& kind : lasting_kinds()) {
    DYNAMIC_SECTION(kind.name) {
      const TempFolder folder;
      {
        const auto store = kind.open(folder.path("chat"));
        Handle(store, "s").add_user_message("a-secret-word");
        Handle(store, "t").add_user_message("other-word");
        Handle(store, "s").clear();
      }
      const std::string bytes = bytes_of(folder.path("chat"));
      CHECK(bytes.find("a-secret-word") == bytes.npos);
      CHECK(bytes.find("other-word") != bytes.npos);
    }
  }
}

TEST_CASE("history: a file opened again holds all, and is its owner's alone") {
  for (const StoreKind& kind : lasting_kinds()) {
    DYNAMIC_SECTION(kind.name) {
      const TempFolder folder;
      const std::string path = folder.path("聊天 #1?.db");
      for (std::size_t i = 0; i < 3; ++i) {
        const Handle history(kind.open(path), "s");
        CHECK(history.messages() == numbered("m", 0, i));
        history.add_messages(numbered("m", i, 1));
      }
      CHECK(std::filesystem::status(path).permissions() ==
            (std::filesystem::perms::owner_read | std::filesystem::perms::owner_write));
      std::filesystem::permissions(path, std::filesystem::perms::owner_read);
      std::filesystem::permissions(
          folder.path(), std::filesystem::perms::owner_read | std::filesystem::perms::owner_exec);
      const Handle history(kind.open(path), "s");
      CHECK(history.messages() == numbered("m", 0, 3));
      if (::geteuid() != 0)
        CHECK(kind_of([&] { history.add_user_message("no"); }) == ErrorKind::storage);
      std::filesystem::permissions(folder.path(), std::filesystem::perms::owner_all);
    }
  }
}

TEST_CASE("history: a thousand sessions at once on one loop") {
  for (const StoreKind& kind : store_kinds()) {
    DYNAMIC_SECTION(kind.name) {
      const TempFolder folder;
      const auto store = kind.open(folder.path("chat"));
      constexpr std::size_t sessions = 1000;
      std::vector<Task<>> adding;
      for (std::size_t i = 0; i < sessions; ++i) {
        const std::string name = "s" + std::to_string(i);
        adding.push_back(Handle(store, name).aadd_messages(numbered(name, 0, 2)));
      }
      block_on(when_all(std::move(adding)));
      CHECK(store->sessions().size() == sessions);
      for (const std::size_t i : {0u, 7u, 500u, 999u}) {
        const std::string name = "s" + std::to_string(i);
        CHECK(Handle(store, name).messages() == numbered(name, 0, 2));
      }
    }
  }
}
