// SqliteRows, the record of sources: which documents came from where, and the change of a source's
// documents together with its record.
#include <fmt/format.h>

#include <utility>

#include "data/checksum.hpp"
#include "data/sqlite/sqlite_rows.hpp"
#include "lian/core/error.hpp"

namespace lian {
inline namespace v0 {
namespace {

std::int64_t sum_of(std::int64_t number, const SourceRecord& record) {
  Checksum sum;
  sum.add(static_cast<std::uint64_t>(number)).add(record.state.name).add(record.state.size);
  sum.add(static_cast<std::uint64_t>(record.state.modified_ns));
  sum.add(record.fingerprint).add(record.settings).add(record.documents);
  return static_cast<std::int64_t>(sum.value());
}

std::int64_t find(Connection& connection, std::string_view name, bool staged) {
  Query query(connection, "SELECT number FROM sources WHERE name = ? AND staged = ?");
  query.bind(name).bind(std::int64_t{staged ? 1 : 0});
  return query.step() ? query.integer(0) : 0;
}

std::int64_t add(Connection& connection, std::string_view name, bool staged) {
  const std::int64_t number = connection.number("SELECT coalesce(max(number), 0) + 1 FROM sources");
  Query(connection,
        "INSERT INTO sources(number, name, staged, size, modified_ns, fingerprint, settings, "
        "documents, "
        "checksum) VALUES(?, ?, ?, 0, 0, '', '', 0, 0)")
      .bind(number)
      .bind(name)
      .bind(std::int64_t{staged ? 1 : 0})
      .run();
  return number;
}

void write(Connection& connection, std::int64_t number, const SourceRecord& record) {
  Query(connection,
        "UPDATE sources SET staged = 0, size = ?, modified_ns = ?, fingerprint = ?, settings = ?, "
        "documents = ?, checksum = ? WHERE number = ?")
      .bind(static_cast<std::int64_t>(record.state.size))
      .bind(record.state.modified_ns)
      .bind(std::string_view(record.fingerprint))
      .bind(std::string_view(record.settings))
      .bind(static_cast<std::int64_t>(record.documents))
      .bind(sum_of(number, record))
      .bind(number)
      .run();
}

}  // namespace

std::vector<SourceRecord> SqliteRows::sources(std::string_view prefix) {
  const std::lock_guard lock(connection_mutex_);
  std::vector<SourceRecord> records;
  Query query(connection_,
              "SELECT name, size, modified_ns, fingerprint, settings, documents, checksum, number "
              "FROM sources WHERE staged = 0 ORDER BY name");
  while (query.step()) {
    if (!query.bytes(0).starts_with(prefix)) continue;
    SourceRecord record;
    record.state = SourceState(std::string(query.bytes(0)),
                               static_cast<std::uint64_t>(query.integer(1)), query.integer(2));
    record.fingerprint = query.bytes(3);
    record.settings = query.bytes(4);
    record.documents = static_cast<std::uint64_t>(query.integer(5));
    if (sum_of(query.integer(7), record) != query.integer(6)) {
      connection_.damaged(fmt::format("the checksum of source {} is wrong", query.integer(7)));
    }
    records.push_back(std::move(record));
  }
  return records;
}

void SqliteRows::remove_source(std::int64_t number, Changes& changes) {
  for (const std::int64_t document : documents_.of_source(number)) remove(document, changes);
  Query(connection_, "DELETE FROM sources WHERE number = ?").bind(number).run();
}

void SqliteRows::finish_source(const SourceRecord& record, Changes& changes) {
  const std::string& name = record.state.name;
  std::int64_t pending = find(connection_, name, true);
  const std::vector<std::int64_t> staged =
      pending != 0 ? documents_.of_source(pending) : std::vector<std::int64_t>();
  if (staged.size() != record.documents) {
    throw Error(
        ErrorKind::storage,
        fmt::format("{}: {} documents of {} are staged, not {}; another process indexes into the "
                    "same store, so let one finish and run again",
                    connection_.path(), staged.size(), name, record.documents));
  }
  const std::int64_t earlier = find(connection_, name, false);
  if (earlier != 0) remove_source(earlier, changes);
  if (pending == 0) pending = add(connection_, name, true);
  write(connection_, pending, record);
  if (loaded_version_ < 0) return;
  for (const std::int64_t number : staged) {
    changes.added.emplace_back(number, documents_.vector(number, dimension_));
  }
}

void SqliteRows::stage(const IndexBatch& batch, Changes& changes) {
  std::vector<const VectorRecord*> records;
  for (const auto& staged : batch.staged) records.push_back(&staged.record);
  const std::vector<std::vector<float>> vectors = checked(records);
  for (std::size_t i = 0; i < batch.staged.size(); ++i) {
    const std::string& name = batch.staged[i].source;
    std::int64_t source = find(connection_, name, true);
    if (source == 0) source = add(connection_, name, true);
    insert(batch.staged[i].record.document, vectors[i], source, changes);
  }
}

void SqliteRows::commit(const IndexBatch& batch) {
  const std::lock_guard lock(connection_mutex_);
  Transaction transaction(connection_);
  begin_change();
  Changes changes;
  if (batch.fresh) {
    std::vector<std::int64_t> left;
    {
      Query query(connection_, "SELECT number FROM sources WHERE staged <> 0");
      while (query.step()) left.push_back(query.integer(0));
    }
    for (const std::int64_t number : left) remove_source(number, changes);
  }
  stage(batch, changes);
  for (const SourceRecord& record : batch.finished) finish_source(record, changes);
  for (const SourceRecord& record : batch.touched) {
    const std::int64_t number = find(connection_, record.state.name, false);
    if (number != 0) write(connection_, number, record);
  }
  for (const auto& name : batch.discarded) {
    const std::int64_t number = find(connection_, name, true);
    if (number != 0) remove_source(number, changes);
  }
  for (const auto& name : batch.removed) {
    const std::int64_t number = find(connection_, name, false);
    if (number != 0) remove_source(number, changes);
  }
  end_change(transaction, changes);
}

}  // namespace v0
}  // namespace lian
