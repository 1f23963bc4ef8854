#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "data/sqlite/connection.hpp"
#include "data/sqlite/document_table.hpp"
#include "data/sqlite/schema.hpp"
#include "data/vector_math.hpp"
#include "lian/data/indexing.hpp"
#include "lian/data/vector_store.hpp"

namespace lian {
inline namespace v0 {

/// The work of a SqliteVectorStore, immediate. Thread-safe: the connection is used by one thread at
/// a time, the vectors (in memory since the first search) are scanned by many.
class LIAN_API SqliteRows {
 public:
  SqliteRows(ConnectionSettings settings, const StoreExpectation& expected);
  ~SqliteRows();

  void put(const std::vector<VectorRecord>& records);
  std::size_t erase(const std::vector<std::string>& ids);
  Documents fetch(const std::vector<std::string>& ids);
  std::vector<VectorHit> nearest(const VectorQuery& query);
  std::vector<VectorHit> matching(const VectorQuery& query);
  std::vector<SourceRecord> sources(std::string_view prefix);
  void commit(const IndexBatch& batch);

  /// Documents that can be found.
  std::size_t size();
  bool read_only() const noexcept { return connection_.read_only(); }

 private:
  // What a transaction does to the vectors in memory once it is committed, and to the count.
  struct Changes {
    std::vector<std::int64_t> removed;
    std::vector<std::pair<std::int64_t, std::vector<float>>> added;
    std::int64_t documents = 0;
  };
  struct Found {
    Found(std::int64_t number_in, double score_in) : number(number_in), score(score_in) {}
    std::int64_t number;
    double score;
    std::vector<float> vector;
  };

  // With the connection locked, inside a transaction:
  std::vector<std::vector<float>> checked(const std::vector<const VectorRecord*>& records);
  void begin_change();
  void end_change(Transaction& transaction, const Changes& changes);
  void insert(const Document& document, const std::vector<float>& vector, std::int64_t source,
              Changes& changes);
  void remove(std::int64_t number, Changes& changes);
  void stage(const IndexBatch& batch, Changes& changes);
  void finish_source(const SourceRecord& record, Changes& changes);
  void remove_source(std::int64_t number, Changes& changes);

  // With the connection locked:
  std::unordered_set<std::int64_t> staged_numbers();
  void load_rows();
  void forget_rows();
  void apply(const Changes& changes);
  void append_row(std::int64_t number, const std::vector<float>& vector);
  void drop_row(std::int64_t number);
  std::vector<std::uint8_t> allowed(const Filter& filter);
  std::vector<VectorHit> read_hits(std::vector<Found> found, const Filter& filter);

  std::mutex connection_mutex_;  // taken before rows_mutex_
  Connection connection_;
  DocumentTable documents_;
  std::size_t dimension_ = 0;  // 0 until the first document
  std::int64_t next_number_ = 1;
  std::int64_t loaded_version_ = -1;  // the database's when the rows were read; -1: they are not

  std::shared_mutex rows_mutex_;
  std::optional<VectorMatrix> matrix_;
  std::vector<std::int64_t> numbers_;                     // of the documents, by row
  std::unordered_map<std::int64_t, std::uint32_t> rows_;  // by number
};

}  // namespace v0
}  // namespace lian
