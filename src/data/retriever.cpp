#include "lian/data/retriever.hpp"

#include <utility>

#include "lian/core/error.hpp"
#include "lian/core/when_all.hpp"
#include "lian/data/lexical.hpp"

namespace lian {
inline namespace v0 {
namespace {

Documents documents_of(std::vector<ScoredDocument> scored) {
  Documents documents;
  documents.reserve(scored.size());
  for (ScoredDocument& one : scored) documents.push_back(std::move(one.document));
  return documents;
}

class RetrieverStep : public Step<std::string, Documents> {
 public:
  std::string name() const override { return "retriever"; }
  StepKind kind() const noexcept override { return StepKind::retriever; }
};

class StoreStep final : public RetrieverStep {
 public:
  StoreStep(std::shared_ptr<const VectorStore> store, SearchOptions options)
      : store_(std::move(store)), options_(std::move(options)) {}

  Task<Documents> run(std::string question, Context context) const override {
    Task<std::vector<ScoredDocument>> searching =
        store_->asearch(std::move(question), options_, std::move(context));
    std::vector<ScoredDocument> found = co_await std::move(searching);
    co_return documents_of(std::move(found));
  }

 private:
  std::shared_ptr<const VectorStore> store_;
  SearchOptions options_;
};

struct Corpus {
  explicit Corpus(Documents documents_in)
      : documents(std::move(documents_in)), index(texts_of(documents)) {}
  static std::vector<std::string> texts_of(const Documents& documents) {
    std::vector<std::string> texts;
    texts.reserve(documents.size());
    for (const Document& document : documents) texts.push_back(document.text);
    return texts;
  }
  Documents documents;
  LexicalIndex index;
};

class LexicalStep final : public RetrieverStep {
 public:
  LexicalStep(Documents documents, std::size_t k) : corpus_(std::move(documents)), k_(k) {}

  Task<Documents> run(std::string question, Context) const override {
    Documents found;
    for (const LexicalHit& hit : corpus_.index.search(question, k_)) {
      found.push_back(corpus_.documents[hit.text]);
    }
    co_return found;
  }

 private:
  Corpus corpus_;
  std::size_t k_;
};

class EnsembleStep final : public RetrieverStep {
 public:
  EnsembleStep(std::vector<Retriever> retrievers, FusionOptions options)
      : retrievers_(std::move(retrievers)), options_(std::move(options)) {}

  Task<Documents> run(std::string question, Context context) const override {
    std::vector<Task<Documents>> tasks;
    tasks.reserve(retrievers_.size());
    for (const Retriever& retriever : retrievers_) {
      tasks.push_back(retriever.ainvoke(question, context));
    }
    Task<std::vector<Documents>> all = when_all(std::move(tasks));
    std::vector<Documents> lists = co_await std::move(all);
    co_return documents_of(reciprocal_rank_fusion(lists, options_));
  }

 private:
  std::vector<Retriever> retrievers_;
  FusionOptions options_;
};

std::shared_ptr<const RetrieverStep> store_step(std::shared_ptr<const VectorStore> store,
                                                SearchOptions options) {
  if (!store) throw Error(ErrorKind::validation, "retriever: it was given no store (null)");
  return std::make_shared<StoreStep>(std::move(store), std::move(options));
}

std::shared_ptr<const RetrieverStep> ensemble_step(std::vector<Retriever> retrievers,
                                                   FusionOptions options) {
  if (retrievers.empty()) {
    throw Error(ErrorKind::validation, "ensemble retriever: give it at least one retriever");
  }
  reciprocal_rank_fusion(std::vector<Documents>(retrievers.size()), options);  // checks the weights
  return std::make_shared<EnsembleStep>(std::move(retrievers), std::move(options));
}

}  // namespace

VectorStoreRetriever::VectorStoreRetriever(std::shared_ptr<const VectorStore> store,
                                           SearchOptions options)
    : Retriever(store_step(std::move(store), std::move(options))) {}

BM25Retriever::BM25Retriever(Documents documents, std::size_t k)
    : Retriever(std::make_shared<LexicalStep>(std::move(documents), k)) {}

EnsembleRetriever::EnsembleRetriever(std::vector<Retriever> retrievers, FusionOptions options)
    : Retriever(ensemble_step(std::move(retrievers), std::move(options))) {}

}  // namespace v0
}  // namespace lian
