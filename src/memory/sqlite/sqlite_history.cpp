#include "memory/sqlite/sqlite_history.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <utility>

#include "data/checksum.hpp"
#include "lian/core/error.hpp"
#include "memory/message_text.hpp"

namespace lian {
inline namespace v0 {
namespace {

constexpr std::int64_t application_id = 0x6C696368;  // "lich"
constexpr std::int64_t schema_version = 1;

constexpr const char* tables = R"(
CREATE TABLE sessions(
  number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, messages INTEGER NOT NULL,
  updated_us INTEGER NOT NULL, checksum INTEGER NOT NULL);
CREATE TABLE messages(
  session INTEGER NOT NULL REFERENCES sessions(number) ON DELETE CASCADE, place INTEGER NOT NULL,
  message TEXT NOT NULL, checksum INTEGER NOT NULL, PRIMARY KEY(session, place)) WITHOUT ROWID;
)";

bool is_empty(Connection& connection) {
  return connection.number("SELECT count(*) FROM sqlite_schema") == 0 &&
         connection.number("PRAGMA application_id") == 0 &&
         connection.number("PRAGMA user_version") == 0;
}

std::string schema_of(Connection& connection) {
  std::string schema;
  Query query(connection,
              "SELECT type, name, coalesce(sql, '') FROM sqlite_schema ORDER BY type, name");
  while (query.step()) {
    for (int column = 0; column < 3; ++column) schema.append(query.bytes(column)).append("\n");
  }
  return schema;
}

std::int64_t sum_of(std::string_view session, std::int64_t place, std::string_view message) {
  const Checksum sum = Checksum().add(session).add(static_cast<std::uint64_t>(place)).add(message);
  return static_cast<std::int64_t>(sum.value());
}

std::int64_t session_sum(std::string_view id, std::int64_t messages, std::int64_t updated_us) {
  const Checksum sum = Checksum()
                           .add(id)
                           .add(static_cast<std::uint64_t>(messages))
                           .add(static_cast<std::uint64_t>(updated_us));
  return static_cast<std::int64_t>(sum.value());
}

// Of a row that begins with id, messages, updated_us, checksum.
void check_session(const Connection& connection, const Query& query) {
  if (query.integer(1) >= 0 &&
      query.integer(3) == session_sum(query.bytes(0), query.integer(1), query.integer(2)))
    return;
  connection.damaged("the checksum of a session is wrong");
}

// What people say is theirs: a new file, and those SQLite makes beside it, are its owner's alone.
// Where it cannot be made, opening it says why.
void make_private(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, S_IRUSR | S_IWUSR);
  if (fd >= 0) ::close(fd);
}

ConnectionSettings lasting(ConnectionSettings settings) {
  if (!settings.read_only) make_private(settings.path);
  settings.durable = true;
  settings.anew = "begin a new one";
  return settings;
}

}  // namespace

SqliteHistory::SqliteHistory(ConnectionSettings settings)
    : connection_(lasting(std::move(settings))) {
  connection_.run("PRAGMA secure_delete=ON");
  if (is_empty(connection_)) create();
  check_kind();
  if (!connection_.left_unclean()) return;
  Query query(connection_, "PRAGMA quick_check(1)");
  if (!query.step() || query.bytes(0) != "ok") connection_.damaged(query.bytes(0));
}

void SqliteHistory::create() {
  if (connection_.read_only())
    throw Error(ErrorKind::storage,
                fmt::format("{}: the file is empty and cannot be written, so no "
                            "history can be kept in it",
                            connection_.path()));
  connection_.run("PRAGMA journal_mode=WAL");
  Transaction transaction(connection_);
  if (!is_empty(connection_)) return;  // another process was faster
  connection_.run(tables);
  connection_.run("PRAGMA application_id=1818846056");
  connection_.run("PRAGMA user_version=1");
  transaction.commit();
}

void SqliteHistory::check_kind() {
  if (connection_.number("PRAGMA application_id") != application_id)
    throw Error(ErrorKind::storage,
                fmt::format("{}: this is an SQLite database, but not a chat history of lian; name "
                            "another file",
                            connection_.path()));
  const std::int64_t version = connection_.number("PRAGMA user_version");
  if (version != schema_version)
    throw Error(ErrorKind::storage,
                fmt::format("{}: the history has format {}, this version of lian reads format {}; "
                            "use the version of lian that made it",
                            connection_.path(), version, schema_version));
  ConnectionSettings settings;
  settings.path = ":memory:";
  Connection model(std::move(settings));
  model.run(tables);
  if (schema_of(model) != schema_of(connection_))
    connection_.damaged("its tables are not those of a chat history");
}

SqliteHistory::Session SqliteHistory::find(const std::string& session) {
  Query query(connection_,
              "SELECT id, messages, updated_us, checksum, number FROM sessions WHERE id = ?");
  Session found;
  if (!query.bind(std::string_view(session)).step()) return found;
  check_session(connection_, query);
  found.messages = query.integer(1);
  found.number = query.integer(4);
  return found;
}

void SqliteHistory::append(const std::string& session, const Messages& messages) {
  const std::vector<std::string> texts = message_texts(messages);
  const std::lock_guard lock(mutex_);
  Transaction transaction(connection_);
  Query(connection_,
        "INSERT OR IGNORE INTO sessions(id, messages, updated_us, checksum) VALUES(?, 0, 0, ?)")
      .bind(std::string_view(session))
      .bind(session_sum(session, 0, 0))
      .run();
  const Session own = find(session);
  {
    Query query(connection_,
                "INSERT INTO messages(session, place, message, checksum) VALUES(?, ?, ?, ?)");
    std::int64_t place = own.messages;
    for (const std::string& text : texts) {
      query.bind(own.number).bind(place).bind(std::string_view(text));
      query.bind(sum_of(session, place++, text)).run();
    }
  }
  const std::int64_t size = own.messages + static_cast<std::int64_t>(texts.size());
  const std::int64_t now = now_us();
  Query(connection_,
        "UPDATE sessions SET messages = ?, updated_us = ?, checksum = ? WHERE number = ?")
      .bind(size)
      .bind(now)
      .bind(session_sum(session, size, now))
      .bind(own.number)
      .run();
  transaction.commit();
}

Messages SqliteHistory::read_range(const std::string& name, const Session& session,
                                   std::int64_t begin, std::int64_t end) {
  Query query(connection_,
              "SELECT place, message, checksum FROM messages "
              "WHERE session = ? AND place >= ? AND place < ? ORDER BY place");
  query.bind(session.number).bind(begin).bind(end);
  Messages messages;
  for (std::int64_t place = begin; place < end; ++place) {
    if (!query.step() || query.integer(0) != place)
      connection_.damaged(
          fmt::format("message {} of session {} is missing", place, Json(name).dump()));
    const std::string_view text = query.bytes(1);
    try {
      if (query.integer(2) != sum_of(name, place, text))
        throw Error(ErrorKind::validation, "its checksum is wrong");
      messages.push_back(message_from_json(Json::parse(text)));
    } catch (const Error& error) {
      connection_.damaged(
          fmt::format("message {} of session {}: {}", place, Json(name).dump(), error.message()));
    }
  }
  return messages;
}

Messages SqliteHistory::read(const std::string& session, const HistoryPage& page) {
  const std::lock_guard lock(mutex_);
  Transaction transaction(connection_, Transaction::Kind::read);
  const Session found = find(session);
  const auto [begin, end] = page.range(static_cast<std::size_t>(found.messages));
  return read_range(session, found, static_cast<std::int64_t>(begin),
                    static_cast<std::int64_t>(end));
}

std::size_t SqliteHistory::count(const std::string& session) {
  const std::lock_guard lock(mutex_);
  return static_cast<std::size_t>(find(session).messages);
}

void SqliteHistory::erase(const std::string& session) {
  const std::lock_guard lock(mutex_);
  Transaction transaction(connection_);
  Query(connection_, "DELETE FROM sessions WHERE id = ?").bind(std::string_view(session)).run();
  transaction.commit();
  connection_.run("PRAGMA wal_checkpoint(TRUNCATE)");  // the log held it, too
}

std::vector<SessionInfo> SqliteHistory::sessions() {
  const std::lock_guard lock(mutex_);
  std::vector<SessionInfo> all;
  Query query(connection_, "SELECT id, messages, updated_us, checksum FROM sessions");
  while (query.step()) {
    check_session(connection_, query);
    SessionInfo& info = all.emplace_back();
    info.id = query.bytes(0);
    info.messages = static_cast<std::size_t>(query.integer(1));
    info.updated_us = query.integer(2);
  }
  sort_sessions(all);
  return all;
}

}  // namespace v0
}  // namespace lian
