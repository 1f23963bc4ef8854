#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "lian/core/document.hpp"
#include "lian/core/export.hpp"
#include "lian/core/runnable.hpp"
#include "lian/data/ranking.hpp"
#include "lian/data/vector_store.hpp"

namespace lian {
inline namespace v0 {

/// A question in, documents out, best first. Any Runnable of these types is a retriever.
using Retriever = Runnable<std::string, Documents>;

/// Retrieves from a store as `options` say: similarity (with a score threshold if set), mmr,
/// lexical or hybrid; 4 documents by default. Cheap to copy; thread-safe.
class LIAN_API VectorStoreRetriever : public Retriever {
 public:
  /// Throws Error{validation} for a null store.
  explicit VectorStoreRetriever(std::shared_ptr<const VectorStore> store,
                                SearchOptions options = SearchOptions());
};

/// Retrieves by words from documents held in memory: see LexicalIndex. Cheap to copy; thread-safe.
class LIAN_API BM25Retriever : public Retriever {
 public:
  explicit BM25Retriever(Documents documents, std::size_t k = 4);
};

/// Asks several retrievers at once and joins their lists by weighted reciprocal rank fusion (c =
/// 60): see reciprocal_rank_fusion. Gives all that any of them found. The first error cancels the
/// others and is thrown. Cheap to copy; thread-safe.
class LIAN_API EnsembleRetriever : public Retriever {
 public:
  /// Throws Error{validation} when there is no retriever or the weights do not fit.
  explicit EnsembleRetriever(std::vector<Retriever> retrievers,
                             FusionOptions options = FusionOptions());
};

}  // namespace v0
}  // namespace lian
