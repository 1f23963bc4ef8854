#include "lian/data/indexing.hpp"

#include <fmt/format.h>

#include <chrono>
#include <map>
#include <unordered_set>
#include <utility>

#include "data/fingerprint.hpp"
#include "lian/core/error.hpp"
#include "lian/core/offload.hpp"
#include "lian/core/runtime.hpp"

namespace lian {
inline namespace v0 {

IndexSource::~IndexSource() = default;
IndexObserver::~IndexObserver() = default;

Task<std::string> file_fingerprint(std::string path) {
  auto work = [path = std::move(path)] { return sha256_of_file(path); };
  return offload(std::move(work));
}

Task<std::string> IndexSource::fingerprint(std::string name, Context) {
  return file_fingerprint(std::move(name));
}

namespace {

// A file changed less than this before it was looked at may change again without its time showing
// it.
constexpr std::int64_t settling_ns = 2'000'000'000;
constexpr std::int64_t unsettled = -1;

std::int64_t now_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

bool ends_the_run(ErrorKind kind) {
  return kind == ErrorKind::cancelled || kind == ErrorKind::timeout || kind == ErrorKind::limit;
}

/// One run. Lives in the frame of aindex.
class Indexing {
 public:
  Indexing(std::shared_ptr<IndexSource> source, std::shared_ptr<IndexedVectorStore> store,
           IndexOptions options, Context context)
      : source_(std::move(source)),
        store_(std::move(store)),
        options_(std::move(options)),
        context_(std::move(context)) {
    settings_ = fmt::format("{}\n{}", options_.settings(), store_->embedding().name());
    batch_.fresh = true;
  }

  Task<IndexResult> run();

 private:
  using Record = std::optional<SourceRecord>;

  Task<> visit(SourceState state);
  Task<> replace(SourceState state, Record earlier);
  Task<std::string> read_all(SourceState state, std::string fingerprint, std::size_t* count);
  Task<> flush();
  void remove_vanished();
  SourceRecord record_of(const SourceState& state, std::string fingerprint,
                         std::size_t count) const;
  void skip(const SourceRecord& record);
  void tell(const std::string& source);

  std::shared_ptr<IndexSource> source_;
  std::shared_ptr<IndexedVectorStore> store_;
  IndexOptions options_;
  Context context_;
  std::string settings_;
  std::map<std::string, SourceRecord> records_;  // of the scope, not met so far
  std::unordered_set<std::string> met_;
  Documents waiting_;                    // to be embedded
  std::vector<std::string> waiting_of_;  // their sources
  IndexBatch batch_;
  IndexResult result_;
  IndexProgress progress_;
};

void Indexing::skip(const SourceRecord& record) {
  result_.num_skipped += record.documents;
  ++result_.sources_skipped;
}

void Indexing::tell(const std::string& source) {
  if (!options_.observer()) return;
  progress_.source = source;
  options_.observer()->progress(progress_);
}

SourceRecord Indexing::record_of(const SourceState& state, std::string fingerprint,
                                 std::size_t count) const {
  SourceRecord record;
  record.state = state;
  if (state.modified_ns > now_ns() - settling_ns) record.state.modified_ns = unsettled;
  record.fingerprint = std::move(fingerprint);
  record.settings = settings_;
  record.documents = count;
  return record;
}

// Embeds what waits and makes all changes so far together.
Task<> Indexing::flush() {
  if (!waiting_.empty()) {
    std::vector<std::string> texts;
    texts.reserve(waiting_.size());
    for (const Document& document : waiting_) texts.push_back(document.text);
    Task<std::vector<Embedding>> embedding =
        store_->embedding().aembed_documents(std::move(texts), context_);
    std::vector<Embedding> vectors = co_await std::move(embedding);
    if (vectors.size() != waiting_.size()) {
      throw Error(ErrorKind::validation,
                  fmt::format("indexing: the embedding model gave {} vectors for {} texts",
                              vectors.size(), waiting_.size()));
    }
    for (std::size_t i = 0; i < waiting_.size(); ++i) {
      VectorRecord record(std::move(waiting_[i]), std::move(vectors[i]));
      batch_.staged.emplace_back(std::move(waiting_of_[i]), std::move(record));
    }
    progress_.documents_embedded += waiting_.size();
    waiting_.clear();
    waiting_of_.clear();
  }
  if (batch_.empty()) co_return;
  Task<> committing = store_->acommit(std::exchange(batch_, IndexBatch()), context_);
  co_await std::move(committing);
}

// Reads and stages a source's documents. The result is what went wrong with it, or empty.
Task<std::string> Indexing::read_all(SourceState state, std::string fingerprint,
                                     std::size_t* count) {
  Sha256 hash;
  const std::string prefix =
      hash.add(state.name).add("\n").add(fingerprint).add("\n").add(settings_).hex().substr(0, 32);
  Stream<Document> documents = source_->read(state.name, context_);
  for (;;) {
    Document* document = nullptr;
    try {
      document = co_await documents.next();
    } catch (const Error& error) {
      if (ends_the_run(error.kind())) throw;
      co_return error.message();
    }
    if (document == nullptr) co_return std::string();
    document->id = fmt::format("{}-{}", prefix, (*count)++);
    waiting_.push_back(std::move(*document));
    waiting_of_.push_back(state.name);
    if (waiting_.size() < options_.batch_size()) continue;
    Task<> flushing = flush();
    co_await std::move(flushing);
    tell(state.name);
  }
}

Task<> Indexing::replace(SourceState state, Record earlier) {
  std::string fingerprint, problem;
  try {
    Task<std::string> taking = source_->fingerprint(state.name, context_);
    fingerprint = co_await std::move(taking);
  } catch (const Error& error) {
    if (ends_the_run(error.kind())) throw;
    problem = error.message();
  }
  const bool comparable = problem.empty() && earlier && earlier->settings == settings_;
  if (comparable && earlier->fingerprint == fingerprint) {
    skip(*earlier);
    batch_.touched.push_back(record_of(state, std::move(fingerprint), earlier->documents));
    co_return;
  }
  std::size_t count = 0;
  if (problem.empty()) {
    Task<std::string> reading = read_all(state, fingerprint, &count);
    problem = co_await std::move(reading);
  }
  if (!problem.empty()) {
    result_.failed.emplace_back(state.name, std::move(problem));
    for (std::size_t i = waiting_of_.size(); i > 0 && waiting_of_[i - 1] == state.name; --i) {
      waiting_.pop_back();
      waiting_of_.pop_back();
    }
    if (count > 0) batch_.discarded.push_back(state.name);
    co_return;
  }
  batch_.finished.push_back(record_of(state, std::move(fingerprint), count));
  (earlier ? result_.num_updated : result_.num_added) += count;
  ++(earlier ? result_.sources_updated : result_.sources_added);
  if (earlier) result_.num_deleted += earlier->documents;
}

Task<> Indexing::visit(SourceState state) {
  if (!met_.insert(state.name).second) co_return;
  Record earlier;
  auto known = records_.extract(state.name);
  if (!known.empty()) earlier = std::move(known.mapped());
  ++progress_.sources_seen;
  if (earlier && earlier->settings == settings_ && earlier->state == state) {
    skip(*earlier);
  } else {
    const std::string name = state.name;
    Task<> replacing = replace(std::move(state), std::move(earlier));
    co_await std::move(replacing);
    tell(name);
  }
}

void Indexing::remove_vanished() {
  if (options_.cleanup() == IndexCleanup::none) return;
  for (const auto& [name, record] : records_) {
    if (!source_->sees(name)) continue;
    batch_.removed.push_back(name);
    result_.num_deleted += record.documents;
    ++result_.sources_deleted;
  }
}

Task<IndexResult> Indexing::run() {
  Task<std::vector<SourceRecord>> remembering = store_->asources(options_.scope(), context_);
  std::vector<SourceRecord> remembered = co_await std::move(remembering);
  for (SourceRecord& record : remembered) {
    std::string name = record.state.name;
    records_.emplace(std::move(name), std::move(record));
  }
  Stream<SourceState> states = source_->list(context_);
  while (SourceState* state = co_await states.next()) {
    Task<> visiting = visit(std::move(*state));
    co_await std::move(visiting);
    if (batch_.finished.size() < options_.batch_size()) continue;
    Task<> flushing = flush();
    co_await std::move(flushing);
  }
  remove_vanished();
  Task<> flushing = flush();
  co_await std::move(flushing);
  tell(progress_.source);
  co_return std::move(result_);
}

Task<IndexResult> run_indexing(std::shared_ptr<IndexSource> source,
                               std::shared_ptr<IndexedVectorStore> store, IndexOptions options,
                               Context context) {
  ContextScope::Enter enter(context);
  ContextScope scope = co_await enter;
  Indexing indexing(std::move(source), std::move(store), std::move(options), std::move(context));
  Task<IndexResult> running = indexing.run();
  co_return co_await std::move(running);
}

}  // namespace

Task<IndexResult> aindex(std::shared_ptr<IndexSource> source,
                         std::shared_ptr<IndexedVectorStore> store, IndexOptions options,
                         Context context) {
  if (!source || !store || options.batch_size() == 0) {
    throw Error(ErrorKind::validation,
                "indexing: it needs a source, a store and a batch size of at least 1");
  }
  return run_indexing(std::move(source), std::move(store), std::move(options), std::move(context));
}

IndexResult index(std::shared_ptr<IndexSource> source, std::shared_ptr<IndexedVectorStore> store,
                  IndexOptions options, Context context) {
  Runtime& runtime = context.runtime();
  return block_on(
      aindex(std::move(source), std::move(store), std::move(options), std::move(context)), runtime);
}

}  // namespace v0
}  // namespace lian
