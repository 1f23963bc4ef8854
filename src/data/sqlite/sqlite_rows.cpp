#include "data/sqlite/sqlite_rows.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "lian/core/error.hpp"

namespace lian {
inline namespace v0 {
namespace {

std::int64_t number_of(std::string_view digits) {
  std::int64_t value = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return value;
}

}  // namespace

SqliteRows::SqliteRows(ConnectionSettings settings, const StoreExpectation& expected)
    : connection_(std::move(settings)), documents_(connection_) {
  prepare_store(connection_, expected);
}

SqliteRows::~SqliteRows() = default;

std::vector<std::vector<float>> SqliteRows::checked(
    const std::vector<const VectorRecord*>& records) {
  if (dimension_ == 0 && !records.empty()) dimension_ = records.front()->vector.size();
  std::vector<std::vector<float>> vectors;
  vectors.reserve(records.size());
  for (const VectorRecord* record : records) {
    if (record->vector.empty() || record->vector.size() != dimension_) {
      throw Error(
          ErrorKind::validation,
          fmt::format("{}: document \"{}\" has a vector of {} components, but the store's have "
                      "{}; all must come from one embedding model",
                      connection_.path(), record->document.id, record->vector.size(), dimension_));
    }
    vectors.emplace_back(dimension_);
    normalise(record->vector, vectors.back(),
              fmt::format("{}: document \"{}\"", connection_.path(), record->document.id));
  }
  return vectors;
}

// What other processes did becomes known here.
void SqliteRows::begin_change() {
  dimension_ = static_cast<std::size_t>(number_of(setting(connection_, "dimension")));
  if (connection_.number("PRAGMA data_version") != loaded_version_) forget_rows();
  next_number_ = documents_.next_number();
}

void SqliteRows::end_change(Transaction& transaction, const Changes& changes) {
  if (dimension_ != 0) set_setting(connection_, "dimension", fmt::format("{}", dimension_));
  const std::int64_t before = number_of(setting(connection_, "documents"));
  set_setting(connection_, "documents", fmt::format("{}", before + changes.documents));
  transaction.commit();
  apply(changes);
}

void SqliteRows::insert(const Document& document, const std::vector<float>& vector,
                        std::int64_t source, Changes& changes) {
  const std::int64_t earlier = documents_.find(document.id);
  if (earlier != 0) remove(earlier, changes);
  const std::int64_t number = next_number_++;
  documents_.insert(number, document, source, vector);
  ++changes.documents;
  if (source == 0) changes.added.emplace_back(number, vector);
}

void SqliteRows::remove(std::int64_t number, Changes& changes) {
  documents_.remove(number);
  --changes.documents;
  changes.removed.push_back(number);
}

void SqliteRows::put(const std::vector<VectorRecord>& records) {
  if (records.empty()) return;
  std::vector<const VectorRecord*> pointers;
  for (const auto& record : records) pointers.push_back(&record);
  const std::lock_guard lock(connection_mutex_);
  Transaction transaction(connection_);
  begin_change();
  const std::vector<std::vector<float>> vectors = checked(pointers);
  Changes changes;
  for (std::size_t i = 0; i < records.size(); ++i) {
    insert(records[i].document, vectors[i], 0, changes);
  }
  end_change(transaction, changes);
}

std::size_t SqliteRows::erase(const std::vector<std::string>& ids) {
  const std::lock_guard lock(connection_mutex_);
  Transaction transaction(connection_);
  begin_change();
  Changes changes;
  for (const auto& id : ids) {
    const std::int64_t number = documents_.find_visible(id);
    if (number != 0) remove(number, changes);
  }
  end_change(transaction, changes);
  return changes.removed.size();
}

Documents SqliteRows::fetch(const std::vector<std::string>& ids) {
  const std::lock_guard lock(connection_mutex_);
  Documents documents;
  for (const auto& id : ids) {
    const std::int64_t number = documents_.find_visible(id);
    if (number == 0) continue;
    auto document = documents_.read(number);
    if (document) documents.push_back(std::move(*document));
  }
  return documents;
}

std::size_t SqliteRows::size() {
  const std::lock_guard lock(connection_mutex_);
  return static_cast<std::size_t>(
      connection_.number("SELECT count(*) FROM documents WHERE source IS NULL OR "
                         "source IN (SELECT number FROM sources WHERE staged = 0)"));
}

}  // namespace v0
}  // namespace lian
