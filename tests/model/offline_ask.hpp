/// Asks the offline models the questions of tests/data/ask through a plain retrieval of its own.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace lian::test {

/// A question with the file and the sentence that answer it; both empty when no document does.
struct AskQuestion {
  std::size_t id = 0;
  std::string question, file, sentence;
};

struct AskChunk {
  std::string file, text;
  std::vector<float> embedding;
  std::vector<std::string> tokens;  // sorted
};

std::vector<AskQuestion> ask_questions(std::string_view name);

/// The documents of tests/data/ask/docs in chunks of whole paragraphs, about 800 characters each.
std::vector<AskChunk> ask_chunks();

/// What the offline model answers from the `top` best chunks, and the files it quotes.
struct AskReply {
  std::string answer;
  std::vector<std::string> files;  // of the context's blocks, block 1 first
};
AskReply ask(const std::vector<AskChunk>& chunks, std::string_view question, std::size_t top);

/// Whether the answer quotes the sentence from the file, or says that there is none.
bool is_right(const AskQuestion& question, const AskReply& reply);

struct AskScore {
  std::size_t answered = 0, answered_right = 0, unanswered = 0, unanswered_right = 0;
  std::string wrong;  // the questions that failed and what was said
};
AskScore ask_all(std::string_view name, std::size_t top);

}  // namespace lian::test
