#include "lian/data/vector_store.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <random>
#include <unordered_map>
#include <utility>

#include "lian/core/error.hpp"
#include "lian/core/runtime.hpp"
#include "lian/data/ranking.hpp"

namespace lian {
inline namespace v0 {
namespace {

std::string random_id() {
  std::random_device device;
  std::string id;
  for (int i = 0; i < 4; ++i) id += fmt::format("{:08x}", device());
  return id;
}

// Of records with one id only the last is kept; the ids are given for all.
std::vector<std::string> set_ids(std::vector<VectorRecord>& records) {
  std::vector<std::string> ids;
  std::unordered_map<std::string, std::size_t> last;
  for (std::size_t i = 0; i < records.size(); ++i) {
    std::string& id = records[i].document.id;
    if (id.empty()) id = random_id();
    ids.push_back(id);
    last[id] = i;
  }
  if (last.size() == records.size()) return ids;
  std::vector<VectorRecord> kept;
  for (std::size_t i = 0; i < records.size(); ++i) {
    if (last[ids[i]] == i) kept.push_back(std::move(records[i]));
  }
  records = std::move(kept);
  return ids;
}

void check_options(const SearchOptions& options) {
  if (options.lambda() >= 0 && options.lambda() <= 1) return;
  throw Error(ErrorKind::validation,
              fmt::format("search: lambda is {}; it must be from 0 (diversity) to 1 (relevance)",
                          options.lambda()));
}

std::vector<VectorHit> diverse(std::vector<VectorHit> hits, const std::vector<float>& query,
                               const SearchOptions& options) {
  std::vector<std::vector<float>> vectors;
  vectors.reserve(hits.size());
  for (VectorHit& hit : hits) vectors.push_back(std::move(hit.vector));
  std::vector<VectorHit> chosen;
  for (const std::size_t i :
       maximal_marginal_relevance(query, vectors, options.k(), options.lambda())) {
    chosen.push_back(std::move(hits[i]));
  }
  return chosen;
}

// Reciprocal ranks with c = 60, half for each list; documents are told apart by their ids.
std::vector<VectorHit> fuse(std::vector<VectorHit> by_vector, std::vector<VectorHit> by_words) {
  std::vector<VectorHit> fused;
  std::unordered_map<std::string, std::size_t> places;
  for (std::vector<VectorHit>* list : {&by_vector, &by_words}) {
    for (std::size_t i = 0; i < list->size(); ++i) {
      Document& document = (*list)[i].document;
      const auto [place, fresh] = places.emplace(document.id, fused.size());
      if (fresh) fused.emplace_back(std::move(document), 0.0);
      fused[place->second].score += 0.5 / (static_cast<double>(i + 1) + 60);
    }
  }
  std::stable_sort(fused.begin(), fused.end(),
                   [](const VectorHit& a, const VectorHit& b) { return a.score > b.score; });
  return fused;
}

std::vector<ScoredDocument> scored(std::vector<VectorHit> hits, const SearchOptions& options) {
  std::vector<ScoredDocument> documents;
  for (VectorHit& hit : hits) {
    if (documents.size() == options.k()) break;
    if (options.score_threshold() && hit.score < *options.score_threshold()) continue;
    documents.emplace_back(std::move(hit.document), hit.score);
  }
  return documents;
}

Documents without_scores(std::vector<ScoredDocument> scored_documents) {
  Documents documents;
  documents.reserve(scored_documents.size());
  for (ScoredDocument& scored_document : scored_documents) {
    documents.push_back(std::move(scored_document.document));
  }
  return documents;
}

bool ranks_words(SearchKind kind) {
  return kind == SearchKind::lexical || kind == SearchKind::hybrid || kind == SearchKind::rerank;
}

// The hits in the order of their cosine to a query's vector; those at a right angle left out.
std::vector<VectorHit> nearest_first(std::vector<VectorHit> hits, const std::vector<float>& query) {
  for (VectorHit& hit : hits) hit.score = cosine_similarity(query, hit.vector);
  std::erase_if(hits, [](const VectorHit& hit) { return hit.score <= 0; });
  std::stable_sort(hits.begin(), hits.end(),
                   [](const VectorHit& a, const VectorHit& b) { return a.score > b.score; });
  return hits;
}

VectorQuery query_of(const SearchOptions& options) {
  const bool choosing =
      options.kind() != SearchKind::similarity && options.kind() != SearchKind::lexical;
  VectorQuery query;
  query.k = choosing ? std::max(options.k(), options.fetch_k()) : options.k();
  query.filter = options.filter();
  query.with_vectors = options.kind() == SearchKind::mmr;
  return query;
}

}  // namespace

VectorStore::VectorStore(std::optional<EmbeddingModel> embedding)
    : embedding_(std::move(embedding)) {}
VectorStore::~VectorStore() = default;

const EmbeddingModel& VectorStore::embedding() const {
  if (embedding_) return *embedding_;
  throw Error(
      ErrorKind::config,
      fmt::format("{}: the store was made without an embedding model, so it cannot embed texts; "
                  "give it one, or use add_vectors and search by vector",
                  name()));
}

Task<std::vector<std::string>> VectorStore::aadd_documents(Documents documents, Context context) {
  embedding();
  return embed_and_put(weak_from_this().lock(), this, std::move(documents), std::move(context));
}

Task<std::vector<std::string>> VectorStore::embed_and_put(std::shared_ptr<const VectorStore> alive,
                                                          VectorStore* store, Documents documents,
                                                          Context context) {
  ContextScope::Enter enter(context);
  ContextScope scope = co_await enter;
  std::vector<std::string> texts;
  texts.reserve(documents.size());
  for (const Document& document : documents) texts.push_back(document.text);
  std::vector<std::vector<float>> vectors;
  if (!texts.empty()) {
    Task<std::vector<std::vector<float>>> embedding =
        store->embedding().aembed_documents(std::move(texts), context);
    vectors = co_await std::move(embedding);
  }
  if (vectors.size() != documents.size()) {
    throw Error(ErrorKind::validation,
                fmt::format("{}: the embedding model gave {} vectors for {} documents",
                            store->name(), vectors.size(), documents.size()));
  }
  std::vector<VectorRecord> records;
  records.reserve(documents.size());
  for (std::size_t i = 0; i < documents.size(); ++i) {
    records.emplace_back(std::move(documents[i]), std::move(vectors[i]));
  }
  Task<std::vector<std::string>> putting =
      name_and_put(alive, store, std::move(records), std::move(context));
  co_return co_await std::move(putting);
}

Task<std::vector<std::string>> VectorStore::aadd_vectors(std::vector<VectorRecord> records,
                                                         Context context) {
  return name_and_put(weak_from_this().lock(), this, std::move(records), std::move(context));
}

Task<std::vector<std::string>> VectorStore::name_and_put(std::shared_ptr<const VectorStore>,
                                                         VectorStore* store,
                                                         std::vector<VectorRecord> records,
                                                         Context context) {
  ContextScope::Enter enter(context);
  ContextScope scope = co_await enter;
  std::vector<std::string> ids = set_ids(records);
  Task<> putting = store->put(std::move(records), std::move(context));
  co_await std::move(putting);
  co_return ids;
}

Task<std::size_t> VectorStore::adelete_ids(std::vector<std::string> ids, Context context) {
  return erase(std::move(ids), std::move(context));
}

Task<Documents> VectorStore::aget_by_ids(std::vector<std::string> ids, Context context) {
  return fetch(std::move(ids), std::move(context));
}

Task<std::vector<ScoredDocument>> VectorStore::asearch(std::string query, SearchOptions options,
                                                       Context context) const {
  check_options(options);
  if (options.kind() != SearchKind::lexical) embedding();
  return run_search(weak_from_this().lock(), this, std::move(query), std::move(options),
                    std::move(context));
}

Task<std::vector<ScoredDocument>> VectorStore::run_search(std::shared_ptr<const VectorStore> alive,
                                                          const VectorStore* store,
                                                          std::string query, SearchOptions options,
                                                          Context context) {
  ContextScope::Enter enter(context);
  ContextScope scope = co_await enter;
  std::vector<VectorHit> by_words;
  if (ranks_words(options.kind())) {
    VectorQuery words = query_of(options);
    words.text = query;
    words.with_vectors = options.kind() == SearchKind::rerank;
    Task<std::vector<VectorHit>> finding = store->find(std::move(words), context);
    by_words = co_await std::move(finding);
  }
  if (options.kind() == SearchKind::lexical) co_return scored(std::move(by_words), options);

  Task<std::vector<float>> embedding = store->embedding().aembed_query(std::move(query), context);
  std::vector<float> vector = co_await std::move(embedding);
  if (options.kind() == SearchKind::rerank && !by_words.empty() && !vector.empty()) {
    std::vector<VectorHit> by_vector = nearest_first(by_words, vector);
    co_return scored(fuse(std::move(by_vector), std::move(by_words)), options);
  }
  if (options.kind() != SearchKind::hybrid || vector.empty()) {
    if (options.kind() == SearchKind::rerank) options.kind(SearchKind::similarity);
    Task<std::vector<ScoredDocument>> searching =
        run_vector_search(alive, store, std::move(vector), std::move(options), context);
    co_return co_await std::move(searching);
  }
  VectorQuery nearest = query_of(options);
  nearest.vector = std::move(vector);
  Task<std::vector<VectorHit>> finding = store->find(std::move(nearest), context);
  std::vector<VectorHit> by_vector = co_await std::move(finding);
  co_return scored(fuse(std::move(by_vector), std::move(by_words)), options);
}

Task<std::vector<ScoredDocument>> VectorStore::asearch_by_vector(std::vector<float> vector,
                                                                 SearchOptions options,
                                                                 Context context) const {
  check_options(options);
  if (vector.empty() || ranks_words(options.kind())) {
    throw Error(
        ErrorKind::validation,
        name() + ": a search by vector needs a vector, and ranks by similarity or mmr only");
  }
  return run_vector_search(weak_from_this().lock(), this, std::move(vector), std::move(options),
                           std::move(context));
}

Task<std::vector<ScoredDocument>> VectorStore::run_vector_search(std::shared_ptr<const VectorStore>,
                                                                 const VectorStore* store,
                                                                 std::vector<float> vector,
                                                                 SearchOptions options,
                                                                 Context context) {
  ContextScope::Enter enter(context);
  ContextScope scope = co_await enter;
  if (vector.empty()) {
    throw Error(ErrorKind::validation,
                store->name() + ": the embedding model gave an empty vector");
  }
  VectorQuery nearest = query_of(options);
  nearest.vector = vector;
  Task<std::vector<VectorHit>> finding = store->find(std::move(nearest), context);
  std::vector<VectorHit> hits = co_await std::move(finding);
  if (options.kind() == SearchKind::mmr) hits = diverse(std::move(hits), vector, options);
  co_return scored(std::move(hits), options);
}

std::vector<std::string> VectorStore::add_documents(Documents documents, Context context) {
  Runtime& runtime = context.runtime();
  return block_on(aadd_documents(std::move(documents), std::move(context)), runtime);
}

std::vector<std::string> VectorStore::add_texts(std::vector<std::string> texts, Context context) {
  Documents documents;
  documents.reserve(texts.size());
  for (std::string& text : texts) documents.emplace_back(std::move(text));
  return add_documents(std::move(documents), std::move(context));
}

std::vector<std::string> VectorStore::add_vectors(std::vector<VectorRecord> records,
                                                  Context context) {
  Runtime& runtime = context.runtime();
  return block_on(aadd_vectors(std::move(records), std::move(context)), runtime);
}

std::size_t VectorStore::delete_ids(std::vector<std::string> ids, Context context) {
  Runtime& runtime = context.runtime();
  return block_on(adelete_ids(std::move(ids), std::move(context)), runtime);
}

Documents VectorStore::get_by_ids(std::vector<std::string> ids, Context context) {
  Runtime& runtime = context.runtime();
  return block_on(aget_by_ids(std::move(ids), std::move(context)), runtime);
}

std::vector<ScoredDocument> VectorStore::search(std::string query, SearchOptions options,
                                                Context context) const {
  Runtime& runtime = context.runtime();
  return block_on(asearch(std::move(query), std::move(options), std::move(context)), runtime);
}

std::vector<ScoredDocument> VectorStore::similarity_search_with_score(std::string query,
                                                                      std::size_t k, Filter filter,
                                                                      Context context) const {
  return search(std::move(query), SearchOptions().k(k).filter(std::move(filter)),
                std::move(context));
}

Documents VectorStore::similarity_search(std::string query, std::size_t k, Filter filter,
                                         Context context) const {
  return without_scores(
      similarity_search_with_score(std::move(query), k, std::move(filter), std::move(context)));
}

Documents VectorStore::similarity_search_by_vector(std::vector<float> vector, std::size_t k,
                                                   Filter filter, Context context) const {
  Runtime& runtime = context.runtime();
  return without_scores(
      block_on(asearch_by_vector(std::move(vector), SearchOptions().k(k).filter(std::move(filter)),
                                 std::move(context)),
               runtime));
}

Documents VectorStore::max_marginal_relevance_search(std::string query, std::size_t k,
                                                     std::size_t fetch_k, double lambda,
                                                     Filter filter, Context context) const {
  SearchOptions options;
  options.kind(SearchKind::mmr).k(k).fetch_k(fetch_k).lambda(lambda).filter(std::move(filter));
  return without_scores(search(std::move(query), std::move(options), std::move(context)));
}

}  // namespace v0
}  // namespace lian
