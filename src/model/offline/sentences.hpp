#pragma once

#include <string_view>
#include <vector>

namespace lian {
inline namespace v0 {

/// What a sentence is in its text's layout.
enum class SentenceKind { prose, item, row, code, heading };

/// A sentence and the headings it stands under, innermost last; views into the text it was cut
/// from.
struct Sentence {
  std::string_view text;
  SentenceKind kind = SentenceKind::prose;
  std::vector<std::string_view> headings;
  std::string_view unit;  ///< the paragraph, list item or line it is part of
};

/// Cuts plain or Markdown text into sentences, English and Chinese: prose at ends of sentences
/// (abbreviations and decimals kept whole, lines of a paragraph joined), list items without their
/// marker, table rows, lines of code, headings. Every sentence is a piece of `text`, byte for byte.
std::vector<Sentence> split_sentences(std::string_view text);

}  // namespace v0
}  // namespace lian
