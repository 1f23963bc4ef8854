/// lian/data/sqlite_vector_store.hpp: a store in one SQLite file. Link lian::sqlite.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lian/data/indexing.hpp"

namespace lian {
inline namespace v0 {

class SqliteRows;

/// Settings of a SqliteVectorStore. Regular value.
class LIAN_API SqliteStoreOptions {
 public:
  SqliteStoreOptions() = default;
  /// Only reads. A file or folder that cannot be written is opened so by itself. Default false.
  SqliteStoreOptions& read_only(bool value) { return read_only_ = value, *this; }
  /// How long to wait for another process that writes, in milliseconds; default 5000.
  SqliteStoreOptions& busy_timeout(int milliseconds) { return busy_timeout_ = milliseconds, *this; }
  /// Empties a store that was built with another embedding model or dimension instead of refusing
  /// it. Default false.
  SqliteStoreOptions& rebuild(bool value) { return rebuild_ = value, *this; }

  bool read_only() const noexcept { return read_only_; }
  int busy_timeout() const noexcept { return busy_timeout_; }
  bool rebuild() const noexcept { return rebuild_; }

 private:
  bool read_only_ = false, rebuild_ = false;
  int busy_timeout_ = 5000;
};

/// Documents, metadata, vectors and words in one SQLite file (write-ahead log, so two more files
/// lie beside it while it is open). Exact search by cosine over vectors that are read into memory
/// at the first search and kept in step, also with what other processes write; words by FTS5,
/// Chinese by characters and pairs; hybrid by reciprocal ranks. Every change is one transaction:
/// after a kill the file holds all that was acknowledged and nothing half. (A power cut may undo
/// the last ones.)
///
/// Every document and vector has a checksum; a damaged or foreign file is an Error{storage} that
/// names it. The file remembers the embedding model's name and dimension: opening it with another
/// is an Error{config}. Thread-safe; work runs on the Runtime's threads for blocking work.
class LIAN_API SqliteVectorStore final : public IndexedVectorStore {
 public:
  /// Opens the file or makes it. Blocks. Throws Error{storage}, Error{config}.
  explicit SqliteVectorStore(std::string_view path,
                             std::optional<EmbeddingModel> embedding = std::nullopt,
                             SqliteStoreOptions options = SqliteStoreOptions());
  ~SqliteVectorStore() override;

  /// The number of documents that can be found. Blocks.
  std::size_t size() const;
  /// Whether the store can only be read, by its options or because the file permits no more.
  bool read_only() const noexcept;
  std::string name() const override;

  Task<std::vector<SourceRecord>> asources(std::string prefix, Context context) const override;
  Task<> acommit(IndexBatch batch, Context context) override;

 private:
  Task<> put(std::vector<VectorRecord> records, Context context) override;
  Task<std::size_t> erase(std::vector<std::string> ids, Context context) override;
  Task<Documents> fetch(std::vector<std::string> ids, Context context) const override;
  Task<std::vector<VectorHit>> find(VectorQuery query, Context context) const override;

  std::string path_;
  std::shared_ptr<SqliteRows> rows_;
};

}  // namespace v0
}  // namespace lian
