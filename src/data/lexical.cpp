#include "lian/data/lexical.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <unordered_map>
#include <utility>

#include "core/lexical_tokens.hpp"
#include "lian/core/error.hpp"

namespace lian {
inline namespace v0 {
namespace {

struct Posting {
  std::uint32_t text;
  float impact;  // what the term adds to the text's score
};

struct TermHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view term) const noexcept {
    return std::hash<std::string_view>()(term);
  }
};

using Terms = std::unordered_map<std::string, std::uint32_t, TermHash, std::equal_to<>>;

// A term's occurrences in one text, as they are met.
struct Occurrence {
  std::uint32_t term, text, count;
};

bool better(const LexicalHit& a, const LexicalHit& b) {
  return a.score > b.score || (a.score == b.score && a.text < b.text);
}

// Texts are scored a stretch at a time so that the scores stay in the first-level cache.
constexpr std::size_t stretch = 4096;

}  // namespace

struct LexicalIndex::State {
  Terms terms;
  std::vector<std::size_t> begins;  // of each term in `postings`; one more at the end
  std::vector<Posting> postings;
  std::size_t texts = 0;

  std::vector<Occurrence> count(const std::vector<std::string>& from,
                                std::vector<std::uint32_t>& lengths);
  void weigh(const std::vector<Occurrence>& occurrences, const std::vector<std::uint32_t>& lengths,
             double k1, double b);
};

std::vector<Occurrence> LexicalIndex::State::count(const std::vector<std::string>& from,
                                                   std::vector<std::uint32_t>& lengths) {
  std::vector<Occurrence> occurrences;
  std::vector<std::uint32_t> of_text;
  for (std::size_t text = 0; text < from.size(); ++text) {
    of_text.clear();
    for_each_lexical_token(from[text], LexicalUse::index, [&](std::string_view token) {
      auto found = terms.find(token);
      if (found == terms.end()) {
        found = terms.emplace(std::string(token), static_cast<std::uint32_t>(terms.size())).first;
      }
      of_text.push_back(found->second);
    });
    lengths.push_back(static_cast<std::uint32_t>(of_text.size()));
    std::sort(of_text.begin(), of_text.end());
    for (std::size_t i = 0; i < of_text.size();) {
      std::size_t next = i;
      while (next < of_text.size() && of_text[next] == of_text[i]) ++next;
      occurrences.push_back(
          {of_text[i], static_cast<std::uint32_t>(text), static_cast<std::uint32_t>(next - i)});
      i = next;
    }
  }
  return occurrences;
}

void LexicalIndex::State::weigh(const std::vector<Occurrence>& occurrences,
                                const std::vector<std::uint32_t>& lengths, double k1, double b) {
  double total = 0;
  for (const std::uint32_t length : lengths) total += length;
  const double average = total > 0 ? total / static_cast<double>(texts) : 1;

  begins.assign(terms.size() + 1, 0);
  for (const auto& occurrence : occurrences) ++begins[occurrence.term + 1];
  for (std::size_t term = 0; term < terms.size(); ++term) begins[term + 1] += begins[term];
  postings.resize(occurrences.size());
  std::vector<std::size_t> next(begins.begin(), begins.end() - 1);
  for (const auto& [term, text, times] : occurrences) {
    const double found_in = static_cast<double>(begins[term + 1] - begins[term]);
    const double idf =
        std::log(1 + (static_cast<double>(texts) - found_in + 0.5) / (found_in + 0.5));
    const double tf = times;
    const double saturation = tf + k1 * (1 - b + b * lengths[text] / average);
    postings[next[term]++] = {text, static_cast<float>(idf * tf * (k1 + 1) / saturation)};
  }
}

LexicalIndex::LexicalIndex(const std::vector<std::string>& texts, double k1, double b) {
  if (!(k1 >= 0 && std::isfinite(k1)) || !(b >= 0 && b <= 1)) {
    throw Error(
        ErrorKind::validation,
        fmt::format("BM25: k1 is {} and b is {}; k1 must be at least 0, b from 0 to 1", k1, b));
  }
  if (texts.size() > std::numeric_limits<std::uint32_t>::max()) {
    throw Error(ErrorKind::limit, "BM25: an index holds at most 4294967295 texts");
  }
  auto state = std::make_shared<State>();
  state->texts = texts.size();
  std::vector<std::uint32_t> lengths;
  lengths.reserve(texts.size());
  const std::vector<Occurrence> occurrences = state->count(texts, lengths);
  state->weigh(occurrences, lengths, k1, b);
  state_ = std::move(state);
}

LexicalIndex::~LexicalIndex() = default;
LexicalIndex::LexicalIndex(const LexicalIndex&) = default;
LexicalIndex::LexicalIndex(LexicalIndex&&) noexcept = default;
LexicalIndex& LexicalIndex::operator=(const LexicalIndex&) = default;
LexicalIndex& LexicalIndex::operator=(LexicalIndex&&) noexcept = default;

std::size_t LexicalIndex::size() const noexcept { return state_->texts; }

std::vector<LexicalHit> LexicalIndex::search(std::string_view query, std::size_t k) const {
  k = std::min(k, state_->texts);
  if (k == 0) return {};
  using Cursor = std::pair<const Posting*, const Posting*>;
  std::vector<Cursor> cursors;
  for_each_lexical_token(query, LexicalUse::query, [&](std::string_view token) {
    const auto found = state_->terms.find(token);
    if (found == state_->terms.end()) return;
    const Posting* all = state_->postings.data();
    cursors.emplace_back(all + state_->begins[found->second],
                         all + state_->begins[found->second + 1]);
  });

  std::vector<LexicalHit> heap;
  std::array<float, stretch> scores{};
  for (std::size_t begin = 0; begin < state_->texts; begin += stretch) {
    const std::size_t end = std::min(begin + stretch, state_->texts);
    bool touched = false;
    for (auto& [at, last] : cursors) {
      for (; at != last && at->text < end; ++at) {
        scores[at->text - begin] += at->impact;
        touched = true;
      }
    }
    if (!touched) continue;
    for (std::size_t i = 0; i < end - begin; ++i) {
      const double score = static_cast<double>(scores[i]);
      if (score <= 0 || (heap.size() == k && score <= heap.front().score)) continue;
      if (heap.size() == k) {
        std::pop_heap(heap.begin(), heap.end(), better);
        heap.pop_back();
      }
      heap.emplace_back(begin + i, score);
      std::push_heap(heap.begin(), heap.end(), better);
    }
    scores.fill(0);
  }
  std::sort_heap(heap.begin(), heap.end(), better);
  return heap;
}

}  // namespace v0
}  // namespace lian
