#include "lian/data/in_memory_vector_store.hpp"

#include <mutex>
#include <shared_mutex>
#include <type_traits>
#include <utility>

#include "data/memory_rows.hpp"
#include "lian/core/offload.hpp"
#include "lian/data/lexical.hpp"

namespace lian {
inline namespace v0 {

// Work that was handed over holds it, so it may outlive the store.
struct InMemoryVectorStore::State {
  explicit State(MemoryRows rows_in) : rows(std::move(rows_in)) {}

  // Runs a change alone; what was made of the old rows is dropped.
  template <class Change>
  auto change(Change make) {
    const std::lock_guard lock(mutex);
    index.reset();
    return make(rows);
  }

  std::vector<VectorHit> find(const VectorQuery& query) {
    const std::shared_lock lock(mutex);
    if (!query.vector.empty()) return rows.nearest(query);
    return rows.matching(query, lexical());
  }

  mutable std::shared_mutex mutex;
  MemoryRows rows;

 private:
  LexicalIndex lexical() {
    const std::lock_guard lock(index_mutex);
    if (!index) index.emplace(rows.texts());
    return *index;
  }
  std::mutex index_mutex;
  std::optional<LexicalIndex> index;
};

namespace {

// Small enough to be done before another thread would have begun.
constexpr std::size_t few_components = std::size_t{1} << 18;

template <class Work>
Task<std::invoke_result_t<Work&>> run_here(Work work) {
  co_return work();
}

std::string name_of(const std::optional<EmbeddingModel>& embedding) {
  return embedding ? embedding->name() : std::string();
}

}  // namespace

InMemoryVectorStore::InMemoryVectorStore(std::optional<EmbeddingModel> embedding)
    : InMemoryVectorStore(embedding,
                          std::make_shared<State>(MemoryRows("memory", name_of(embedding)))) {}

InMemoryVectorStore::InMemoryVectorStore(std::optional<EmbeddingModel> embedding,
                                         std::shared_ptr<State> state)
    : IndexedVectorStore(std::move(embedding)), state_(std::move(state)) {}

InMemoryVectorStore::~InMemoryVectorStore() = default;

std::string InMemoryVectorStore::name() const { return "memory"; }

std::size_t InMemoryVectorStore::size() const {
  const std::shared_lock lock(state_->mutex);
  return state_->rows.size();
}

void InMemoryVectorStore::save(std::string_view path) const {
  const std::shared_lock lock(state_->mutex);
  state_->rows.save(std::string(path));
}

std::shared_ptr<InMemoryVectorStore> InMemoryVectorStore::load(
    std::string_view path, std::optional<EmbeddingModel> embedding) {
  auto state = std::make_shared<State>(MemoryRows::load(std::string(path), name_of(embedding)));
  return std::shared_ptr<InMemoryVectorStore>(
      new InMemoryVectorStore(std::move(embedding), std::move(state)));
}

Task<> InMemoryVectorStore::put(std::vector<VectorRecord> records, Context) {
  auto work = [state = state_, records = std::move(records)]() mutable {
    state->change([&](MemoryRows& rows) { rows.put(std::move(records)); });
  };
  return run_here(std::move(work));
}

Task<std::size_t> InMemoryVectorStore::erase(std::vector<std::string> ids, Context) {
  auto work = [state = state_, ids = std::move(ids)] {
    return state->change([&](MemoryRows& rows) { return rows.erase(ids); });
  };
  return run_here(std::move(work));
}

Task<Documents> InMemoryVectorStore::fetch(std::vector<std::string> ids, Context) const {
  auto work = [state = state_, ids = std::move(ids)] {
    const std::shared_lock lock(state->mutex);
    return state->rows.fetch(ids);
  };
  return run_here(std::move(work));
}

Task<std::vector<VectorHit>> InMemoryVectorStore::find(VectorQuery query, Context) const {
  const bool quick = !query.vector.empty() && size() * query.vector.size() <= few_components;
  auto work = [state = state_, query = std::move(query)] { return state->find(query); };
  return quick ? run_here(std::move(work)) : offload(std::move(work));
}

Task<std::vector<SourceRecord>> InMemoryVectorStore::asources(std::string prefix, Context) const {
  auto work = [state = state_, prefix = std::move(prefix)] {
    const std::shared_lock lock(state->mutex);
    return state->rows.sources(prefix);
  };
  return run_here(std::move(work));
}

Task<> InMemoryVectorStore::acommit(IndexBatch batch, Context) {
  auto work = [state = state_, batch = std::move(batch)]() mutable {
    state->change([&](MemoryRows& rows) { rows.commit(std::move(batch)); });
  };
  return run_here(std::move(work));
}

}  // namespace v0
}  // namespace lian
