#include "memory/history_support.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <exception>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include "lian/memory/file_chat_history_store.hpp"
#include "lian/memory/in_memory_chat_history_store.hpp"
#include "lian/memory/sqlite_chat_history_store.hpp"
#include "memory/history_file.hpp"
#include "memory/sqlite/sqlite_history.hpp"

namespace lian::test {
namespace {

template <class History>
StoreKind::Work work_of(std::shared_ptr<History> history) {
  StoreKind::Work work;
  work.add = [history](const std::string& session, const Messages& messages) {
    history->append(session, messages);
  };
  work.clear = [history](const std::string& session) { history->erase(session); };
  return work;
}

StoreKind in_memory() {
  StoreKind kind;
  kind.name = "memory";
  kind.open = [](const std::string&) { return std::make_shared<InMemoryChatHistoryStore>(); };
  return kind;
}

StoreKind json_lines() {
  StoreKind kind;
  kind.name = "file";
  kind.lasts = true;
  kind.open = [](const std::string& path) { return std::make_shared<FileChatHistoryStore>(path); };
  kind.work = [](const std::string& path) { return work_of(std::make_shared<HistoryFile>(path)); };
  return kind;
}

StoreKind sqlite() {
  StoreKind kind;
  kind.name = "sqlite";
  kind.lasts = true;
  kind.open = [](const std::string& path) {
    return std::make_shared<SqliteChatHistoryStore>(path);
  };
  kind.work = [](const std::string& path) {
    ConnectionSettings settings;
    settings.path = path;
    return work_of(std::make_shared<SqliteHistory>(std::move(settings)));
  };
  return kind;
}

}  // namespace

const std::vector<StoreKind>& store_kinds() {
  static const std::vector<StoreKind> kinds{in_memory(), json_lines(), sqlite()};
  return kinds;
}

std::vector<StoreKind> lasting_kinds() {
  std::vector<StoreKind> kinds = store_kinds();
  std::erase_if(kinds, [](const StoreKind& kind) { return !kind.lasts; });
  return kinds;
}

Message message_of_all_parts() {
  Message message(
      Role::assistant,
      {ReasoningPart("let me think", "c2lnbmVk"), TextPart("你好，“世界” 👋\n\"\\\t\x01"),
       ImagePart(MediaSource::from_url("https://example.org/a?b=c"), "high"),
       AudioPart(MediaSource::from_bytes(std::string("\0\xff\x80", 3), "audio/wav"), "wav"),
       FilePart(MediaSource::from_file_id("file-1"), "报告.pdf"),
       ToolCall("call_1", "look_up", "{\"word\":\"链\",\"n\":1.50}"),
       ToolResult("call_0", "not found", true), RefusalPart("I cannot."),
       UnknownPart("hologram", Json::parse(R"({"type":"hologram","z":[1,2.5,-0.0,1e300,
                       18446744073709551615,null,true,{"b":1,"a":"é"}],"type2":""})")),
       UnknownPart("text", Json::parse(R"({"type":"text","text":7})"))});
  ToolCall broken("call_2", "look_up", "{\"word\":");
  broken.valid = false;
  broken.error = "the text ends early";
  broken.custom = false;
  message.parts.emplace_back(broken);
  std::get<TextPart>(message.parts[1]).extra =
      Json::parse(R"({"cache_control":{"type":"ephemeral"}})");
  message.role_name = "narrator";
  message.name = "小明";
  message.id = "msg_1";
  message.extra = Json::parse(R"({"vendor":{"z":1,"a":[]}})");
  return message;
}

std::vector<std::string> texts_of(const Messages& messages) {
  std::vector<std::string> texts;
  for (const Message& message : messages) texts.push_back(to_json(message).dump());
  return texts;
}

Messages numbered(const std::string& name, std::size_t first, std::size_t count) {
  Messages messages;
  for (std::size_t i = first; i < first + count; ++i)
    messages.push_back(user(name + " " + std::to_string(i)));
  return messages;
}

Messages call_messages(std::size_t n) {
  Messages messages;
  for (std::size_t i = 0; i <= n % 3; ++i)
    messages.push_back(user("call " + std::to_string(n) + " message " + std::to_string(i) + " " +
                            std::string(n * 37 % 2000, 'x')));
  return messages;
}

std::size_t whole_calls(const Messages& messages) {
  std::size_t calls = 0, at = 0;
  while (at < messages.size()) {
    for (const Message& expected : call_messages(calls)) {
      if (at == messages.size() || messages[at++] != expected)
        throw std::runtime_error("call " + std::to_string(calls) + " is not whole");
    }
    ++calls;
  }
  return calls;
}

pid_t in_child(const std::function<void()>& work) {
  const pid_t child = ::fork();
  if (child != 0) return child;
  try {
    work();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "child: %s\n", error.what());
    ::_exit(1);
  }
  ::_exit(0);
}

bool ended_well(pid_t child) {
  int status = 0;
  return ::waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

std::string bytes_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace lian::test
