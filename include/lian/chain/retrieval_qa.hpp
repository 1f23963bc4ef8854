#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lian/core/document.hpp"
#include "lian/core/pieces.hpp"
#include "lian/core/usage.hpp"
#include "lian/data/retriever.hpp"
#include "lian/model/chat_model.hpp"

namespace lian {
inline namespace v0 {

/// What a number in an answer stands for: a passage of a source, byte for byte.
struct LIAN_API Citation {
  Citation() = default;
  std::size_t number = 0;  ///< as in the text: [1], [2], …
  std::string source;      ///< the document's metadata "source"
  std::string quote;       ///< the passage; equal to the source's bytes at `span`
  Span span;               ///< where it lies in the source (of HTML: in its text)
  friend bool operator==(const Citation&, const Citation&) = default;
};

/// An answer from documents. Regular value.
struct LIAN_API Answer {
  Answer() = default;
  std::string text;                  ///< with numbers in brackets where it cites
  std::vector<Citation> citations;   ///< by number, each passage once; empty when nothing was found
  Documents context;                 ///< what the model was shown, number n at place n - 1
  bool found = true;                 ///< false: it says that the documents do not tell
  std::optional<Usage> usage;        ///< of the model, where it tells
};

/// A piece of an answer: a few words; the last one carries all the rest.
struct LIAN_API AnswerPiece {
  AnswerPiece() = default;
  std::string text;
  std::optional<Answer> end;  ///< the answer without its text, once, at the end
};

template <>
struct Pieces<Answer> {
  using piece = AnswerPiece;
  static constexpr bool whole = false;
  LIAN_API static void join(std::optional<Answer>& value, AnswerPiece&& part);
  LIAN_API static Answer finish(std::optional<Answer>&& value);
  LIAN_API static AnswerPiece split(Answer&& value);
};

/// "[1] notes.md:3-5,9" lines, one a number, with the quotes when asked; "" when there are none.
LIAN_API std::string format_citations(const Answer& answer, bool quotes = false);
/// The text and, a blank line below it, the citations.
LIAN_API std::string format_answer(const Answer& answer);
LIAN_API Json to_json(const Answer& answer);
LIAN_API void append_text(std::string& out, const Answer& answer);
LIAN_API void append_text(std::string& out, const AnswerPiece& piece);

/// Settings of a RetrievalQA; chained setters. Regular value.
class LIAN_API RetrievalQAOptions {
 public:
  RetrievalQAOptions() = default;
  /// What the model is told before it gets the numbered sources and the question.
  RetrievalQAOptions& instructions(std::string v) { return instructions_ = std::move(v), *this; }
  const std::string& instructions() const noexcept { return instructions_; }

 private:
  std::string instructions_;
};

/// Question in, answer with citations out (LangChain's create_retrieval_chain): retrieves, numbers
/// the documents, asks the model to answer from them alone and to cite them, and finds each cited
/// passage in its source. Says "Not in the documents." instead of inventing: at once when nothing was
/// retrieved, else when the model says so. Streams the model's words. Throws Error{validation} for an
/// empty question and what retriever and model throw. Thread-safe.
class LIAN_API RetrievalQA : public Runnable<std::string, Answer> {
 public:
  RetrievalQA(Retriever retriever, ChatModel model,
              RetrievalQAOptions options = RetrievalQAOptions());
};

}  // namespace v0
}  // namespace lian
