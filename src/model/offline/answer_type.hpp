#pragma once

#include <string_view>

namespace lian {
inline namespace v0 {

/// What an answer must hold.
enum class AnswerType { any, quantity, price, time, person, reason, colour };

/// What a question in lower case asks for, by its question words.
AnswerType answer_type(std::string_view question, bool chinese);

/// Whether the sentence (and `stems`, its stems) holds what the type asks for and the question,
/// given by its stems, did not bring.
bool fits(AnswerType type, std::string_view question_stems, std::string_view sentence,
          std::string_view stems);

/// Whether a stem between blanks is a number, in digits or as a word.
bool is_number(std::string_view padded_stem);

}  // namespace v0
}  // namespace lian
