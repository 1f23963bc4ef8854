/// lian/memory/sqlite_chat_history_store.hpp: chat histories in one SQLite file. Link lian::sqlite.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "lian/memory/chat_history_store.hpp"

namespace lian {
inline namespace v0 {

class SqliteHistory;

/// Settings of a SqliteChatHistoryStore. Regular value.
class LIAN_API SqliteHistoryOptions {
 public:
  SqliteHistoryOptions() = default;
  /// Only reads. A file or folder that cannot be written is opened so by itself. Default false.
  SqliteHistoryOptions& read_only(bool value) { return read_only_ = value, *this; }
  /// How long to wait for another process that writes, in milliseconds; default 5000.
  SqliteHistoryOptions& busy_timeout(int milliseconds) {
    return busy_timeout_ = milliseconds, *this;
  }

  bool read_only() const noexcept { return read_only_; }
  int busy_timeout() const noexcept { return busy_timeout_; }

 private:
  bool read_only_ = false;
  int busy_timeout_ = 5000;
};

/// Sessions in one SQLite file (LangChain's SQLChatMessageHistory; write-ahead log, so two more
/// files lie beside it while it is open). Adding is one transaction that is on the disk when it
/// returns; a page is read without the messages before it. Every message has a checksum; a damaged
/// or foreign file, or one of another version of lian, is Error{storage} that names it. Cleared
/// messages are overwritten. Several handles and processes may use the file at once. Thread-safe;
/// work runs on the Runtime's threads for blocking work.
class LIAN_API SqliteChatHistoryStore final : public ChatHistoryStore {
 public:
  /// Opens the file, or makes it, readable by its owner alone. Blocks. Throws Error{storage},
  /// Error{config}.
  explicit SqliteChatHistoryStore(std::string_view path,
                                  SqliteHistoryOptions options = SqliteHistoryOptions());
  ~SqliteChatHistoryStore() override;

  /// Whether the store can only be read, by its options or because the file permits no more.
  bool read_only() const noexcept;
  std::string name() const override;

 private:
  Task<> append(std::string session, Messages messages, Context context) override;
  Task<Messages> read(std::string session, HistoryPage page, Context context) const override;
  Task<std::size_t> count(std::string session, Context context) const override;
  Task<> erase(std::string session, Context context) override;
  Task<std::vector<SessionInfo>> list(Context context) const override;

  std::string path_;
  std::shared_ptr<SqliteHistory> rows_;
};

}  // namespace v0
}  // namespace lian
