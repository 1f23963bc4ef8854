#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

namespace lian {
inline namespace v0 {

/// How a database file is opened.
struct ConnectionSettings {
  ConnectionSettings() = default;
  std::string path;  // UTF-8
  bool read_only = false;
  int busy_timeout_ms = 5000;
  bool durable = false;  // what is committed survives a power cut
  std::string anew = "index your documents again";  // what to do when the file is deleted
};

/// One SQLite connection with its prepared statements. Failures are thrown as Error{storage} that
/// names the file and what to do. Used by one thread at a time.
class Connection {
 public:
  explicit Connection(ConnectionSettings settings);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// Runs statements that give no rows. `sql` is a literal of the program's.
  void run(const char* sql);
  /// The single number a statement gives; 0 when it gives no row.
  std::int64_t number(const char* sql);
  const std::string& path() const noexcept { return settings_.path; }
  bool read_only() const noexcept { return settings_.read_only; }
  /// Whether a log of changes lay beside the file when it was opened: the last user was killed, or
  /// another one is at work.
  bool left_unclean() const noexcept { return left_unclean_; }
  /// Rows the last statement changed.
  std::int64_t changes() const noexcept { return sqlite3_changes64(database_.get()); }

  [[noreturn]] void fail(int code) const;
  [[noreturn]] void damaged(std::string_view how) const;

 private:
  friend class Query;
  friend class Transaction;
  struct Close {
    void operator()(sqlite3* database) const noexcept { sqlite3_close_v2(database); }
  };
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const noexcept { sqlite3_finalize(statement); }
  };
  using Handle = std::unique_ptr<sqlite3, Close>;
  using Prepared = std::unique_ptr<sqlite3_stmt, Finalize>;

  void open();
  int try_open(const std::string& name, int flags);
  sqlite3_stmt* prepared(const char* sql);

  ConnectionSettings settings_;
  bool left_unclean_ = false;
  Handle database_;
  std::unordered_map<std::string_view, Prepared> statements_;  // by their literal's text
};

/// One run of a prepared statement: bind, then step through its rows. Text is valid until the next
/// step. Two runs of one statement must not overlap.
class Query {
 public:
  Query(Connection& connection, const char* sql)
      : connection_(&connection), statement_(connection.prepared(sql)) {}
  ~Query();
  Query(const Query&) = delete;
  Query& operator=(const Query&) = delete;

  /// Binds the next parameter. Text and blobs must outlive the run.
  Query& bind(std::int64_t value);
  Query& bind(double value);
  Query& bind(std::string_view text);
  Query& bind_blob(std::string_view bytes);
  Query& bind_null();

  bool step();
  /// Steps to the end, and makes ready to bind anew.
  void run();

  std::int64_t integer(int column) const { return sqlite3_column_int64(statement_, column); }
  double real(int column) const { return sqlite3_column_double(statement_, column); }
  bool is_null(int column) const { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }
  /// Text or blob; an empty one for NULL.
  std::string_view bytes(int column) const;

 private:
  void check(int code) const;
  Connection* connection_;
  sqlite3_stmt* statement_;
  int next_ = 1;
};

/// A transaction that is rolled back unless committed.
class Transaction {
 public:
  enum class Kind { read, write };
  explicit Transaction(Connection& connection, Kind kind = Kind::write) : connection_(&connection) {
    connection.run(kind == Kind::write ? "BEGIN IMMEDIATE" : "BEGIN");
  }
  ~Transaction();
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  void commit();

 private:
  Connection* connection_;
  bool open_ = true;
};

}  // namespace v0
}  // namespace lian
