#pragma once

#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "lian/core/export.hpp"

namespace lian {
inline namespace v0 {

/// What the tokens are for. A document is indexed under every single Chinese or Japanese character
/// and every pair of neighbours; a query asks for the pairs, and for a character that stands alone.
enum class LexicalUse { index, query };

/// Called with each token; the view is valid during the call.
using LexicalSink = void (*)(void* state, std::string_view token);

/// The tokens of a text for lexical search, in order: words of letters, marks and digits after NFKC
/// and case folding (Unicode's NFKC_Casefold); runs of Han, kana and Hangul by character bigrams as
/// in Lucene's CJKBigramFilter with unigrams. Tokens are UTF-8 and hold no ASCII but a-z and 0-9;
/// one over 128 bytes comes in parts. Bytes that are not UTF-8 separate words. Linear in the text.
/// Throws std::bad_alloc only. Thread-safe.
LIAN_API void lexical_tokens(std::string_view text, LexicalUse use, LexicalSink sink, void* state);

/// The same, as a list.
LIAN_API std::vector<std::string> lexical_tokens(std::string_view text, LexicalUse use);

/// The same, calling `take(std::string_view)` for each token.
template <class Take>
void for_each_lexical_token(std::string_view text, LexicalUse use, Take&& take) {
  using Callee = std::remove_reference_t<Take>;
  lexical_tokens(
      text, use, [](void* state, std::string_view token) { (*static_cast<Callee*>(state))(token); },
      &take);
}

}  // namespace v0
}  // namespace lian
