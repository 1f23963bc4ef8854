#include "data/sqlite/connection.hpp"

#include <fmt/format.h>

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <new>
#include <system_error>
#include <utility>

#include "lian/core/error.hpp"

namespace lian {
inline namespace v0 {
namespace {

// A file name as an SQLite URI.
std::string uri_of(std::string_view path, std::string_view parameters) {
  std::string uri = "file:";
  for (const char c : path) {
    if (c == '%' || c == '?' || c == '#') {
      uri += fmt::format("%{:02X}", static_cast<unsigned>(static_cast<unsigned char>(c)));
    } else {
      uri += c;
    }
  }
  return uri.append("?").append(parameters);
}

bool has_pages(const std::string& log) {
  std::FILE* file = std::fopen(log.c_str(), "rb");
  if (file == nullptr) return false;
  const bool some = std::fgetc(file) != EOF;
  std::fclose(file);
  return some;
}

}  // namespace

Connection::Connection(ConnectionSettings settings) : settings_(std::move(settings)) {
  if (settings_.path.empty() || settings_.path.find('\0') != std::string::npos) {
    throw Error(ErrorKind::config, "sqlite store: the file name is empty or holds a NUL byte");
  }
  std::error_code unknown;  // then opening it says why
  if (std::filesystem::is_directory(settings_.path, unknown)) {
    throw Error(ErrorKind::storage,
                fmt::format("{}: this is a folder; name a file for the store", settings_.path));
  }
  // SQLite takes a file of one byte for an empty one.
  constexpr std::uintmax_t header_bytes = 100;
  const std::uintmax_t size = std::filesystem::file_size(settings_.path, unknown);
  if (!unknown && size > 0 && size < header_bytes) fail(SQLITE_NOTADB);
  left_unclean_ = has_pages(settings_.path + "-wal");
  open();
  sqlite3_busy_timeout(database_.get(), settings_.busy_timeout_ms);
  sqlite3_db_config(database_.get(), SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(database_.get(), SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  run("PRAGMA cell_size_check=ON");
  run("PRAGMA foreign_keys=ON");
  run(settings_.durable ? "PRAGMA synchronous=FULL" : "PRAGMA synchronous=NORMAL");
  run("PRAGMA cache_size=-16384");
}

Connection::~Connection() { statements_.clear(); }

int Connection::try_open(const std::string& name, int flags) {
  sqlite3* opened = nullptr;
  const int code = sqlite3_open_v2(name.c_str(), &opened,
                                   flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nullptr);
  database_.reset(opened);
  if (code != SQLITE_OK) return code;
  sqlite3_busy_timeout(opened, settings_.busy_timeout_ms);
  // The file is opened for good when it is first read.
  return sqlite3_exec(opened, "SELECT 1 FROM sqlite_schema LIMIT 1", nullptr, nullptr, nullptr);
}

void Connection::open() {
  int code = SQLITE_OK;
  if (!settings_.read_only) {
    code = try_open(settings_.path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
    if (code == SQLITE_OK) {
      settings_.read_only = sqlite3_db_readonly(database_.get(), "main") == 1;
      return;
    }
    const int primary = code & 0xFF;
    if (primary != SQLITE_CANTOPEN && primary != SQLITE_READONLY) fail(code);
  }
  settings_.read_only = true;
  const int first = code;
  code = try_open(settings_.path, SQLITE_OPEN_READONLY);
  // Write-ahead logging wants files beside the database; where those cannot be made, nobody writes.
  if (code != SQLITE_OK && (code & 0xFF) == SQLITE_CANTOPEN) {
    code = try_open(uri_of(settings_.path, "immutable=1"), SQLITE_OPEN_READONLY | SQLITE_OPEN_URI);
  }
  if (code != SQLITE_OK) fail(first != SQLITE_OK ? first : code);
}

void Connection::damaged(std::string_view how) const {
  throw Error(
      ErrorKind::storage,
      fmt::format("{}: the store is damaged ({}); restore it from a copy, or delete the file "
                  "and {}",
                  settings_.path, how, settings_.anew));
}

void Connection::fail(int code) const {
  const std::string reason = database_ ? sqlite3_errmsg(database_.get()) : sqlite3_errstr(code);
  switch (code & 0xFF) {
    case SQLITE_NOMEM:
      throw std::bad_alloc();
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      throw Error(ErrorKind::storage,
                  fmt::format("{}: the store is locked by another process; waited {} ms. Let that "
                              "process finish, or raise busy_timeout",
                              settings_.path, settings_.busy_timeout_ms));
    case SQLITE_NOTADB:
      throw Error(
          ErrorKind::storage,
          fmt::format("{}: this is not a store of lian (not an SQLite database), or its beginning "
                      "is damaged; name another file, or delete this one and {}",
                      settings_.path, settings_.anew));
    case SQLITE_CORRUPT:
      damaged(reason);
    case SQLITE_FULL:
      throw Error(ErrorKind::storage,
                  fmt::format("{}: the disk is full; the change was undone, the store is as it was",
                              settings_.path));
    case SQLITE_READONLY:
      throw Error(
          ErrorKind::storage,
          fmt::format("{}: the store cannot be written (opened read-only, or no permission on "
                      "the file and its folder)",
                      settings_.path));
    case SQLITE_CANTOPEN:
      throw Error(
          ErrorKind::storage,
          fmt::format("{}: the file cannot be opened or made; check that its folder is there and "
                      "what it permits ({})",
                      settings_.path, reason));
    default:
      throw Error(ErrorKind::storage, fmt::format("{}: {} (SQLite error {}); the change was undone",
                                                  settings_.path, reason, code));
  }
}

void Connection::run(const char* sql) {
  const int code = sqlite3_exec(database_.get(), sql, nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) fail(code);
}

std::int64_t Connection::number(const char* sql) {
  Query query(*this, sql);
  return query.step() ? query.integer(0) : 0;
}

sqlite3_stmt* Connection::prepared(const char* sql) {
  const auto found = statements_.find(sql);
  if (found != statements_.end()) return found->second.get();
  sqlite3_stmt* statement = nullptr;
  const int code =
      sqlite3_prepare_v3(database_.get(), sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  if (code != SQLITE_OK) fail(code);
  statements_.emplace(sql, Prepared(statement));
  return statement;
}

Query::~Query() {
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
}

void Query::check(int code) const {
  if (code != SQLITE_OK) connection_->fail(code);
}

Query& Query::bind(std::int64_t value) {
  check(sqlite3_bind_int64(statement_, next_++, value));
  return *this;
}

Query& Query::bind(double value) {
  check(sqlite3_bind_double(statement_, next_++, value));
  return *this;
}

Query& Query::bind(std::string_view text) {
  // A null pointer would bind NULL.
  const char* bytes = text.data() != nullptr ? text.data() : "";
  check(sqlite3_bind_text64(statement_, next_++, bytes, text.size(), SQLITE_STATIC, SQLITE_UTF8));
  return *this;
}

Query& Query::bind_blob(std::string_view bytes) {
  check(sqlite3_bind_blob64(statement_, next_++, bytes.data() != nullptr ? bytes.data() : "",
                            bytes.size(), SQLITE_STATIC));
  return *this;
}

Query& Query::bind_null() {
  check(sqlite3_bind_null(statement_, next_++));
  return *this;
}

bool Query::step() {
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code != SQLITE_DONE) connection_->fail(code);
  return false;
}

void Query::run() {
  while (step()) {
  }
  sqlite3_reset(statement_);
  next_ = 1;
}

std::string_view Query::bytes(int column) const {
  const auto* bytes = static_cast<const char*>(sqlite3_column_blob(statement_, column));
  const int size = sqlite3_column_bytes(statement_, column);
  return bytes == nullptr ? std::string_view()
                          : std::string_view(bytes, static_cast<std::size_t>(size));
}

Transaction::~Transaction() {
  if (!open_) return;
  // It fails only when SQLite has rolled back already.
  sqlite3_exec(connection_->database_.get(), "ROLLBACK", nullptr, nullptr, nullptr);
}

void Transaction::commit() {
  connection_->run("COMMIT");
  open_ = false;
}

}  // namespace v0
}  // namespace lian
