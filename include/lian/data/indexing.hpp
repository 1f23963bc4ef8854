#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "lian/core/stream.hpp"
#include "lian/data/vector_store.hpp"

namespace lian {
inline namespace v0 {

/// A file, or anything else that documents come from, as a glance at it shows.
struct SourceState {
  SourceState() = default;
  SourceState(std::string name_in, std::uint64_t size_in, std::int64_t modified_ns_in)
      : name(std::move(name_in)), size(size_in), modified_ns(modified_ns_in) {}
  std::string name;              ///< for files the path
  std::uint64_t size = 0;        ///< bytes
  std::int64_t modified_ns = 0;  ///< nanoseconds since 1970
  friend bool operator==(const SourceState&, const SourceState&) = default;
};

/// What a store remembers of a source that it holds the documents of.
struct SourceRecord {
  SourceRecord() = default;
  SourceState state;
  std::string fingerprint;      ///< of its content
  std::string settings;         ///< how it was cut and embedded
  std::uint64_t documents = 0;  ///< how many came of it
  friend bool operator==(const SourceRecord&, const SourceRecord&) = default;
};

/// A document of a source that is being indexed.
struct StagedRecord {
  StagedRecord() = default;
  StagedRecord(std::string source_in, VectorRecord record_in)
      : source(std::move(source_in)), record(std::move(record_in)) {}
  std::string source;
  VectorRecord record;
};

/// Changes that a store makes together: all or none.
struct IndexBatch {
  IndexBatch() = default;
  bool fresh = false;                  ///< first drop what an interrupted run has staged
  std::vector<StagedRecord> staged;    ///< documents of sources not finished before; not yet found
  std::vector<SourceRecord> finished;  ///< their staged documents replace those they had
  std::vector<SourceRecord> touched;   ///< same content, other state: only the record is replaced
  std::vector<std::string> discarded;  ///< drop what is staged of these sources
  std::vector<std::string> removed;    ///< drop these sources with their documents
  bool empty() const noexcept {
    return staged.empty() && finished.empty() && touched.empty() && discarded.empty() &&
           removed.empty();
  }
};

/// A store that also keeps which source its documents came from: the record manager and the store
/// in one, so that a file's documents and the record of it change together.
class LIAN_API IndexedVectorStore : public VectorStore {
 public:
  /// The records of the sources whose name begins with `prefix`.
  virtual Task<std::vector<SourceRecord>> asources(std::string prefix, Context context) const = 0;
  /// Makes the changes of a batch, in the order of its members, all or none. Throws Error{storage}
  /// when a finished source has not as many staged documents as its record says: another process
  /// indexes the same store.
  virtual Task<> acommit(IndexBatch batch, Context context) = 0;

 protected:
  using VectorStore::VectorStore;
};

/// What is to be indexed. Implementers derive; one at a time uses it.
class LIAN_API IndexSource {
 public:
  IndexSource() = default;
  virtual ~IndexSource();
  IndexSource(const IndexSource&) = delete;
  IndexSource& operator=(const IndexSource&) = delete;

  /// The sources as they are now, without reading them.
  virtual Stream<SourceState> list(Context context) = 0;
  /// The documents of one source, cut to size. Errors concern this source only.
  virtual Stream<Document> read(std::string name, Context context) = 0;
  /// Whether `list` would have shown this source if it were there: only then is it gone when it
  /// was not listed. Default: yes.
  virtual bool sees(const std::string& name) const {
    static_cast<void>(name);
    return true;
  }
  /// Tells contents apart; default: `file_fingerprint(name)`.
  virtual Task<std::string> fingerprint(std::string name, Context context);
};

/// The SHA-256 of a file's bytes, in hexadecimal. Throws Error{not_found}, Error{storage}.
LIAN_API Task<std::string> file_fingerprint(std::string path);

/// How far an indexing run is.
struct IndexProgress {
  IndexProgress() = default;
  std::size_t sources_seen = 0, documents_embedded = 0;
  std::string source;  ///< the one looked at last
};

/// Is told of the progress, on the thread that runs the indexing.
class LIAN_API IndexObserver {
 public:
  virtual ~IndexObserver();
  virtual void progress(const IndexProgress& progress) = 0;
};

/// What becomes of the documents of sources that are there no more: kept, or, when their name
/// begins with the scope, removed at the end.
enum class IndexCleanup { none, full };

/// Settings of an indexing run. Regular value.
class LIAN_API IndexOptions {
 public:
  IndexOptions() = default;
  /// Describes how documents are made (splitter and its sizes): another value indexes all anew.
  IndexOptions& settings(std::string value) { return settings_ = std::move(value), *this; }
  /// Beginning of the names that this run is about, e.g. "/home/me/docs/". Default: all.
  IndexOptions& scope(std::string value) { return scope_ = std::move(value), *this; }
  IndexOptions& cleanup(IndexCleanup value) { return cleanup_ = value, *this; }  ///< default full
  /// Documents embedded in one call and held in memory; default 128, at least 1.
  IndexOptions& batch_size(std::size_t value) { return batch_size_ = value, *this; }
  IndexOptions& observer(std::shared_ptr<IndexObserver> value) {
    return observer_ = std::move(value), *this;
  }

  const std::string& settings() const noexcept { return settings_; }
  const std::string& scope() const noexcept { return scope_; }
  IndexCleanup cleanup() const noexcept { return cleanup_; }
  std::size_t batch_size() const noexcept { return batch_size_; }
  const std::shared_ptr<IndexObserver>& observer() const noexcept { return observer_; }

 private:
  std::string settings_, scope_;
  IndexCleanup cleanup_ = IndexCleanup::full;
  std::size_t batch_size_ = 128;
  std::shared_ptr<IndexObserver> observer_;
};

/// A source that could not be indexed; what the store had of it is still there.
struct IndexFailure {
  IndexFailure() = default;
  IndexFailure(std::string source_in, std::string message_in)
      : source(std::move(source_in)), message(std::move(message_in)) {}
  std::string source, message;
};

/// What an indexing run did, counted in documents (chunks) as LangChain's record manager does, and
/// in sources.
struct IndexResult {
  IndexResult() = default;
  std::size_t num_added = 0;    ///< of sources that were not there
  std::size_t num_updated = 0;  ///< of sources whose content or settings changed
  std::size_t num_skipped = 0;  ///< of sources that are as they were
  std::size_t num_deleted = 0;  ///< of sources that are gone, and earlier versions of changed ones
  std::size_t sources_added = 0, sources_updated = 0, sources_skipped = 0, sources_deleted = 0;
  std::vector<IndexFailure> failed;
};

/// Brings a store up to date with its sources. A source whose size and time are those on record is
/// skipped without reading it; else one whose fingerprint is; else its documents are embedded in
/// batches and replace those it had, together with its record. Every finished source is kept when
/// the run is interrupted. Memory: one batch of documents, and the records of the scope.
///
/// Throws Error{validation} for a batch size of 0, what the embedding model throws, Error{storage};
/// what `read` or `fingerprint` throws is a failure of that source only, unless it is cancelled,
/// timeout or limit.
LIAN_API Task<IndexResult> aindex(std::shared_ptr<IndexSource> source,
                                  std::shared_ptr<IndexedVectorStore> store,
                                  IndexOptions options = IndexOptions(),
                                  Context context = Context());
LIAN_API IndexResult index(std::shared_ptr<IndexSource> source,
                           std::shared_ptr<IndexedVectorStore> store,
                           IndexOptions options = IndexOptions(), Context context = Context());

}  // namespace v0
}  // namespace lian
