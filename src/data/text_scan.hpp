/// Fast questions about UTF-8 text: where a separator occurs, which code point a byte belongs to.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace lian {
inline namespace v0 {
namespace detail {

inline constexpr std::size_t scan_block = 64;

/// Whether `byte` continues a UTF-8 sequence.
inline bool continues_sequence(char byte) noexcept {
  return (static_cast<unsigned char>(byte) & 0xC0U) == 0x80U;
}

#if defined(__SSE2__)
template <class Compare>
std::uint64_t block_mask(const char* block, Compare compare) noexcept {
  std::uint64_t mask = 0;
  for (unsigned i = 0; i < 4; ++i) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(block + 16 * i));
    const auto bits = static_cast<unsigned>(_mm_movemask_epi8(compare(bytes)));
    mask |= static_cast<std::uint64_t>(bits) << (16 * i);
  }
  return mask;
}

/// One bit a byte of the 64 at `block`: those equal to `byte`.
inline std::uint64_t equal_mask(const char* block, char byte) noexcept {
  const __m128i wanted = _mm_set1_epi8(byte);
  return block_mask(block, [wanted](__m128i bytes) { return _mm_cmpeq_epi8(bytes, wanted); });
}

/// One bit a byte of the 64 at `block`: those that start a code point.
inline std::uint64_t start_mask(const char* block) noexcept {
  const __m128i last_continuation = _mm_set1_epi8(-65);
  return block_mask(block, [last_continuation](__m128i bytes) {
    return _mm_cmpgt_epi8(bytes, last_continuation);
  });
}
#else
inline std::uint64_t equal_mask(const char* block, char byte) noexcept {
  std::uint64_t mask = 0;
  for (unsigned i = 0; i < scan_block; ++i) mask |= std::uint64_t{block[i] == byte} << i;
  return mask;
}

inline std::uint64_t start_mask(const char* block) noexcept {
  std::uint64_t mask = 0;
  for (unsigned i = 0; i < scan_block; ++i) {
    mask |= std::uint64_t{!continues_sequence(block[i])} << i;
  }
  return mask;
}
#endif

/// The places of a non-empty needle in a text, left to right. Keeps views: both must outlive it.
class Occurrences {
 public:
  Occurrences(std::string_view text, std::string_view needle) noexcept
      : text_(text),
        needle_(needle),
        starts_(text.size() < needle.size() ? 0 : text.size() - needle.size() + 1) {}

  /// The first occurrence at or after `from`, which must not decrease; npos when there is none.
  std::size_t next(std::size_t from) noexcept {
    if (from >= block_ + scan_block || mask_ == unread) read_block(from);
    while (block_ < starts_) {
      if (from > block_) mask_ &= ~std::uint64_t{0} << (from - block_);
      for (; mask_ != 0; mask_ &= mask_ - 1) {
        const std::size_t at = block_ + static_cast<std::size_t>(std::countr_zero(mask_));
        if (matches_inside(at)) return at;
      }
      from = block_ + scan_block;
      read_block(from);
    }
    return std::string_view::npos;
  }

 private:
  // No block holds a candidate at every place and is also unread, save a text of one repeated byte:
  // reading that block again gives the same mask.
  static constexpr std::uint64_t unread = ~std::uint64_t{0};

  void read_block(std::size_t at) noexcept {
    block_ = at;
    if (at >= starts_) return;
    const std::size_t last = needle_.size() - 1;
    if (starts_ - at >= scan_block) {
      mask_ = equal_mask(text_.data() + at, needle_.front());
      if (last != 0) mask_ &= equal_mask(text_.data() + at + last, needle_.back());
      return;
    }
    mask_ = 0;
    for (std::size_t i = 0; i < starts_ - at; ++i) {
      const bool fits = text_[at + i] == needle_.front() && text_[at + i + last] == needle_.back();
      mask_ |= std::uint64_t{fits} << i;
    }
  }

  bool matches_inside(std::size_t at) const noexcept {
    return needle_.size() <= 2 ||
           std::memcmp(text_.data() + at + 1, needle_.data() + 1, needle_.size() - 2) == 0;
  }

  std::string_view text_, needle_;
  std::size_t starts_;  // how many places the needle could start at
  std::size_t block_ = 0;
  std::uint64_t mask_ = unread;
};

/// Answers "how many code points start before byte i" in constant time: one bit a byte and one
/// counter a block, and nothing at all for ASCII.
class CodePointIndex {
 public:
  explicit CodePointIndex(std::string_view text);

  std::size_t before(std::size_t byte) const noexcept {
    if (blocks_.empty()) return byte;
    const Block& block = blocks_[byte / scan_block];
    const std::uint64_t below = (std::uint64_t{1} << (byte % scan_block)) - 1;
    return block.before + static_cast<std::size_t>(std::popcount(block.starts & below));
  }

 private:
  struct Block {
    std::uint64_t starts;
    std::size_t before;
  };
  std::vector<Block> blocks_;
};

/// Whether every byte of `text` is below 0x80.
bool is_ascii(std::string_view text) noexcept;

/// The start of the code point after the one at `at`, or the end of `text`.
inline std::size_t next_code_point(std::string_view text, std::size_t at) noexcept {
  do {
    ++at;
  } while (at < text.size() && continues_sequence(text[at]));
  return at;
}

/// Narrows [begin, end) past Unicode white space, the set that Python's str.strip() takes off.
void strip_whitespace(std::string_view text, std::size_t& begin, std::size_t& end) noexcept;

/// How many \n lie in `text`.
std::uint64_t count_newlines(std::string_view text) noexcept;

}  // namespace detail
}  // namespace v0
}  // namespace lian
