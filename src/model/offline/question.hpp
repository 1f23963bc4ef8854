#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "model/offline/answer_type.hpp"
#include "model/offline/measure.hpp"

namespace lian {
inline namespace v0 {

/// One thing a sentence should speak of.
struct QuestionTerm {
  std::string text;                       ///< stem, Chinese bigram or phrase
  std::vector<std::string> alternatives;  ///< stems or phrases that mean about the same
  double weight = 1;
  bool name = false;   ///< a proper name or a code: nothing else will do
  bool light = false;  ///< says little
  bool focus = false;  ///< what the question asks for by name
  bool asked = false;  ///< the property asked for, as in "how heavy"
  bool straddles =
      false;  ///< a Chinese bigram that shares its first character with the term before
};

struct Question {
  bool chinese = false;
  AnswerType type = AnswerType::any;
  std::vector<QuestionTerm> terms;
  AskedUnits units;
  std::string stems;  ///< of the whole question, each between blanks
};

/// The text must outlive the question.
Question analyse_question(std::string_view text);

/// A text prepared for matching: stems between blanks, and the folded text for Chinese phrases.
struct SearchableText {
  explicit SearchableText(std::string_view text);
  std::string stems, folded;
  std::size_t length = 0;  ///< in tokens
};

/// How well the text speaks of the term: 1 as asked, less by a synonym or a related form, 0 not.
double match(const QuestionTerm& term, const SearchableText& text);

}  // namespace v0
}  // namespace lian
