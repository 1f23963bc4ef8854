#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lian/data/indexing.hpp"

namespace lian {
inline namespace v0 {

/// A store in memory: exact search by cosine over contiguous rows (AVX-512, AVX2 or portable code,
/// chosen at run time), words by BM25, filters evaluated on the metadata. Thread-safe: searches run
/// side by side, changes alone.
class LIAN_API InMemoryVectorStore final : public IndexedVectorStore {
 public:
  /// Without a model only vectors can be added and searched by. The width of the vectors is that of
  /// the first document.
  explicit InMemoryVectorStore(std::optional<EmbeddingModel> embedding = std::nullopt);
  ~InMemoryVectorStore() override;

  /// Writes all documents, vectors and source records to one file, replacing it as a whole. Blocks.
  /// Throws Error{storage}.
  void save(std::string_view path) const;
  /// A store with what `save` wrote. Blocks. Throws Error{not_found}, Error{storage} for a damaged
  /// or foreign file, Error{config} when it was built with another embedding model.
  static std::shared_ptr<InMemoryVectorStore> load(
      std::string_view path, std::optional<EmbeddingModel> embedding = std::nullopt);

  /// The number of documents.
  std::size_t size() const;
  std::string name() const override;

  Task<std::vector<SourceRecord>> asources(std::string prefix, Context context) const override;
  Task<> acommit(IndexBatch batch, Context context) override;

 private:
  struct State;
  InMemoryVectorStore(std::optional<EmbeddingModel> embedding, std::shared_ptr<State> state);

  Task<> put(std::vector<VectorRecord> records, Context context) override;
  Task<std::size_t> erase(std::vector<std::string> ids, Context context) override;
  Task<Documents> fetch(std::vector<std::string> ids, Context context) const override;
  Task<std::vector<VectorHit>> find(VectorQuery query, Context context) const override;

  std::shared_ptr<State> state_;
};

}  // namespace v0
}  // namespace lian
