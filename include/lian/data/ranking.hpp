#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "lian/core/document.hpp"
#include "lian/core/export.hpp"

namespace lian {
inline namespace v0 {

/// The cosine of two vectors, summed in double precision; 0 when one is all zeros or an entry is
/// NaN or infinite. Throws Error{validation} naming both widths when they differ. Thread-safe.
LIAN_API double cosine_similarity(const std::vector<float>& a, const std::vector<float>& b);

/// Maximal marginal relevance (Carbonell and Goldstein 1998, with LangChain's details): indices of
/// at most `k` of `vectors`, first the one nearest to `query`, then again and again the one with
/// the largest lambda * cosine(query, v) - (1 - lambda) * max cosine(v, chosen); ties go to the
/// lowest index. `lambda` 1 asks for relevance only, 0 for diversity only. Throws Error{validation}
/// for a lambda outside [0, 1] or unequal widths. Thread-safe.
LIAN_API std::vector<std::size_t> maximal_marginal_relevance(
    const std::vector<float>& query, const std::vector<std::vector<float>>& vectors,
    std::size_t k = 4, double lambda = 0.5);

/// Settings of reciprocal rank fusion. Regular value.
class LIAN_API FusionOptions {
 public:
  FusionOptions() = default;
  /// The constant added to each rank; 60 as in the paper. Must be greater than -1.
  FusionOptions& c(double value) { return c_ = value, *this; }
  /// One weight a list, none negative, one at least positive; default 1/n each.
  FusionOptions& weights(std::vector<double> value) { return weights_ = std::move(value), *this; }
  /// The metadata key that tells documents apart; default: their text.
  FusionOptions& id_key(std::string value) { return id_key_ = std::move(value), *this; }

  double c() const noexcept { return c_; }
  const std::vector<double>& weights() const noexcept { return weights_; }
  const std::string& id_key() const noexcept { return id_key_; }

 private:
  double c_ = 60;
  std::vector<double> weights_;
  std::string id_key_;
};

/// Weighted reciprocal rank fusion (Cormack, Clarke and Büttcher 2009): each document scores the
/// sum over the lists of weight / (rank + c), rank from 1; best first, equal scores in the order
/// they were first met; of equal documents the first is kept. A document without `id_key` is told
/// apart by its text. Throws Error{validation} when weights do not fit the lists. Thread-safe.
LIAN_API std::vector<ScoredDocument> reciprocal_rank_fusion(
    const std::vector<Documents>& lists, const FusionOptions& options = FusionOptions());

}  // namespace v0
}  // namespace lian
