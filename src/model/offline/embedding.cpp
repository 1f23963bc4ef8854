#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <utility>

#include "core/lexical_tokens.hpp"
#include "model/offline/offline.hpp"
#include "model/offline/words.hpp"

namespace lian {
inline namespace v0 {
namespace {

// Part of the embedding's definition: to change one is to change offline_embedding_name.
constexpr std::uint32_t word_share = 16, light_share = 4, silent_share = 1, pair_share = 4;
constexpr std::uint32_t trigram_share = 1, character_share = 5, bigram_share = 14;
constexpr std::uint32_t faint_bigram_share = 3;
constexpr std::uint32_t most_counted = 1U << 30;
constexpr std::uint64_t word_seed = 0x6C69616E776F7264, pair_seed = 0x6C69616E70616972;
constexpr std::uint64_t trigram_seed = 0x6C69616E74726967, han_seed = 0x6C69616E68616E7A;

// The finaliser of MurmurHash3 (Appleby, public domain): every bit depends on every bit.
constexpr std::uint64_t mixed(std::uint64_t x) {
  x = (x ^ (x >> 33)) * 0xFF51AFD7ED558CCD;
  x = (x ^ (x >> 33)) * 0xC4CEB9FE1A85EC53;
  return x ^ (x >> 33);
}

// FNV-1a of 64 bits over the seed and the bytes, then mixed.
constexpr std::uint64_t hashed(std::uint64_t seed, std::string_view bytes) {
  std::uint64_t hash = 0xCBF29CE484222325 ^ seed;
  for (const char c : bytes) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3;
  return mixed(hash);
}

// 1 + 0.75 log2(n) in units of 1/64, straight between powers of two; exact in integers.
std::int64_t dampened(std::uint64_t count) {
  const auto bits = static_cast<std::uint64_t>(std::bit_width(count)) - 1;
  const std::uint64_t fraction = ((count - (std::uint64_t{1} << bits)) * 64) >> bits;
  return static_cast<std::int64_t>(64 + (bits * 64 + fraction) * 3 / 4);
}

// Counts of features by hash: open addressing, grown by doubling.
class FeatureCounts {
 public:
  explicit FeatureCounts(std::size_t text_size)
      : entries_(std::bit_ceil(std::clamp<std::size_t>(text_size, 64, 8192) * 2)) {}

  void add(std::uint64_t hash, std::uint32_t share) {
    if (hash == 0) hash = 1;  // 0 marks a free entry
    Entry& entry = find(entries_, hash);
    if (entry.count != most_counted) ++entry.count;
    if (entry.hash != 0) return;
    entry.hash = hash;
    entry.share = share;
    if (++used_ * 2 > entries_.size()) grow();
  }

  void spread(std::array<std::int64_t, offline_embedding_dimension>& sums) const {
    for (const Entry& entry : entries_) {
      if (entry.hash == 0) continue;
      const std::int64_t value = std::int64_t{entry.share} * dampened(entry.count);
      sums[entry.hash % offline_embedding_dimension] += (entry.hash >> 63) != 0 ? -value : value;
    }
  }

 private:
  struct Entry {
    std::uint64_t hash = 0;
    std::uint32_t count = 0, share = 0;
  };

  static Entry& find(std::vector<Entry>& entries, std::uint64_t hash) {
    const std::size_t mask = entries.size() - 1;
    std::size_t at = (hash >> 20) & mask;
    while (entries[at].hash != 0 && entries[at].hash != hash) at = (at + 1) & mask;
    return entries[at];
  }

  void grow() {
    std::vector<Entry> larger(entries_.size() * 2);
    for (const Entry& entry : entries_) {
      if (entry.hash != 0) find(larger, entry.hash) = entry;
    }
    entries_.swap(larger);
  }

  std::vector<Entry> entries_;
  std::size_t used_ = 0;
};

class Features {
 public:
  explicit Features(std::size_t text_size) : counts_(text_size) {}

  void take(std::string_view token) {
    if (static_cast<unsigned char>(token.front()) >= 0xE3) return take_unspaced(token);
    take_word(token);
  }

  const FeatureCounts& counts() const { return counts_; }

 private:
  // A Chinese character or two neighbours; kana and Hangul likewise.
  void take_unspaced(std::string_view token) {
    previous_ = 0;
    const std::size_t first = std::min(utf8_length(token.front()), token.size());
    const std::uint64_t hash = hashed(han_seed, token);
    if (first == token.size()) {
      before_silent_ = std::exchange(silent_, word_weight(token) == WordWeight::none);
      return counts_.add(hash, silent_ ? silent_share : character_share);
    }
    // A pair comes right behind its second character.
    counts_.add(hash, silent_ || before_silent_ ? faint_bigram_share : bigram_share);
  }

  void take_word(std::string_view token) {
    const WordWeight weight = word_weight(token);
    stem_.assign(token);
    stem_word(stem_);
    const std::uint64_t hash = hashed(word_seed, stem_);
    counts_.add(hash, weight == WordWeight::full    ? word_share
                      : weight == WordWeight::light ? light_share
                                                    : silent_share);
    if (weight == WordWeight::none) return;
    if (previous_ != 0) counts_.add(mixed(pair_seed ^ (previous_ * 3) ^ hash), pair_share);
    previous_ = hash;
    if (weight == WordWeight::full) take_trigrams();
  }

  // Of the stem between two marks, byte by byte: "^ke", "ket", … , "le$".
  void take_trigrams() {
    if (stem_.size() < 4) return;
    std::uint32_t window = '^';
    for (std::size_t i = 0; i <= stem_.size(); ++i) {
      const char c = i < stem_.size() ? stem_[i] : '$';
      window = ((window << 8) | static_cast<unsigned char>(c)) & 0xFFFFFF;
      if (i > 0) counts_.add(mixed(trigram_seed ^ window), trigram_share);
    }
  }

  FeatureCounts counts_;
  std::string stem_;
  std::uint64_t previous_ = 0;
  bool silent_ = false, before_silent_ = false;
};

// Scaled so that the sum of 512 squares fits 64 bits, which keeps the length exact up to one root.
void fit(std::array<std::int64_t, offline_embedding_dimension>& sums) {
  std::int64_t largest = 0;
  for (const std::int64_t sum : sums) largest = std::max(largest, sum < 0 ? -sum : sum);
  std::int64_t divisor = 1;
  while (largest / divisor >= (std::int64_t{1} << 27)) divisor *= 2;
  if (divisor == 1) return;
  for (std::int64_t& sum : sums) sum /= divisor;
}

}  // namespace

std::vector<float> offline_embedding(std::string_view text) {
  Features features(text.size());
  for_each_lexical_token(text, LexicalUse::index,
                         [&](std::string_view token) { features.take(token); });
  std::array<std::int64_t, offline_embedding_dimension> sums{};
  features.counts().spread(sums);
  fit(sums);
  std::uint64_t squares = 0;
  for (const std::int64_t sum : sums) squares += static_cast<std::uint64_t>(sum * sum);
  std::vector<float> embedding(offline_embedding_dimension);
  if (squares == 0) return embedding;
  const double length = std::sqrt(static_cast<double>(squares));
  for (std::size_t i = 0; i < sums.size(); ++i) {
    embedding[i] = static_cast<float>(static_cast<double>(sums[i]) / length);
  }
  return embedding;
}

}  // namespace v0
}  // namespace lian
