#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "data/vector_math.hpp"
#include "lian/core/document.hpp"
#include "lian/data/filter.hpp"
#include "lian/data/indexing.hpp"
#include "lian/data/lexical.hpp"
#include "lian/data/vector_store.hpp"

namespace lian {
inline namespace v0 {

/// The rows of an in-memory store and its record of sources. Everything here is immediate; const
/// functions may run at once, a change must run alone.
class MemoryRows {
 public:
  /// `name` stands in errors, `embedding` in the file.
  MemoryRows(std::string name, std::string embedding);

  void put(std::vector<VectorRecord> records);
  std::size_t erase(const std::vector<std::string>& ids);
  Documents fetch(const std::vector<std::string>& ids) const;
  std::vector<VectorHit> nearest(const VectorQuery& query) const;
  /// `index` is that of `texts()`.
  std::vector<VectorHit> matching(const VectorQuery& query, const LexicalIndex& index) const;
  std::vector<std::string> texts() const;

  std::vector<SourceRecord> sources(std::string_view prefix) const;
  void commit(IndexBatch batch);

  std::size_t size() const noexcept { return rows_.size(); }
  /// Width of the vectors; 0 while there are none.
  std::size_t dimension() const noexcept { return matrix_ ? matrix_->dimension() : 0; }

  void save(const std::string& path) const;
  static MemoryRows load(const std::string& path, std::string embedding);

 private:
  struct Row {
    Row(Document document_in, std::string source_in)
        : document(std::move(document_in)), source(std::move(source_in)) {}
    Document document;
    std::string source;
  };
  using Vectors = std::vector<std::vector<float>>;

  std::vector<float> checked(const VectorRecord& record, std::size_t dimension) const;
  void insert(Document document, const std::vector<float>& normalised, std::string source);
  bool erase_one(const std::string& id);
  std::vector<std::uint8_t> allowed(const Filter& filter) const;
  void check(const IndexBatch& batch) const;
  void finish(const SourceRecord& record);
  void drop(const std::string& source);

  std::string name_, embedding_;
  std::optional<VectorMatrix> matrix_;
  std::vector<Row> rows_;
  std::unordered_map<std::string, std::size_t> by_id_;
  std::map<std::string, SourceRecord, std::less<>> sources_;
  std::unordered_map<std::string, std::vector<std::string>> ids_of_;  // by source
  std::unordered_map<std::string, std::vector<VectorRecord>> staged_;
};

}  // namespace v0
}  // namespace lian
