/// The stores of chat histories, as the one suite for all of them sees them.
#pragma once

#include <sys/types.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "data/temp_folder.hpp"
#include "lian/memory/chat_message_history.hpp"

namespace lian::test {

/// A kind of store. Those that last open the same file again under the same path.
struct StoreKind {
  std::string name;
  bool lasts = false;
  std::function<std::shared_ptr<ChatHistoryStore>(const std::string& path)> open;
  /// The work of a store without a loop, for children made by fork.
  struct Work {
    std::function<void(const std::string& session, const Messages& messages)> add;
    std::function<void(const std::string& session)> clear;
  };
  std::function<Work(const std::string& path)> work;
};

const std::vector<StoreKind>& store_kinds();
std::vector<StoreKind> lasting_kinds();

/// A message of every kind of part, with fields that lian does not know.
Message message_of_all_parts();
/// The messages as JSON text, byte for byte.
std::vector<std::string> texts_of(const Messages& messages);
/// "name 0", "name 1", … as messages of the user.
Messages numbered(const std::string& name, std::size_t first, std::size_t count);

/// What the n-th call adds: one to three messages that say which call they are of.
Messages call_messages(std::size_t n);
/// How many whole calls, from the first on, the messages are; throws when they are anything else.
std::size_t whole_calls(const Messages& messages);

/// Runs `work` in a child process, which ends with its result; gives the child.
pid_t in_child(const std::function<void()>& work);
/// Waits for a child; whether it ended well.
bool ended_well(pid_t child);

/// The bytes of a file.
std::string bytes_of(const std::string& path);

}  // namespace lian::test
