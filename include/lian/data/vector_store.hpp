#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "lian/core/context.hpp"
#include "lian/core/document.hpp"
#include "lian/core/export.hpp"
#include "lian/core/task.hpp"
#include "lian/data/filter.hpp"
#include "lian/model/embedding_model.hpp"

namespace lian {
inline namespace v0 {

/// A document with its embedding.
struct VectorRecord {
  VectorRecord() = default;
  VectorRecord(Document document_in, std::vector<float> vector_in)
      : document(std::move(document_in)), vector(std::move(vector_in)) {}
  Document document;
  std::vector<float> vector;
};

/// A found document, how well it matched (higher is better) and, when asked for, its vector as
/// stored (scaled to length 1).
struct VectorHit {
  VectorHit() = default;
  VectorHit(Document document_in, double score_in)
      : document(std::move(document_in)), score(score_in) {}
  Document document;
  double score = 0;
  std::vector<float> vector;
};

/// What a store is asked: the documents nearest to a vector, or, when `vector` is empty, those that
/// best match the words of `text`.
struct VectorQuery {
  VectorQuery() = default;
  std::vector<float> vector;
  std::string text;
  std::size_t k = 4;
  Filter filter;
  bool with_vectors = false;
};

/// How a search ranks: by cosine; by maximal marginal relevance; by words (BM25); by the reciprocal
/// ranks of cosine and words together; or likewise among the best by words alone (`rerank`), which
/// reads a few vectors instead of all: for large stores whose embedding sees words, not meaning. A
/// question whose words are nowhere is then answered by cosine.
enum class SearchKind { similarity, mmr, lexical, hybrid, rerank };

/// Settings of a search. Regular value.
class LIAN_API SearchOptions {
 public:
  SearchOptions() = default;
  SearchOptions& kind(SearchKind value) { return kind_ = value, *this; }
  /// Documents to give; default 4.
  SearchOptions& k(std::size_t value) { return k_ = value, *this; }
  /// Candidates that mmr, hybrid and rerank choose from, at least k; default 20.
  SearchOptions& fetch_k(std::size_t value) { return fetch_k_ = value, *this; }
  /// mmr's balance: 1 relevance only, 0 diversity only; default 0.5.
  SearchOptions& lambda(double value) { return lambda_ = value, *this; }
  /// Leaves out what scores less; of similarity this is the cosine, -1 to 1.
  SearchOptions& score_threshold(double value) { return score_threshold_ = value, *this; }
  SearchOptions& filter(Filter value) { return filter_ = std::move(value), *this; }

  SearchKind kind() const noexcept { return kind_; }
  std::size_t k() const noexcept { return k_; }
  std::size_t fetch_k() const noexcept { return fetch_k_; }
  double lambda() const noexcept { return lambda_; }
  const std::optional<double>& score_threshold() const noexcept { return score_threshold_; }
  const Filter& filter() const noexcept { return filter_; }

 private:
  SearchKind kind_ = SearchKind::similarity;
  std::size_t k_ = 4, fetch_k_ = 20;
  double lambda_ = 0.5;
  std::optional<double> score_threshold_;
  Filter filter_;
};

/// Documents found by their embeddings. An interface, held by `std::shared_ptr`; a store may be
/// used from many threads at once. The verbs embed through the store's EmbeddingModel; each has a
/// form for coroutines (a…) and a blocking one. A running verb keeps a store that a shared_ptr owns
/// alive.
///
/// An implementer writes the five private virtuals. Vectors come to it as the model made them.
class LIAN_API VectorStore : public std::enable_shared_from_this<VectorStore> {
 public:
  virtual ~VectorStore();
  VectorStore(const VectorStore&) = delete;
  VectorStore& operator=(const VectorStore&) = delete;

  /// Embeds and adds documents; gives their ids in order. A document without an id gets a random
  /// one, one whose id is there already replaces it, of equal ids in the list the last counts. All
  /// of a call's documents are added, or none. Throws Error{validation} for an empty store of
  /// models, for vectors of another width than the store's and for NaN or infinity; what the model
  /// throws; Error{storage}.
  Task<std::vector<std::string>> aadd_documents(Documents documents, Context context = Context());
  std::vector<std::string> add_documents(Documents documents, Context context = Context());
  /// Texts as documents without metadata.
  std::vector<std::string> add_texts(std::vector<std::string> texts, Context context = Context());
  /// Adds documents whose vectors are known already.
  Task<std::vector<std::string>> aadd_vectors(std::vector<VectorRecord> records,
                                              Context context = Context());
  std::vector<std::string> add_vectors(std::vector<VectorRecord> records,
                                       Context context = Context());

  /// Removes documents; gives how many were there.
  Task<std::size_t> adelete_ids(std::vector<std::string> ids, Context context = Context());
  std::size_t delete_ids(std::vector<std::string> ids, Context context = Context());
  /// The documents with these ids, in this order; ids that are not there are left out.
  Task<Documents> aget_by_ids(std::vector<std::string> ids, Context context = Context());
  Documents get_by_ids(std::vector<std::string> ids, Context context = Context());

  /// The search that all others are: best first. Throws Error{validation} for a lambda outside
  /// [0, 1]; what the model throws; Error{storage}.
  Task<std::vector<ScoredDocument>> asearch(std::string query, SearchOptions options,
                                            Context context = Context()) const;
  std::vector<ScoredDocument> search(std::string query, SearchOptions options = SearchOptions(),
                                     Context context = Context()) const;
  /// The same by a vector of the store's model; kinds similarity and mmr only, else
  /// Error{validation}.
  Task<std::vector<ScoredDocument>> asearch_by_vector(std::vector<float> vector,
                                                      SearchOptions options,
                                                      Context context = Context()) const;

  Documents similarity_search(std::string query, std::size_t k = 4, Filter filter = Filter(),
                              Context context = Context()) const;
  /// With the cosine of each, -1 to 1; 0 for a vector of zeros.
  std::vector<ScoredDocument> similarity_search_with_score(std::string query, std::size_t k = 4,
                                                           Filter filter = Filter(),
                                                           Context context = Context()) const;
  Documents similarity_search_by_vector(std::vector<float> vector, std::size_t k = 4,
                                        Filter filter = Filter(),
                                        Context context = Context()) const;
  Documents max_marginal_relevance_search(std::string query, std::size_t k = 4,
                                          std::size_t fetch_k = 20, double lambda = 0.5,
                                          Filter filter = Filter(),
                                          Context context = Context()) const;

  /// The model that embeds; Error{config} when the store was made without one.
  const EmbeddingModel& embedding() const;
  /// Names the store in errors, e.g. "sqlite:docs.db".
  virtual std::string name() const = 0;

 protected:
  explicit VectorStore(std::optional<EmbeddingModel> embedding);

 private:
  /// Adds records whose ids are set and different; all or none.
  virtual Task<> put(std::vector<VectorRecord> records, Context context) = 0;
  virtual Task<std::size_t> erase(std::vector<std::string> ids, Context context) = 0;
  virtual Task<Documents> fetch(std::vector<std::string> ids, Context context) const = 0;
  virtual Task<std::vector<VectorHit>> find(VectorQuery query, Context context) const = 0;

  static Task<std::vector<std::string>> embed_and_put(std::shared_ptr<const VectorStore> alive,
                                                      VectorStore* store, Documents documents,
                                                      Context context);
  static Task<std::vector<std::string>> name_and_put(std::shared_ptr<const VectorStore> alive,
                                                     VectorStore* store,
                                                     std::vector<VectorRecord> records,
                                                     Context context);
  static Task<std::vector<ScoredDocument>> run_search(std::shared_ptr<const VectorStore> alive,
                                                      const VectorStore* store, std::string query,
                                                      SearchOptions options, Context context);
  static Task<std::vector<ScoredDocument>> run_vector_search(
      std::shared_ptr<const VectorStore> alive, const VectorStore* store, std::vector<float> vector,
      SearchOptions options, Context context);

  std::optional<EmbeddingModel> embedding_;
};

}  // namespace v0
}  // namespace lian
