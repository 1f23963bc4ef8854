#include "data/memory_rows.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "data/stored_value.hpp"
#include "lian/core/error.hpp"

namespace lian {
inline namespace v0 {

MemoryRows::MemoryRows(std::string name, std::string embedding)
    : name_(std::move(name)), embedding_(std::move(embedding)) {}

std::vector<float> MemoryRows::checked(const VectorRecord& record, std::size_t dimension) const {
  if (record.vector.empty() || record.vector.size() != dimension) {
    throw Error(
        ErrorKind::validation,
        fmt::format("{}: document \"{}\" has a vector of {} components, but the store's have {}; "
                    "all must come from one embedding model",
                    name_, record.document.id, record.vector.size(), dimension));
  }
  for (const auto& entry : record.document.metadata) store_value(entry.name, entry.value);
  std::vector<float> normalised(record.vector.size());
  normalise(record.vector, normalised,
            fmt::format("{}: document \"{}\"", name_, record.document.id));
  return normalised;
}

void MemoryRows::insert(Document document, const std::vector<float>& normalised,
                        std::string source) {
  erase_one(document.id);
  if (!matrix_) matrix_.emplace(normalised.size());
  const std::span<float> row = matrix_->append();
  std::copy(normalised.begin(), normalised.end(), row.begin());
  by_id_[document.id] = rows_.size();
  rows_.emplace_back(std::move(document), std::move(source));
}

void MemoryRows::put(std::vector<VectorRecord> records) {
  if (records.empty()) return;
  const std::size_t width = matrix_ ? dimension() : records.front().vector.size();
  Vectors vectors;
  vectors.reserve(records.size());
  for (const auto& record : records) vectors.push_back(checked(record, width));
  for (std::size_t i = 0; i < records.size(); ++i) {
    insert(std::move(records[i].document), vectors[i], {});
  }
}

bool MemoryRows::erase_one(const std::string& id) {
  const auto found = by_id_.find(id);
  if (found == by_id_.end()) return false;
  const std::size_t row = found->second;
  by_id_.erase(found);
  if (row + 1 != rows_.size()) {
    rows_[row] = std::move(rows_.back());
    by_id_[rows_[row].document.id] = row;
  }
  rows_.pop_back();
  matrix_->remove(row);
  return true;
}

std::size_t MemoryRows::erase(const std::vector<std::string>& ids) {
  std::size_t erased = 0;
  for (const auto& id : ids) erased += erase_one(id) ? 1 : 0;
  return erased;
}

Documents MemoryRows::fetch(const std::vector<std::string>& ids) const {
  Documents documents;
  for (const auto& id : ids) {
    const auto found = by_id_.find(id);
    if (found != by_id_.end()) documents.push_back(rows_[found->second].document);
  }
  return documents;
}

std::vector<std::uint8_t> MemoryRows::allowed(const Filter& filter) const {
  std::vector<std::uint8_t> flags;
  if (filter.empty()) return flags;
  flags.reserve(rows_.size());
  for (const Row& row : rows_) flags.push_back(filter.matches(row.document.metadata) ? 1 : 0);
  return flags;
}

std::vector<VectorHit> MemoryRows::nearest(const VectorQuery& query) const {
  if (rows_.empty()) return {};
  if (query.vector.size() != dimension()) {
    throw Error(
        ErrorKind::validation,
        fmt::format("{}: the query's vector has {} components, but the store's have {}; search "
                    "with the embedding model that the store was built with",
                    name_, query.vector.size(), dimension()));
  }
  std::vector<float> asked(query.vector.size());
  normalise(query.vector, asked, name_ + ": the query");
  std::vector<VectorHit> hits;
  for (const auto& [score, row] : matrix_->top_k(asked, query.k, allowed(query.filter))) {
    hits.emplace_back(rows_[row].document, static_cast<double>(score));
    if (!query.with_vectors) continue;
    const std::span<const float> vector = matrix_->row(row);
    hits.back().vector.assign(vector.begin(), vector.end());
  }
  return hits;
}

std::vector<VectorHit> MemoryRows::matching(const VectorQuery& query,
                                            const LexicalIndex& index) const {
  std::vector<VectorHit> hits;
  const std::size_t ranked = query.filter.empty() ? query.k : index.size();
  for (const auto& [row, score] : index.search(query.text, ranked)) {
    if (hits.size() == query.k) break;
    const Document& document = rows_[row].document;
    if (!query.filter.matches(document.metadata)) continue;
    hits.emplace_back(document, score);
    if (!query.with_vectors) continue;
    const std::span<const float> vector = matrix_->row(row);
    hits.back().vector.assign(vector.begin(), vector.end());
  }
  return hits;
}

std::vector<std::string> MemoryRows::texts() const {
  std::vector<std::string> texts;
  texts.reserve(rows_.size());
  for (const Row& row : rows_) texts.push_back(row.document.text);
  return texts;
}

std::vector<SourceRecord> MemoryRows::sources(std::string_view prefix) const {
  std::vector<SourceRecord> records;
  for (auto at = sources_.lower_bound(prefix); at != sources_.end(); ++at) {
    if (!std::string_view(at->first).starts_with(prefix)) break;
    records.push_back(at->second);
  }
  return records;
}

void MemoryRows::drop(const std::string& source) {
  const auto ids = ids_of_.find(source);
  if (ids != ids_of_.end()) {
    for (const auto& id : ids->second) {
      const auto row = by_id_.find(id);
      if (row != by_id_.end() && rows_[row->second].source == source) erase_one(id);
    }
    ids_of_.erase(ids);
  }
  sources_.erase(source);
}

void MemoryRows::finish(const SourceRecord& record) {
  const std::string& source = record.state.name;
  drop(source);
  auto staged = staged_.extract(source);
  if (!staged.empty()) {
    for (VectorRecord& row : staged.mapped()) {
      ids_of_[source].push_back(row.document.id);
      insert(std::move(row.document), row.vector, source);
    }
  }
  sources_[source] = record;
}

// All that could fail, before anything is changed.
void MemoryRows::check(const IndexBatch& batch) const {
  std::unordered_map<std::string_view, std::uint64_t> counts;
  if (!batch.fresh) {
    for (const auto& [source, rows] : staged_) counts[source] = rows.size();
  }
  for (const auto& staged : batch.staged) ++counts[staged.source];
  for (const auto& record : batch.finished) {
    const auto found = counts.find(record.state.name);
    const std::uint64_t staged = found == counts.end() ? 0 : found->second;
    if (staged == record.documents) continue;
    throw Error(
        ErrorKind::storage,
        fmt::format("{}: {} documents of {} are staged, not {}; something else indexes into the "
                    "same store, so let one finish and run again",
                    name_, staged, record.state.name, record.documents));
  }
}

void MemoryRows::commit(IndexBatch batch) {
  check(batch);
  std::size_t width = dimension();
  for (auto& staged : batch.staged) {
    if (width == 0) width = staged.record.vector.size();
    staged.record.vector = checked(staged.record, width);
  }
  if (batch.fresh) staged_.clear();
  for (auto& staged : batch.staged) {
    staged_[staged.source].push_back(std::move(staged.record));
  }
  for (const auto& record : batch.finished) finish(record);
  for (const auto& record : batch.touched) sources_[record.state.name] = record;
  for (const auto& source : batch.discarded) staged_.erase(source);
  for (const auto& source : batch.removed) drop(source);
}

}  // namespace v0
}  // namespace lian
