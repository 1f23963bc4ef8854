#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

#include "data/sqlite/connection.hpp"
#include "lian/memory/chat_history_store.hpp"

namespace lian {
inline namespace v0 {

/// The work of a SqliteChatHistoryStore, immediate. Thread-safe: the connection is used by one
/// thread at a time.
class SqliteHistory {
 public:
  explicit SqliteHistory(ConnectionSettings settings);

  void append(const std::string& session, const Messages& messages);
  Messages read(const std::string& session, const HistoryPage& page);
  std::size_t count(const std::string& session);
  void erase(const std::string& session);
  std::vector<SessionInfo> sessions();
  bool read_only() const noexcept { return connection_.read_only(); }

 private:
  struct Session {
    std::int64_t number = 0, messages = 0;  // number 0: there is none
  };
  // With the connection locked:
  void create();
  void check_kind();
  Session find(const std::string& session);
  Messages read_range(const std::string& name, const Session& session, std::int64_t begin,
                      std::int64_t end);

  std::mutex mutex_;
  Connection connection_;
};

}  // namespace v0
}  // namespace lian
