#include "lian/data/ranking.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "lian/core/error.hpp"

namespace lian {
inline namespace v0 {
namespace {

std::vector<double> checked_weights(const FusionOptions& options, std::size_t lists) {
  if (!(options.c() > -1)) {
    throw Error(ErrorKind::validation,
                fmt::format("rank fusion: c is {}; it must be greater than -1", options.c()));
  }
  if (options.weights().empty()) {
    return std::vector<double>(lists, lists == 0 ? 0 : 1 / static_cast<double>(lists));
  }
  if (options.weights().size() != lists) {
    throw Error(ErrorKind::validation,
                fmt::format("rank fusion: {} weights for {} lists; give one weight a list",
                            options.weights().size(), lists));
  }
  bool some = false;
  for (const double weight : options.weights()) {
    if (!std::isfinite(weight) || weight < 0) {
      throw Error(ErrorKind::validation,
                  fmt::format("rank fusion: the weight {} is not a number from 0 upwards", weight));
    }
    some = some || weight > 0;
  }
  if (!some)
    throw Error(ErrorKind::validation, "rank fusion: every weight is 0; one must be positive");
  return options.weights();
}

std::string identity_of(const Document& document, const std::string& id_key) {
  const Value* id = id_key.empty() ? nullptr : document.metadata.find(id_key);
  return id != nullptr ? "k" + id->to_text() : "t" + document.text;
}

}  // namespace

double cosine_similarity(const std::vector<float>& a, const std::vector<float>& b) {
  if (a.size() != b.size()) {
    throw Error(ErrorKind::validation,
                fmt::format("cosine similarity: vectors of {} and of {} components; both must come "
                            "from one embedding model",
                            a.size(), b.size()));
  }
  double product = 0, a_squares = 0, b_squares = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double x = static_cast<double>(a[i]), y = static_cast<double>(b[i]);
    product += x * y;
    a_squares += x * x;
    b_squares += y * y;
  }
  const double cosine = product / (std::sqrt(a_squares) * std::sqrt(b_squares));
  return std::isfinite(cosine) ? cosine : 0;
}

std::vector<std::size_t> maximal_marginal_relevance(const std::vector<float>& query,
                                                    const std::vector<std::vector<float>>& vectors,
                                                    std::size_t k, double lambda) {
  if (!(lambda >= 0 && lambda <= 1)) {
    throw Error(
        ErrorKind::validation,
        fmt::format("maximal marginal relevance: lambda is {}; it must be from 0 to 1", lambda));
  }
  std::vector<double> relevance;
  relevance.reserve(vectors.size());
  for (const auto& vector : vectors) relevance.push_back(cosine_similarity(query, vector));
  // Nothing is chosen yet, so the first choice is by relevance alone.
  std::vector<double> redundancy(vectors.size(), -std::numeric_limits<double>::infinity());
  std::vector<bool> taken(vectors.size(), false);
  std::vector<std::size_t> chosen;
  while (chosen.size() < std::min(k, vectors.size())) {
    std::size_t best = vectors.size();
    double best_score = 0;
    for (std::size_t i = 0; i < vectors.size(); ++i) {
      if (taken[i]) continue;
      const double score =
          chosen.empty() ? relevance[i] : lambda * relevance[i] - (1 - lambda) * redundancy[i];
      if (best == vectors.size() || score > best_score) {
        best = i;
        best_score = score;
      }
    }
    taken[best] = true;
    chosen.push_back(best);
    for (std::size_t i = 0; i < vectors.size(); ++i) {
      if (!taken[i]) {
        redundancy[i] = std::max(redundancy[i], cosine_similarity(vectors[i], vectors[best]));
      }
    }
  }
  return chosen;
}

std::vector<ScoredDocument> reciprocal_rank_fusion(const std::vector<Documents>& lists,
                                                   const FusionOptions& options) {
  const std::vector<double> weights = checked_weights(options, lists.size());
  std::vector<ScoredDocument> fused;
  std::unordered_map<std::string, std::size_t> places;
  for (std::size_t list = 0; list < lists.size(); ++list) {
    for (std::size_t i = 0; i < lists[list].size(); ++i) {
      const Document& document = lists[list][i];
      const auto [place, fresh] =
          places.emplace(identity_of(document, options.id_key()), fused.size());
      if (fresh) fused.emplace_back(document, 0.0);
      fused[place->second].score += weights[list] / (static_cast<double>(i + 1) + options.c());
    }
  }
  std::stable_sort(
      fused.begin(), fused.end(),
      [](const ScoredDocument& a, const ScoredDocument& b) { return a.score > b.score; });
  return fused;
}

}  // namespace v0
}  // namespace lian
