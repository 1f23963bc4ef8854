#include "model/offline/focus.hpp"

#include <array>

#include "model/offline/word_search.hpp"
#include "model/offline/words.hpp"

namespace lian {
inline namespace v0 {
namespace {

using namespace std::string_view_literals;

constexpr std::array auxiliaries = {"is"sv,   "are"sv,    "was"sv,  "were"sv, "does"sv, "do"sv,
                                    "did"sv,  "has"sv,    "have"sv, "had"sv,  "can"sv,  "could"sv,
                                    "must"sv, "should"sv, "may"sv,  "will"sv, "would"sv};
constexpr std::array prepositions = {"of"sv, "for"sv,  "in"sv,   "on"sv,  "at"sv,
                                     "to"sv, "from"sv, "with"sv, "per"sv, "when"sv};
constexpr std::array determiners = {"the"sv,  "a"sv,   "an"sv,  "my"sv,
                                    "your"sv, "its"sv, "our"sv, "their"sv};

// The next word from `at` on, which moves behind it.
std::string_view next_word(std::string_view text, std::size_t& at) {
  while (at < text.size() && !is_ascii_letter(text[at]) && !is_digit(text[at])) ++at;
  const std::size_t begin = at;
  while (at < text.size() && (is_ascii_letter(text[at]) || is_digit(text[at]))) ++at;
  return text.substr(begin, at - begin);
}

// "what colour is", "what is the price of", "how much is the rent".
std::string_view english_thing(std::string_view question) {
  std::size_t at = 0;
  std::string_view word = next_word(question, at);
  const bool quantity = word == "how";
  if (quantity) {
    if (next_word(question, at) != "much") return {};
  } else if (word != "what" && word != "which") {
    return {};
  }
  word = next_word(question, at);
  const bool copula = among(auxiliaries, word);
  if (quantity && !copula) return {};
  if (copula) word = next_word(question, at);
  if (among(determiners, word)) {
    if (!copula) return {};
    word = next_word(question, at);
  } else if (copula) {
    return {};
  }
  std::string_view thing;
  while (!word.empty() && !among(auxiliaries, word) && !among(prepositions, word)) {
    if (word_weight(word) == WordWeight::none) return {};
    thing = word;
    word = next_word(question, at);
  }
  if (!copula && !among(auxiliaries, word)) return {};
  return word_weight(thing) == WordWeight::full ? thing : std::string_view();
}

// The last two characters of `text` when both are Chinese.
std::string_view last_two(std::string_view text) {
  constexpr std::size_t both = 6;
  if (text.size() < both) return {};
  text = text.substr(text.size() - both);
  return starts_with_han(text) && starts_with_han(text.substr(3)) ? text : std::string_view();
}

std::string_view chinese_thing(std::string_view question) {
  for (const std::string_view ask : {"是多少"sv, "多少钱"sv, "是什么"sv}) {
    const std::size_t at = question.find(ask);
    if (at != question.npos) return last_two(question.substr(0, at));
  }
  constexpr std::string_view ask = "几个";
  const std::size_t at = question.find(ask);
  if (at == question.npos) return {};
  return last_two(question.substr(at + ask.size()).substr(0, 6));
}

}  // namespace

std::string_view asked_thing(std::string_view question, bool chinese) {
  return chinese ? chinese_thing(question) : english_thing(question);
}

}  // namespace v0
}  // namespace lian
