#pragma once

#include <string>
#include <string_view>

namespace lian {
inline namespace v0 {

/// How much a word says: light words ("get", "need") little, particles nothing.
enum class WordWeight { full, light, none };

/// The weight of a case-folded English word, or of a single Chinese character.
WordWeight word_weight(std::string_view word) noexcept;

/// Cuts the plural and the common endings off a case-folded English word, so that its forms meet:
/// "studies" and "study", "heating" and "heat". Other words, and words with digits, stay. Lighter
/// than Porter's stemmer ("An algorithm for suffix stripping", 1980), whose first step it follows.
void stem_word(std::string& word);

/// Whether the text begins with a Chinese character.
bool starts_with_han(std::string_view text) noexcept;

/// The bytes of the UTF-8 sequence that begins with `lead`; 1 for a byte that begins none.
std::size_t utf8_length(char lead) noexcept;

}  // namespace v0
}  // namespace lian
