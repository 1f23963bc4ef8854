#include "data/sqlite/schema.hpp"

#include <fmt/format.h>

#include <utility>

#include "lian/core/error.hpp"

namespace lian {
inline namespace v0 {
namespace {

constexpr std::int64_t application_id = 0x6C69616E;  // "lian"
constexpr std::int64_t schema_version = 1;

// Documents of a source with staged = 1 are not found until the source is finished. `item` 0 of a
// metadata entry is its value, the others are what `contains` looks through. Words are indexed
// without their text (contentless): the tokens are made again from the document to delete them.
constexpr const char* tables = R"(
CREATE TABLE settings(name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE sources(
  number INTEGER PRIMARY KEY, name TEXT NOT NULL, staged INTEGER NOT NULL, size INTEGER NOT NULL,
  modified_ns INTEGER NOT NULL, fingerprint TEXT NOT NULL, settings TEXT NOT NULL,
  documents INTEGER NOT NULL, checksum INTEGER NOT NULL, UNIQUE(name, staged));
CREATE TABLE documents(
  number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, source INTEGER REFERENCES sources(number),
  text TEXT NOT NULL, byte_begin INTEGER, byte_end INTEGER, line_begin INTEGER, line_end INTEGER,
  checksum INTEGER NOT NULL);
CREATE INDEX documents_of_source ON documents(source) WHERE source IS NOT NULL;
CREATE TABLE metadata(
  document INTEGER NOT NULL REFERENCES documents(number) ON DELETE CASCADE,
  position INTEGER NOT NULL, item INTEGER NOT NULL, key TEXT NOT NULL, kind INTEGER NOT NULL, value,
  PRIMARY KEY(document, position, item)) WITHOUT ROWID;
CREATE INDEX metadata_of_key ON metadata(key, kind, value);
CREATE TABLE vectors(
  document INTEGER PRIMARY KEY REFERENCES documents(number) ON DELETE CASCADE,
  vector BLOB NOT NULL, checksum INTEGER NOT NULL);
CREATE VIRTUAL TABLE words USING fts5(tokens, content='', tokenize='ascii');
)";

bool is_empty(Connection& connection) {
  return connection.number("SELECT count(*) FROM sqlite_schema") == 0 &&
         connection.number("PRAGMA application_id") == 0 &&
         connection.number("PRAGMA user_version") == 0;
}

std::string schema_of(Connection& connection) {
  std::string schema;
  // How FTS5 lays out its own tables is its own affair.
  Query query(connection,
              "SELECT type, name, coalesce(sql, '') FROM sqlite_schema "
              "WHERE NOT (type = 'table' AND name GLOB 'words_*') ORDER BY type, name");
  while (query.step()) {
    for (int column = 0; column < 3; ++column) schema.append(query.bytes(column)).append("\n");
  }
  return schema;
}

void create(Connection& connection) {
  if (connection.read_only()) {
    throw Error(
        ErrorKind::storage,
        fmt::format("{}: the file is empty and cannot be written, so no store can be made in it",
                    connection.path()));
  }
  connection.run("PRAGMA page_size=16384");
  connection.run("PRAGMA journal_mode=WAL");
  Transaction transaction(connection);
  if (!is_empty(connection)) return;  // another process was faster
  connection.run(tables);
  connection.run("PRAGMA application_id=1818845550");
  connection.run("PRAGMA user_version=1");
  transaction.commit();
}

void check_kind(Connection& connection) {
  if (connection.number("PRAGMA application_id") != application_id) {
    throw Error(
        ErrorKind::storage,
        fmt::format("{}: this is an SQLite database, but not a store of lian; name another file",
                    connection.path()));
  }
  const std::int64_t version = connection.number("PRAGMA user_version");
  if (version != schema_version) {
    throw Error(
        ErrorKind::storage,
        fmt::format("{}: the store has format {}, this version of lian reads format {}; use the "
                    "version of lian that made it, or delete the file and index again",
                    connection.path(), version, schema_version));
  }
  ConnectionSettings settings;
  settings.path = ":memory:";
  Connection model(std::move(settings));
  model.run(tables);
  if (schema_of(model) != schema_of(connection)) {
    connection.damaged("its tables are not those of a store");
  }
}

void check_pages(Connection& connection) {
  Query query(connection, "PRAGMA quick_check(1)");
  if (!query.step() || query.bytes(0) != "ok") connection.damaged(query.bytes(0));
}

void empty_store(Connection& connection) {
  Transaction transaction(connection);
  connection.run("INSERT INTO words(words) VALUES('delete-all')");
  connection.run("DELETE FROM vectors");
  connection.run("DELETE FROM metadata");
  connection.run("DELETE FROM documents");
  connection.run("DELETE FROM sources");
  connection.run("DELETE FROM settings");
  transaction.commit();
}

// What is there and differs from what is expected, in words; empty when nothing does.
std::string difference(Connection& connection, const StoreExpectation& expected) {
  const std::string embedding = setting(connection, "embedding");
  if (!embedding.empty() && !expected.embedding.empty() && embedding != expected.embedding) {
    return fmt::format("the embedding model \"{}\", not \"{}\"", embedding, expected.embedding);
  }
  const std::string dimension = setting(connection, "dimension");
  if (!dimension.empty() && expected.dimension != 0 &&
      dimension != fmt::format("{}", expected.dimension)) {
    return fmt::format("vectors of {} components, not {}", dimension, expected.dimension);
  }
  return {};
}

}  // namespace

std::string setting(Connection& connection, std::string_view name) {
  Query query(connection, "SELECT value FROM settings WHERE name = ?");
  query.bind(name);
  return query.step() ? std::string(query.bytes(0)) : std::string();
}

void set_setting(Connection& connection, std::string_view name, std::string_view value) {
  Query(connection, "INSERT OR REPLACE INTO settings(name, value) VALUES(?, ?)")
      .bind(name)
      .bind(value)
      .run();
}

void prepare_store(Connection& connection, const StoreExpectation& expected) {
  if (is_empty(connection)) create(connection);
  check_kind(connection);
  if (connection.left_unclean()) check_pages(connection);
  const std::string differs = difference(connection, expected);
  if (!differs.empty() && !expected.rebuild) {
    throw Error(
        ErrorKind::config,
        fmt::format("{}: the store was built with {}; use what it was built with, or open it with "
                    "the option rebuild, which empties it so that it can be indexed again",
                    connection.path(), differs));
  }
  if (!differs.empty()) empty_store(connection);
  if (connection.read_only()) return;
  if (!expected.embedding.empty() && setting(connection, "embedding").empty()) {
    set_setting(connection, "embedding", expected.embedding);
  }
}

}  // namespace v0
}  // namespace lian
