/// lian/core/utf8.hpp: checking, counting, repairing and folding UTF-8.
///
/// "Valid" is what the Unicode Standard calls well-formed (chapter 3, table 3-7): no overlong form,
/// no surrogate, nothing above U+10FFFF. Repair replaces each maximal subpart of an ill-formed
/// sequence by one U+FFFD (same chapter, "U+FFFD Substitution of Maximal Subparts"), as the WHATWG
/// decoder does. All functions are thread-safe.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "lian/core/export.hpp"

namespace lian {
inline namespace v0 {
namespace utf8 {

/// The byte offset of the first sequence that is not valid; `text.size()` when all is valid.
LIAN_API std::size_t valid_until(std::string_view text) noexcept;
/// Whether the whole text is valid.
inline bool is_valid(std::string_view text) noexcept { return valid_until(text) == text.size(); }

/// Code points of a valid text (bytes that are no continuation, for any text).
LIAN_API std::size_t count(std::string_view text) noexcept;

/// The code point that begins at `offset`, which is moved behind it. An ill-formed sequence gives
/// U+FFFD and moves over its maximal subpart. `offset` must be less than `text.size()`.
LIAN_API char32_t next(std::string_view text, std::size_t& offset) noexcept;
/// Appends a code point; U+FFFD in place of a surrogate or a number above U+10FFFF.
LIAN_API void append(std::string& out, char32_t code_point);

/// The text with every ill-formed sequence replaced; adds their number to `*replaced` if given.
LIAN_API std::string repair(std::string_view text, std::size_t* replaced = nullptr);

/// The largest offset <= `byte_limit` that does not cut a code point of a valid text.
LIAN_API std::size_t code_point_boundary(std::string_view text, std::size_t byte_limit) noexcept;

/// Whether a code point is written without spaces between words: Han, Hiragana, Katakana, Bopomofo,
/// Hangul and the half-width forms of these. Punctuation is not.
LIAN_API bool is_cjk(char32_t code_point) noexcept;
/// Whether any code point of the text is.
LIAN_API bool has_cjk(std::string_view text) noexcept;

/// The text as lexical search compares it: NFKC with case folding, characters without a look of
/// their own (soft hyphen, zero-width joiner, …) dropped. Ill-formed sequences become U+FFFD.
/// Linear in the text; runs of more than 30 combining marks are ordered in parts.
LIAN_API std::string fold(std::string_view text);

}  // namespace utf8

/// Repairs a text that comes in pieces cut anywhere, also inside a code point: an incomplete tail
/// is held back until the next piece. Any cut gives the same bytes as `utf8::repair` of the whole.
/// Used by one thread at a time.
class LIAN_API Utf8Repair {
 public:
  Utf8Repair() noexcept = default;
  /// Appends to `out` what is certain after these bytes.
  void feed(std::string_view bytes, std::string& out);
  /// The text has ended: a tail still held back becomes U+FFFD. Ready for the next text after it.
  void finish(std::string& out);
  /// Sequences replaced so far.
  std::size_t replaced() const noexcept { return replaced_; }

 private:
  char held_[4] = {};
  std::size_t held_size_ = 0;
  std::size_t replaced_ = 0;
};

}  // namespace v0
}  // namespace lian
