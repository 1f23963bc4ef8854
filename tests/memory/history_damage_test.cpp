// Files of chat histories that were cut, damaged, or made by others.
#include <algorithm>
#include <filesystem>
#include <random>

#include "data/sqlite/connection.hpp"
#include "lian/memory/file_chat_history_store.hpp"
#include "memory/history_support.hpp"
#include "support/async.hpp"
#include "support/catch.hpp"

using namespace lian;
using namespace lian::test;
using Catch::Matchers::ContainsSubstring;

namespace {

using Handle = ChatMessageHistory;

std::vector<std::string> lines_of(const std::string& bytes) {
  std::vector<std::string> lines(1);
  for (const char c : bytes) {
    lines.back() += c;
    if (c == '\n') lines.emplace_back();
  }
  lines.pop_back();
  return lines;
}

// A history of six calls in two sessions.
std::string six_calls(const TempFolder& folder) {
  const FileChatHistoryStore store(folder.path("chat.jsonl"));
  const auto add = lasting_kinds().front().work(folder.path("chat.jsonl")).add;
  for (std::size_t n = 0; n < 6; ++n) add(n % 2 == 0 ? "even" : "奇数", call_messages(n));
  return bytes_of(folder.path("chat.jsonl"));
}

std::string open_error(const std::string& path) {
  return message_of([&] { FileChatHistoryStore store(path); });
}

}  // namespace

TEST_CASE("history file: cut at any byte, the whole lines remain and the loss is named") {
  const TempFolder folder;
  const std::string bytes = six_calls(folder);
  const std::string path = folder.path("cut.jsonl");
  const std::vector<std::string> lines = lines_of(bytes);
  REQUIRE(lines.size() == 7);
  std::size_t line_begin = 0, line = 0;
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    if (line < lines.size() && size == line_begin + lines[line].size()) {
      line_begin = size;
      ++line;
    }
    if (size > lines[0].size() + 40 && size != line_begin && size % 23 != 0) continue;
    folder.write("cut.jsonl", bytes.substr(0, size));
    INFO(size);
    const auto store = std::make_shared<FileChatHistoryStore>(path);
    const auto sessions = store->sessions();
    std::size_t calls = 0;
    for (const SessionInfo& session : sessions) {
      const Messages messages = Handle(store, session.id).messages();
      CHECK(messages.size() == session.messages);
      calls += static_cast<std::size_t>(std::count_if(
          messages.begin(), messages.end(),
          [](const Message& m) { return m.text().find("message 0") != std::string::npos; }));
    }
    CHECK(calls == (line == 0 ? 0 : line - 1));
    const bool torn = line > 0 && size != line_begin;
    REQUIRE(store->recovered().size() == (torn ? 1 : 0));
    if (torn) {
      CHECK_THAT(store->recovered()[0],
                 ContainsSubstring("cut.jsonl: line " + std::to_string(line + 1) +
                                   ", which begins at byte " + std::to_string(line_begin)));
      if (size - line_begin > 60)
        CHECK_THAT(store->recovered()[0], ContainsSubstring(line % 2 == 1 ? "even" : "奇数"));
    }
    Handle(store, "even").add_user_message("goes on");
    const auto again = std::make_shared<FileChatHistoryStore>(path);
    CHECK(again->recovered().empty());
    CHECK(Handle(again, "even").messages().back() == user("goes on"));
  }
}

TEST_CASE("history file: what was cut off is a warning event, once") {
  const TempFolder folder;
  const std::string bytes = six_calls(folder);
  struct Warnings final : Handler {
    void on_event(const Event& event) override {
      if (event.type == EventType::warning) said.emplace_back(event.message);
    }
    std::vector<std::string> said;
  };
  const auto handler = std::make_shared<Warnings>();
  const Context context = Context().with_handler(handler);
  const auto store = std::make_shared<FileChatHistoryStore>(folder.path("chat.jsonl"), context);
  CHECK(handler->said.empty());
  // Another writer dies half-way, before the eyes of a reader.
  folder.write("chat.jsonl", bytes + "{\"sum\":\"0123456789abcdef\",\"session\":\"even\",\"ti");
  const Handle history(store, "even");
  const std::size_t before = history.size(context);
  REQUIRE(handler->said.size() == 1);
  CHECK_THAT(handler->said[0], ContainsSubstring("session \"even\""));
  CHECK(history.messages(HistoryPage(), context).size() == before);
  history.add_user_message("goes on", context);
  CHECK(handler->said.size() == 1);
  CHECK(store->recovered() == handler->said);
  CHECK(history.size() == before + 1);
}

TEST_CASE("history file: damage before the end is an error that names line and byte") {
  const TempFolder folder;
  const std::string bytes = six_calls(folder);
  const std::string path = folder.path("bad.jsonl");
  std::size_t begin = 0, number = 1;
  for (const std::string& line : lines_of(bytes)) {
    for (std::size_t at = 0; at + 1 < line.size(); at += number == 1 ? 1 : 17) {
      std::string damaged = bytes;
      damaged[begin + at] = static_cast<char>(damaged[begin + at] ^ 0x04);
      folder.write("bad.jsonl", damaged);
      INFO(number << " " << at);
      const std::string error = open_error(path);
      CHECK_THAT(error, ContainsSubstring(path));
      if (number > 1)
        CHECK_THAT(error, ContainsSubstring("line " + std::to_string(number) +
                                            ", which begins at byte " + std::to_string(begin)));
    }
    begin += line.size();
    ++number;
  }
  // A line lost, doubled line ends, and a piece of nothing within.
  folder.write("bad.jsonl", bytes.substr(0, 300) + bytes.substr(400));
  CHECK_THAT(open_error(path), ContainsSubstring("line "));
  folder.write("bad.jsonl", lines_of(bytes)[0] + "\n" + lines_of(bytes)[1]);
  CHECK_THAT(open_error(path), ContainsSubstring("line 2, which begins at byte 36"));
  folder.write("bad.jsonl", bytes.substr(0, 500) + std::string(64, '\0') + bytes.substr(564));
  CHECK_THAT(open_error(path), ContainsSubstring("checksum"));
}

TEST_CASE("history file: damage while it is open is found when it is read") {
  const TempFolder folder;
  const std::string whole = six_calls(folder);
  std::string bytes = whole;
  const auto store = std::make_shared<FileChatHistoryStore>(folder.path("chat.jsonl"));
  const std::size_t at = bytes.find("message 0");
  bytes[at] = 'M';
  folder.write("chat.jsonl", bytes);
  CHECK(kind_of([&] { Handle(store, "even").messages(); }) == ErrorKind::storage);
  folder.write("chat.jsonl", bytes.substr(0, 100));
  CHECK(kind_of([&] { Handle(store, "even").messages(); }) == ErrorKind::storage);
  std::filesystem::rename(folder.path("chat.jsonl"), folder.path("moved.jsonl"));
  CHECK_THAT(message_of([&] { Handle(store, "even").add_user_message("lost?"); }),
             ContainsSubstring("deleted or moved"));
  // It holds no lock meanwhile, and goes on when the file is back.
  folder.write("moved.jsonl", whole);
  std::filesystem::rename(folder.path("moved.jsonl"), folder.path("chat.jsonl"));
  const auto other = std::make_shared<FileChatHistoryStore>(folder.path("chat.jsonl"));
  Handle(other, "even").add_user_message("found");
  CHECK(Handle(store, "even").messages().back() == user("found"));
}

TEST_CASE("history files: other files and newer formats are refused by name") {
  const TempFolder folder;
  for (const std::string& foreign :
       {std::string("hello\n"), std::string("hello"),
        std::string("{\"lian\":\"x\",\"version\":1}\n"), std::string("[]\n"),
        std::string(5000, '\0'), std::string("\xef\xbb\xbf{}\n")}) {
    const std::string path = folder.write("foreign", foreign);
    for (const StoreKind& kind : lasting_kinds()) {
      INFO(kind.name << " " << foreign.substr(0, 20));
      CHECK(kind_of([&] { kind.open(path); }) == ErrorKind::storage);
      CHECK_THAT(message_of([&] { kind.open(path); }), ContainsSubstring(path));
      CHECK(bytes_of(path) == foreign);
    }
  }
  const std::string newer =
      folder.write("newer", "{\"lian\":\"chat history\",\"version\":2}\n{}\n");
  CHECK_THAT(open_error(newer),
             ContainsSubstring("format 2") && ContainsSubstring("reads format 1"));

  const StoreKind sqlite = lasting_kinds().back();
  Handle(sqlite.open(folder.path("sql")), "s").add_user_message("kept");
  ConnectionSettings settings;
  settings.path = folder.path("sql");
  {
    Connection connection(settings);
    connection.run("PRAGMA user_version=2");
  }
  CHECK_THAT(message_of([&] { sqlite.open(settings.path); }),
             ContainsSubstring("format 2") && ContainsSubstring("reads format 1"));
  {
    Connection connection(settings);
    connection.run("PRAGMA user_version=1");
    connection.run("PRAGMA application_id=1818845550");  // that of a vector store
  }
  CHECK_THAT(message_of([&] { sqlite.open(settings.path); }),
             ContainsSubstring("not a chat history"));
  CHECK(kind_of([&] { sqlite.open(folder.path()); }) == ErrorKind::storage);
  CHECK(kind_of([&] { FileChatHistoryStore store(folder.path()); }) == ErrorKind::storage);
  CHECK(kind_of([&] { FileChatHistoryStore store(""); }) == ErrorKind::config);
  CHECK(kind_of([&] { FileChatHistoryStore store(folder.path("no/such/folder")); }) ==
        ErrorKind::storage);
}

TEST_CASE("history in sqlite: of a damaged file comes what was stored, or an error") {
  const TempFolder folder;
  const StoreKind kind = lasting_kinds().back();
  const std::string path = folder.path("chat.db");
  {
    const auto add = kind.work(path).add;
    for (std::size_t n = 0; n < 60; ++n) add("s", call_messages(n));
  }
  const std::string whole = bytes_of(path);
  const Messages all = Handle(kind.open(path), "s").messages();
  CHECK(whole_calls(all) == 60);
  std::mt19937 random(7);
  std::size_t errors = 0, right = 0;
  for (int round = 0; round < 200; ++round) {
    std::string bytes = whole;
    const std::size_t at = random() % bytes.size();
    if (round % 10 == 0)
      bytes.resize(at);
    else
      bytes[at] = static_cast<char>(bytes[at] ^ (1 << random() % 8));
    folder.write("chat.db", bytes);
    std::filesystem::remove(path + "-wal");
    std::filesystem::remove(path + "-shm");
    try {
      const auto store = kind.open(path);
      const Messages found = Handle(store, "s").messages();
      const bool listed = !store->sessions().empty();
      INFO(round << " at " << at);
      CHECK((found == all || (found.empty() && !listed)));
      right += found == all ? 1 : 0;
    } catch (const Error& error) {
      CHECK(error.kind() == ErrorKind::storage);
      CHECK_THAT(error.message(), ContainsSubstring(path));
      ++errors;
    }
  }
  CHECK(errors > 40);
  CHECK(right > 0);
}
