// What needs Unicode's tables: which characters are CJK, and the form that search compares.
#include <utf8proc.h>

#include <array>
#include <cstdlib>
#include <memory>
#include <new>

#include "lian/core/utf8.hpp"

namespace lian {
inline namespace v0 {
namespace utf8 {
namespace {

struct Range {
  char32_t first, last;
};

// Unicode 15, blocks and the letters of half-width forms; in order.
constexpr std::array<Range, 19> cjk_ranges{{
    {0x1100, 0x11FF},  // Hangul Jamo
    {0x2E80, 0x2FDF},  // CJK and Kangxi radicals
    {0x3005, 0x3007},  // iteration mark, closing mark, zero
    {0x3021, 0x3029},  // Hangzhou numerals
    {0x3031, 0x3035},  // kana repeat marks
    {0x3038, 0x303C},  // Hangzhou tens, masu
    {0x3041, 0x309F},  // Hiragana
    {0x30A1, 0x30FA},  // Katakana
    {0x30FC, 0x31FF},  // length mark, Bopomofo, Hangul compatibility, strokes, Katakana extensions
    {0x3400, 0x4DBF},  // extension A
    {0x4E00, 0x9FFF},  // unified ideographs
    {0xA960, 0xA97F},  // Hangul Jamo extended A
    {0xAC00, 0xD7FF},  // Hangul syllables, Jamo extended B
    {0xF900, 0xFAFF},  // compatibility ideographs
    {0xFF66, 0xFFDC},  // half-width Katakana and Hangul
    {0x1AFF0, 0x1B16F},  // Kana extensions
    {0x20000, 0x2FA1F},  // extensions B to F, I, compatibility supplement
    {0x30000, 0x323AF},  // extensions G and H
    {0x323B0, 0x3347F},  // extension J
}};

struct Free {
  void operator()(void* memory) const noexcept { std::free(memory); }
};

// Runs of combining marks longer than this are cut: ordering them is quadratic in the run
// (UAX #15, stream-safe text format).
constexpr int max_marks = 30;

// ASCII, Han and the two CJK stops: folding only lowers ASCII letters, and none of them ever
// composes with what stands before it.
bool is_stable(char32_t code_point) noexcept {
  return code_point < 0x80 || (code_point >= 0x4E00 && code_point <= 0x9FFF) ||
         code_point == 0x3001 || code_point == 0x3002;
}

void append_lower(std::string_view stable, std::string& out) {
  for (const char c : stable) {
    out.push_back(c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c);
  }
}

void fold_part(std::string_view part, std::string& out) {
  constexpr auto options = static_cast<utf8proc_option_t>(
      UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_COMPAT | UTF8PROC_CASEFOLD | UTF8PROC_IGNORE);
  if (part.empty()) return;
  utf8proc_uint8_t* folded = nullptr;
  const utf8proc_ssize_t size =
      utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(part.data()),
                   static_cast<utf8proc_ssize_t>(part.size()), &folded, options);
  const std::unique_ptr<utf8proc_uint8_t, Free> owner(folded);
  if (size < 0) throw std::bad_alloc();  // the part is valid UTF-8: nothing else can fail
  out.append(reinterpret_cast<const char*>(folded), static_cast<std::size_t>(size));
}

// The end of the run of stable characters from `begin`; `last` is where its last one begins.
std::size_t stable_run(std::string_view text, std::size_t begin, std::size_t& last) noexcept {
  std::size_t end = begin;
  while (end < text.size()) {
    std::size_t behind = end;
    if (!is_stable(next(text, behind))) break;
    last = end;
    end = behind;
  }
  return end;
}

// The end of the run of other characters from `begin`, cut after max_marks marks in a row.
std::size_t other_run(std::string_view text, std::size_t begin) noexcept {
  int marks = 0;
  std::size_t end = begin;
  while (end < text.size()) {
    std::size_t behind = end;
    const char32_t code_point = next(text, behind);
    if (is_stable(code_point)) break;
    const auto* property = utf8proc_get_property(static_cast<utf8proc_int32_t>(code_point));
    marks = property->combining_class == 0 ? 0 : marks + 1;
    if (marks > max_marks) break;
    end = behind;
  }
  return end;
}

}  // namespace

bool is_cjk(char32_t code_point) noexcept {
  if (code_point < cjk_ranges.front().first) return false;
  for (const Range& range : cjk_ranges) {
    if (code_point <= range.last) return code_point >= range.first;
  }
  return false;
}

bool has_cjk(std::string_view text) noexcept {
  for (std::size_t i = 0; i < text.size();) {
    if (static_cast<unsigned char>(text[i]) < 0x80) {
      ++i;
    } else if (is_cjk(next(text, i))) {
      return true;
    }
  }
  return false;
}

std::string fold(std::string_view text) {
  if (!is_valid(text)) return fold(repair(text));
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size();) {
    std::size_t last = i;
    const std::size_t stable_end = stable_run(text, i, last);
    // What follows may compose with the last stable character (e, U+0301).
    const std::size_t cut = stable_end == text.size() ? stable_end : last;
    append_lower(text.substr(i, cut - i), out);
    i = other_run(text, stable_end);
    fold_part(text.substr(cut, i - cut), out);
  }
  return out;
}

}  // namespace utf8
}  // namespace v0
}  // namespace lian
