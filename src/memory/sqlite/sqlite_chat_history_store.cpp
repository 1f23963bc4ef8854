#include "lian/memory/sqlite_chat_history_store.hpp"

#include <utility>

#include "lian/core/offload.hpp"
#include "memory/sqlite/sqlite_history.hpp"

namespace lian {
inline namespace v0 {
namespace {

std::shared_ptr<SqliteHistory> open_history(std::string_view path,
                                            const SqliteHistoryOptions& options) {
  ConnectionSettings settings;
  settings.path = path;
  settings.read_only = options.read_only();
  settings.busy_timeout_ms = options.busy_timeout();
  return std::make_shared<SqliteHistory>(std::move(settings));
}

}  // namespace

SqliteChatHistoryStore::SqliteChatHistoryStore(std::string_view path, SqliteHistoryOptions options)
    : path_(path), rows_(open_history(path, options)) {}

SqliteChatHistoryStore::~SqliteChatHistoryStore() = default;

bool SqliteChatHistoryStore::read_only() const noexcept { return rows_->read_only(); }

std::string SqliteChatHistoryStore::name() const { return "sqlite:" + path_; }

Task<> SqliteChatHistoryStore::append(std::string session, Messages messages, Context) {
  auto work = [rows = rows_, session = std::move(session), messages = std::move(messages)] {
    rows->append(session, messages);
  };
  return offload(std::move(work));
}

Task<Messages> SqliteChatHistoryStore::read(std::string session, HistoryPage page, Context) const {
  auto work = [rows = rows_, session = std::move(session), page] {
    return rows->read(session, page);
  };
  return offload(std::move(work));
}

Task<std::size_t> SqliteChatHistoryStore::count(std::string session, Context) const {
  auto work = [rows = rows_, session = std::move(session)] { return rows->count(session); };
  return offload(std::move(work));
}

Task<> SqliteChatHistoryStore::erase(std::string session, Context) {
  auto work = [rows = rows_, session = std::move(session)] { rows->erase(session); };
  return offload(std::move(work));
}

Task<std::vector<SessionInfo>> SqliteChatHistoryStore::list(Context) const {
  auto work = [rows = rows_] { return rows->sessions(); };
  return offload(std::move(work));
}

}  // namespace v0
}  // namespace lian
