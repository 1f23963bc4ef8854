#pragma once

#include <string_view>
#include <vector>

#include "lian/chain/retrieval_qa.hpp"

namespace lian {
inline namespace v0 {

/// The passages that the numbers in `text` stand for. Numbers without a document are left out. The
/// passage of a number is what the text says right before it, when the document says the same word
/// for word; else the document's sentence that shares most with it; else the whole document.
std::vector<Citation> find_citations(std::string_view text, const Documents& context);

/// Whether the text says that the documents do not tell.
bool says_not_found(std::string_view text);

/// "Not in the documents." in the language of the question.
std::string_view not_found_text(std::string_view question);

}  // namespace v0
}  // namespace lian
