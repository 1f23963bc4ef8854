#include "lian/data/sqlite_vector_store.hpp"

#include <utility>

#include "data/sqlite/sqlite_rows.hpp"
#include "lian/core/offload.hpp"

namespace lian {
inline namespace v0 {
namespace {

std::shared_ptr<SqliteRows> open_rows(std::string_view path,
                                      const std::optional<EmbeddingModel>& embedding,
                                      const SqliteStoreOptions& options) {
  ConnectionSettings settings;
  settings.path = path;
  settings.read_only = options.read_only();
  settings.busy_timeout_ms = options.busy_timeout();
  StoreExpectation expected;
  expected.rebuild = options.rebuild();
  if (embedding) {
    expected.embedding = embedding->name();
    expected.dimension = embedding->dimensions();
  }
  return std::make_shared<SqliteRows>(std::move(settings), expected);
}

}  // namespace

SqliteVectorStore::SqliteVectorStore(std::string_view path, std::optional<EmbeddingModel> embedding,
                                     SqliteStoreOptions options)
    : IndexedVectorStore(embedding), path_(path), rows_(open_rows(path, embedding, options)) {}

SqliteVectorStore::~SqliteVectorStore() = default;

std::size_t SqliteVectorStore::size() const { return rows_->size(); }

bool SqliteVectorStore::read_only() const noexcept { return rows_->read_only(); }

std::string SqliteVectorStore::name() const { return "sqlite:" + path_; }

Task<> SqliteVectorStore::put(std::vector<VectorRecord> records, Context) {
  auto work = [rows = rows_, records = std::move(records)] { rows->put(records); };
  return offload(std::move(work));
}

Task<std::size_t> SqliteVectorStore::erase(std::vector<std::string> ids, Context) {
  auto work = [rows = rows_, ids = std::move(ids)] { return rows->erase(ids); };
  return offload(std::move(work));
}

Task<Documents> SqliteVectorStore::fetch(std::vector<std::string> ids, Context) const {
  auto work = [rows = rows_, ids = std::move(ids)] { return rows->fetch(ids); };
  return offload(std::move(work));
}

Task<std::vector<VectorHit>> SqliteVectorStore::find(VectorQuery query, Context) const {
  auto work = [rows = rows_, query = std::move(query)] {
    return query.vector.empty() ? rows->matching(query) : rows->nearest(query);
  };
  return offload(std::move(work));
}

Task<std::vector<SourceRecord>> SqliteVectorStore::asources(std::string prefix, Context) const {
  auto work = [rows = rows_, prefix = std::move(prefix)] { return rows->sources(prefix); };
  return offload(std::move(work));
}

Task<> SqliteVectorStore::acommit(IndexBatch batch, Context) {
  auto work = [rows = rows_, batch = std::move(batch)] { rows->commit(batch); };
  return offload(std::move(work));
}

}  // namespace v0
}  // namespace lian
