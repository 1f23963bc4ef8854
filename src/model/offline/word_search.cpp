#include "model/offline/word_search.hpp"

#include "core/lexical_tokens.hpp"
#include "model/offline/words.hpp"

namespace lian {
inline namespace v0 {

std::string stems_of(std::string_view text, std::size_t* count) {
  std::string stems = " ";
  std::string stem;
  for_each_lexical_token(text, LexicalUse::index, [&](std::string_view token) {
    stem.assign(token);
    stem_word(stem);
    stems.append(stem).push_back(' ');
    if (count != nullptr) ++*count;
  });
  return stems;
}

}  // namespace v0
}  // namespace lian
