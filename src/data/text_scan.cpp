#include "data/text_scan.hpp"

namespace lian {
inline namespace v0 {
namespace detail {
namespace {

constexpr bool is_ascii_space(unsigned char byte) noexcept {
  return byte == ' ' || (byte >= 0x09 && byte <= 0x0D) || (byte >= 0x1C && byte <= 0x1F);
}

/// Whether the sequence `bytes` is a white-space code point beyond ASCII: U+0085, U+00A0, U+1680,
/// U+2000..U+200A, U+2028, U+2029, U+202F, U+205F, U+3000.
bool is_wide_space(std::string_view bytes) noexcept {
  if (bytes == "\xC2\x85" || bytes == "\xC2\xA0") return true;
  if (bytes == "\xE1\x9A\x80" || bytes == "\xE2\x81\x9F" || bytes == "\xE3\x80\x80") return true;
  if (bytes.size() != 3 || bytes.substr(0, 2) != "\xE2\x80") return false;
  const auto last = static_cast<unsigned char>(bytes[2]);
  return last <= 0x8A || last == 0xA8 || last == 0xA9 || last == 0xAF;
}

bool is_space(std::string_view code_point) noexcept {
  if (code_point.size() == 1) return is_ascii_space(static_cast<unsigned char>(code_point[0]));
  return is_wide_space(code_point);
}

}  // namespace

bool is_ascii(std::string_view text) noexcept {
  constexpr std::size_t words = 8, step = words * sizeof(std::uint64_t);
  constexpr std::uint64_t high_bits = 0x8080808080808080U;
  std::size_t at = 0;
  for (; at + step <= text.size(); at += step) {
    std::uint64_t word[words];
    std::memcpy(word, text.data() + at, step);
    const std::uint64_t any =
        word[0] | word[1] | word[2] | word[3] | word[4] | word[5] | word[6] | word[7];
    if ((any & high_bits) != 0) return false;
  }
  for (; at < text.size(); ++at) {
    if ((static_cast<unsigned char>(text[at]) & 0x80U) != 0) return false;
  }
  return true;
}

CodePointIndex::CodePointIndex(std::string_view text) {
  if (is_ascii(text)) return;
  blocks_.reserve(text.size() / scan_block + 1);
  std::size_t before = 0, at = 0;
  for (; at + scan_block <= text.size(); at += scan_block) {
    const std::uint64_t starts = start_mask(text.data() + at);
    blocks_.push_back({starts, before});
    before += static_cast<std::size_t>(std::popcount(starts));
  }
  std::uint64_t starts = 0;
  for (std::size_t i = 0; at + i < text.size(); ++i) {
    starts |= std::uint64_t{!continues_sequence(text[at + i])} << i;
  }
  blocks_.push_back({starts, before});
}

void strip_whitespace(std::string_view text, std::size_t& begin, std::size_t& end) noexcept {
  const std::string_view part = text.substr(0, end);
  while (begin < end) {
    const std::size_t next = next_code_point(part, begin);
    if (!is_space(part.substr(begin, next - begin))) break;
    begin = next;
  }
  while (begin < end) {
    std::size_t last = end - 1;
    while (last > begin && continues_sequence(text[last])) --last;
    if (!is_space(text.substr(last, end - last))) break;
    end = last;
  }
}

std::uint64_t count_newlines(std::string_view text) noexcept {
  std::uint64_t lines = 0;
  std::size_t at = 0;
  for (; at + scan_block <= text.size(); at += scan_block) {
    lines += static_cast<std::uint64_t>(std::popcount(equal_mask(text.data() + at, '\n')));
  }
  for (; at < text.size(); ++at) lines += text[at] == '\n' ? 1U : 0U;
  return lines;
}

}  // namespace detail
}  // namespace v0
}  // namespace lian
