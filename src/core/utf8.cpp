#include "lian/core/utf8.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace lian {
inline namespace v0 {
namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD";
constexpr std::uint64_t high_bits = 0x8080808080808080U;
constexpr std::uint64_t low_bits = 0x0101010101010101U;

enum class Verdict { whole, broken, cut };

// What begins at a place: a whole code point, a maximal subpart that is broken, or one that the end
// of the text cut; and its bytes.
struct Sequence {
  std::size_t size;
  Verdict verdict;
};

unsigned byte_at(std::string_view text, std::size_t i) noexcept {
  return static_cast<unsigned char>(text[i]);
}

// Unicode, table 3-7: how many bytes a lead byte asks for, and the range of its second byte.
Sequence sequence_at(std::string_view text, std::size_t begin) noexcept {
  const unsigned lead = byte_at(text, begin);
  if (lead < 0x80) return {1, Verdict::whole};
  if (lead < 0xC2 || lead > 0xF4) return {1, Verdict::broken};
  const std::size_t size = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  unsigned low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
  unsigned high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
  for (std::size_t i = 1; i < size; ++i) {
    if (begin + i == text.size()) return {i, Verdict::cut};
    const unsigned byte = byte_at(text, begin + i);
    if (byte < low || byte > high) return {i, Verdict::broken};
    low = 0x80;
    high = 0xBF;
  }
  return {size, Verdict::whole};
}

std::uint64_t word_at(const char* place) noexcept {
  std::uint64_t word;
  std::memcpy(&word, place, sizeof word);
  return word;
}

bool is_ascii_block(const char* place) noexcept {
  std::uint64_t words[8];
  std::memcpy(words, place, sizeof words);
  const std::uint64_t any = (words[0] | words[1]) | (words[2] | words[3]) |
                            (words[4] | words[5]) | (words[6] | words[7]);
  return (any & high_bits) == 0;
}

// The end of the valid run that begins at `begin`.
std::size_t valid_run(std::string_view text, std::size_t begin) noexcept {
  std::size_t i = begin;
  while (i < text.size()) {
    while (i + 64 <= text.size() && is_ascii_block(text.data() + i)) i += 64;
    while (i + 8 <= text.size() && (word_at(text.data() + i) & high_bits) == 0) i += 8;
    while (i < text.size() && byte_at(text, i) < 0x80) ++i;
    if (i == text.size()) break;
    const Sequence sequence = sequence_at(text, i);
    if (sequence.verdict != Verdict::whole) break;
    i += sequence.size;
  }
  return i;
}

}  // namespace

namespace utf8 {

std::size_t valid_until(std::string_view text) noexcept { return valid_run(text, 0); }

std::size_t count(std::string_view text) noexcept {
  std::size_t continuations = 0;
  std::size_t i = 0;
  for (; i + 8 <= text.size(); i += 8) {
    const std::uint64_t word = word_at(text.data() + i);
    const std::uint64_t marks = (word >> 7) & (~word >> 6) & low_bits;  // 1 in each 10xxxxxx byte
    continuations += (marks * low_bits) >> 56;
  }
  for (; i < text.size(); ++i) continuations += (byte_at(text, i) & 0xC0U) == 0x80U;
  return text.size() - continuations;
}

char32_t next(std::string_view text, std::size_t& offset) noexcept {
  const Sequence sequence = sequence_at(text, offset);
  const std::size_t begin = offset;
  offset += sequence.size;
  if (sequence.verdict != Verdict::whole) return 0xFFFD;
  if (sequence.size == 1) return byte_at(text, begin);
  char32_t code_point = byte_at(text, begin) & (0xFFU >> (sequence.size + 1));
  for (std::size_t i = begin + 1; i < offset; ++i) {
    code_point = (code_point << 6) | (byte_at(text, i) & 0x3FU);
  }
  return code_point;
}

void append(std::string& out, char32_t code_point) {
  const auto push = [&out](char32_t byte) { out.push_back(static_cast<char>(byte)); };
  if (code_point < 0x80) {
    push(code_point);
  } else if (code_point < 0x800) {
    push(0xC0 | (code_point >> 6));
    push(0x80 | (code_point & 0x3F));
  } else if (code_point > 0x10FFFF || (code_point >= 0xD800 && code_point <= 0xDFFF)) {
    out.append(replacement);
  } else if (code_point < 0x10000) {
    push(0xE0 | (code_point >> 12));
    push(0x80 | ((code_point >> 6) & 0x3F));
    push(0x80 | (code_point & 0x3F));
  } else {
    push(0xF0 | (code_point >> 18));
    push(0x80 | ((code_point >> 12) & 0x3F));
    push(0x80 | ((code_point >> 6) & 0x3F));
    push(0x80 | (code_point & 0x3F));
  }
}

std::string repair(std::string_view text, std::size_t* replaced) {
  std::string out;
  out.reserve(text.size());
  Utf8Repair stream;
  stream.feed(text, out);
  stream.finish(out);
  if (replaced != nullptr) *replaced += stream.replaced();
  return out;
}

std::size_t code_point_boundary(std::string_view text, std::size_t byte_limit) noexcept {
  if (byte_limit >= text.size()) return text.size();
  std::size_t i = byte_limit;
  while (i > 0 && (byte_at(text, i) & 0xC0U) == 0x80U) --i;
  return i;
}

}  // namespace utf8

void Utf8Repair::feed(std::string_view bytes, std::string& out) {
  while (held_size_ > 0 && !bytes.empty()) {
    held_[held_size_] = bytes.front();
    const Sequence sequence = sequence_at(std::string_view(held_, held_size_ + 1), 0);
    if (sequence.verdict == Verdict::broken) {  // the new byte does not belong to the held ones
      out.append(replacement);
      ++replaced_;
      held_size_ = 0;
      break;
    }
    bytes.remove_prefix(1);
    ++held_size_;
    if (sequence.verdict == Verdict::cut) continue;
    out.append(held_, held_size_);
    held_size_ = 0;
  }
  std::size_t i = 0;
  while (i < bytes.size()) {
    const std::size_t end = valid_run(bytes, i);
    out.append(bytes.substr(i, end - i));
    if (end == bytes.size()) return;
    const Sequence sequence = sequence_at(bytes, end);
    if (sequence.verdict == Verdict::cut) {
      held_size_ = bytes.copy(held_, sequence.size, end);
      return;
    }
    out.append(replacement);
    ++replaced_;
    i = end + sequence.size;
  }
}

void Utf8Repair::finish(std::string& out) {
  if (held_size_ == 0) return;
  out.append(replacement);
  ++replaced_;
  held_size_ = 0;
}

}  // namespace v0
}  // namespace lian
