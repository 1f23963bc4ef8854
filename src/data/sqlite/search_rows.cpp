// SqliteRows, the reading half: the vectors in memory and the searches.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <new>
#include <unordered_set>
#include <utility>

#include "core/lexical_tokens.hpp"
#include "data/sqlite/filter_sql.hpp"
#include "data/sqlite/sqlite_rows.hpp"
#include "lian/core/error.hpp"

namespace lian {
inline namespace v0 {
namespace {

// Words that nearly every English text holds: they tell nothing apart, and FTS5 would rank every
// document for them. Sorted.
constexpr std::array<std::string_view, 58> function_words = {
    "a",     "about", "an",   "and",  "any",   "are",   "as",    "at",    "be",   "by",
    "can",   "do",    "does", "for",  "from",  "had",   "has",   "have",  "how",  "i",
    "if",    "in",    "into", "is",   "it",    "its",   "may",   "my",    "not",  "of",
    "on",    "or",    "our",  "s",    "should", "so",   "that",  "the",   "their", "them",
    "there", "they",  "this", "to",   "was",   "we",    "were",  "what",  "when", "where",
    "which", "who",   "why",  "will", "with",  "would", "you",   "your"};

bool is_function_word(const std::string& word) {
  return std::binary_search(function_words.begin(), function_words.end(), std::string_view(word));
}

std::int64_t number_of(std::string_view digits) {
  std::int64_t value = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return value;
}

// The words of a query for FTS5's MATCH: any of them. Tokens hold no quotes, operators or blanks.
std::string match_of(std::string_view text) {
  std::vector<std::string> words = lexical_tokens(text, LexicalUse::query);
  std::sort(words.begin(), words.end());
  words.erase(std::unique(words.begin(), words.end()), words.end());
  if (!std::all_of(words.begin(), words.end(), is_function_word))
    std::erase_if(words, is_function_word);
  std::string match;
  for (const auto& word : words) {
    if (!match.empty()) match += " OR ";
    match.append("\"").append(word).append("\"");
  }
  return match;
}

}  // namespace

void SqliteRows::forget_rows() {
  const std::lock_guard lock(rows_mutex_);
  loaded_version_ = -1;
  matrix_.reset();
  numbers_.clear();
  rows_.clear();
}

void SqliteRows::append_row(std::int64_t number, const std::vector<float>& vector) {
  if (!matrix_) matrix_.emplace(vector.size());
  const std::span<float> row = matrix_->append();
  std::copy(vector.begin(), vector.end(), row.begin());
  rows_[number] = static_cast<std::uint32_t>(numbers_.size());
  numbers_.push_back(number);
}

void SqliteRows::drop_row(std::int64_t number) {
  const auto found = rows_.find(number);
  if (found == rows_.end()) return;  // staged
  const std::uint32_t row = found->second;
  rows_.erase(found);
  matrix_->remove(row);
  if (row + 1 != numbers_.size()) {
    numbers_[row] = numbers_.back();
    rows_[numbers_[row]] = row;
  }
  numbers_.pop_back();
}

void SqliteRows::apply(const Changes& changes) {
  if (loaded_version_ < 0) return;
  try {
    const std::lock_guard lock(rows_mutex_);
    for (const auto& [number, vector] : changes.added) append_row(number, vector);
    for (const std::int64_t number : changes.removed) drop_row(number);
  } catch (const std::bad_alloc&) {
    forget_rows();  // the file has the change; the next search reads it from there
  }
}

// Documents of sources that are not finished: not to be found yet.
std::unordered_set<std::int64_t> SqliteRows::staged_numbers() {
  // A source gets its checksum when it is finished.
  if (connection_.number("SELECT count(*) FROM sources WHERE (staged = 0) = (checksum = 0)") != 0)
    connection_.damaged("a source is finished in one place and not in another");
  std::unordered_set<std::int64_t> staged;
  Query query(connection_,
              "SELECT number FROM documents WHERE source IN "
              "(SELECT number FROM sources WHERE staged <> 0)");
  while (query.step()) staged.insert(query.integer(0));
  return staged;
}

void SqliteRows::load_rows() {
  const Transaction snapshot(connection_, Transaction::Kind::read);
  const std::int64_t version = connection_.number("PRAGMA data_version");
  if (version == loaded_version_) return;
  forget_rows();
  dimension_ = static_cast<std::size_t>(number_of(setting(connection_, "dimension")));
  const std::unordered_set<std::int64_t> staged = staged_numbers();
  std::int64_t found = 0;
  const std::lock_guard lock(rows_mutex_);
  documents_.each_vector(dimension_, [&](std::int64_t number, const std::vector<float>& vector) {
    ++found;
    if (!staged.contains(number)) append_row(number, vector);
  });
  const std::string counted = setting(connection_, "documents");
  if (fmt::format("{}", found) != (counted.empty() ? "0" : counted)) {
    connection_.damaged(fmt::format("it holds {} vectors, not {}", found, counted));
  }
  loaded_version_ = version;
}

std::vector<std::uint8_t> SqliteRows::allowed(const Filter& filter) {
  if (filter.empty()) return {};
  const std::size_t none = numbers_.size();
  FilterSql sql(connection_, none, [&](std::int64_t number) {
    const auto found = rows_.find(number);
    return found == rows_.end() ? none : std::size_t{found->second};
  });
  return sql.evaluate(filter);
}

std::vector<VectorHit> SqliteRows::read_hits(std::vector<Found> found, const Filter& filter) {
  std::vector<VectorHit> hits;
  for (Found& one : found) {
    auto document = documents_.read(one.number);
    if (!document) {
      // Removed since the scan, or lost.
      const std::shared_lock rows(rows_mutex_);
      if (rows_.contains(one.number) &&
          connection_.number("PRAGMA data_version") == loaded_version_) {
        connection_.damaged(fmt::format("document {} is missing", one.number));
      }
      continue;
    }
    // What a filter looks through has no checksum; the document has.
    if (!filter.matches(document->metadata))
      connection_.damaged(fmt::format("the metadata of document {} is not what was stored",
                                      one.number));
    hits.emplace_back(std::move(*document), one.score);
    hits.back().vector = std::move(one.vector);
  }
  return hits;
}

std::vector<VectorHit> SqliteRows::nearest(const VectorQuery& query) {
  std::unique_lock connection(connection_mutex_);
  load_rows();
  std::shared_lock rows(rows_mutex_);
  if (numbers_.empty()) return {};
  if (query.vector.size() != dimension_) {
    throw Error(
        ErrorKind::validation,
        fmt::format("{}: the query's vector has {} components, but the store's have {}; search "
                    "with the embedding model that the store was built with",
                    connection_.path(), query.vector.size(), dimension_));
  }
  std::vector<float> asked(query.vector.size());
  normalise(query.vector, asked, connection_.path() + ": the query");
  const std::vector<std::uint8_t> flags = allowed(query.filter);
  connection.unlock();

  std::vector<Found> found;
  for (const auto& [score, row] : matrix_->top_k(asked, query.k, flags)) {
    found.emplace_back(numbers_[row], static_cast<double>(score));
    if (!query.with_vectors) continue;
    const std::span<const float> vector = matrix_->row(row);
    found.back().vector.assign(vector.begin(), vector.end());
  }
  rows.unlock();
  connection.lock();
  return read_hits(std::move(found), query.filter);
}

std::vector<VectorHit> SqliteRows::matching(const VectorQuery& query) {
  const std::string match = match_of(query.text);
  if (match.empty() || query.k == 0) return {};
  const std::lock_guard connection(connection_mutex_);
  // The vectors are read into memory for filters only: words alone do without.
  if (!query.filter.empty()) load_rows();
  dimension_ = static_cast<std::size_t>(number_of(setting(connection_, "dimension")));
  std::vector<Found> found;
  {
    const std::shared_lock rows(rows_mutex_);
    const std::vector<std::uint8_t> flags = allowed(query.filter);
    const std::unordered_set<std::int64_t> staged = staged_numbers();
    Query ranked(connection_,
                 "SELECT rowid, rank FROM words WHERE words MATCH ? ORDER BY rank, rowid");
    ranked.bind(std::string_view(match));
    while (found.size() < query.k && ranked.step()) {
      const std::int64_t number = ranked.integer(0);
      if (staged.contains(number)) continue;
      if (!flags.empty()) {
        const auto row = rows_.find(number);
        if (row == rows_.end() || flags[row->second] == 0) continue;
      }
      found.emplace_back(number, -ranked.real(1));
      if (query.with_vectors) found.back().vector = documents_.vector(number, dimension_);
    }
  }
  return read_hits(std::move(found), query.filter);
}

}  // namespace v0
}  // namespace lian
