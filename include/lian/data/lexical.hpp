#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "lian/core/export.hpp"

namespace lian {
inline namespace v0 {

/// A text of a LexicalIndex by its place in the list the index was made of, and its score.
struct LexicalHit {
  LexicalHit() = default;
  LexicalHit(std::size_t text_in, double score_in) : text(text_in), score(score_in) {}
  std::size_t text = 0;
  double score = 0;
  friend bool operator==(const LexicalHit&, const LexicalHit&) = default;
};

/// An index of texts for search by words: Okapi BM25 (Robertson et al. 1994), where a term found in
/// n of N texts weighs idf = ln(1 + (N - n + 0.5) / (n + 0.5)), which is never negative, and counts
/// idf * tf * (k1 + 1) / (tf + k1 * (1 - b + b * length / average length)). Words are folded (NFKC,
/// case); Chinese and Japanese are indexed by characters and pairs of neighbours. A repeated word
/// of a query counts once for each time. Immutable and cheap to copy; thread-safe.
class LIAN_API LexicalIndex {
 public:
  /// An index of these texts. `k1` >= 0 and `b` from 0 to 1, else Error{validation}.
  explicit LexicalIndex(const std::vector<std::string>& texts, double k1 = 1.5, double b = 0.75);
  ~LexicalIndex();
  LexicalIndex(const LexicalIndex&);
  LexicalIndex(LexicalIndex&&) noexcept;
  LexicalIndex& operator=(const LexicalIndex&);
  LexicalIndex& operator=(LexicalIndex&&) noexcept;

  /// At most `k` texts that share a word with the query, best first, equal scores by place.
  std::vector<LexicalHit> search(std::string_view query, std::size_t k = 4) const;
  /// The number of texts.
  std::size_t size() const noexcept;

 private:
  struct State;
  std::shared_ptr<const State> state_;
};

}  // namespace v0
}  // namespace lian
