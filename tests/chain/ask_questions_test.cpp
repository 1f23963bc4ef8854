// The questions of tests/data/ask through the whole pipeline, as examples/ask builds it: files,
// HTML included, cut to chunks, embedded, found by hybrid search, answered offline with citations.
#include <algorithm>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "lian/chain/retrieval_qa.hpp"
#include "lian/data/html_loader.hpp"
#include "lian/data/in_memory_vector_store.hpp"
#include "lian/data/loader.hpp"
#include "lian/data/text_splitter.hpp"
#include "lian/model/registry.hpp"
#include "support/catch.hpp"
#include "support/data.hpp"

namespace {

// A question with the file and the sentence that answer it; both empty when no document does.
struct Asked {
  std::string question, file, sentence;
};

struct Score {
  std::size_t answered = 0, answered_right = 0, unanswered = 0, unanswered_right = 0;
  std::string wrong;  // the questions that failed and what was said
};

std::vector<Asked> questions_of(const std::string& name) {
  std::istringstream lines(lian::test::read_data("ask/" + name));
  std::vector<Asked> questions;
  for (std::string line; std::getline(lines, line);) {
    const auto json = nlohmann::json::parse(line);
    Asked asked{json.at("question"), {}, {}};
    if (!json.at("file").is_null()) {
      asked.file = json.at("file");
      asked.sentence = json.at("sentence");
    }
    questions.push_back(std::move(asked));
  }
  return questions;
}

lian::RetrievalQA pipeline(const std::string& folder) {
  lian::FileFormats formats;
  formats.add({"html"}, lian::html_format());
  lian::DirectoryLoader loader(lian::test::data_path("ask/" + folder));
  loader.formats(std::move(formats));
  lian::RecursiveCharacterTextSplitter splitter(800, 100);
  splitter.separators(lian::RecursiveCharacterTextSplitter::chinese_separators());
  splitter.keep_separator(lian::KeepSeparator::end);
  const auto store = std::make_shared<lian::InMemoryVectorStore>(lian::embedding_model("offline"));
  store->add_documents(splitter.split_documents(loader.load()));
  lian::SearchOptions search;
  search.kind(lian::SearchKind::rerank).k(6).fetch_k(106);
  return lian::RetrievalQA(lian::VectorStoreRetriever(store, search), lian::chat_model("offline"));
}

std::string collapsed(std::string_view text) {
  std::string result;
  for (const char c : text) {
    const bool blank = c == ' ' || c == '\n' || c == '\t';
    if (!blank)
      result += c;
    else if (!result.empty() && result.back() != ' ')
      result += ' ';
  }
  return result;
}

bool is_right(const Asked& asked, const lian::Answer& answer) {
  if (asked.file.empty()) return !answer.found && answer.citations.empty();
  if (!answer.found) return false;
  const std::string wanted = collapsed(asked.sentence);
  return std::any_of(answer.citations.begin(), answer.citations.end(),
                     [&](const lian::Citation& citation) {
                       return citation.source.ends_with("/" + asked.file) &&
                              collapsed(citation.quote).find(wanted) != std::string::npos;
                     }) &&
         collapsed(answer.text).find(wanted) != std::string::npos;
}

Score ask_all(const std::string& name, const std::string& folder = "docs") {
  const lian::RetrievalQA chain = pipeline(folder);
  Score score;
  for (const Asked& asked : questions_of(name)) {
    const lian::Answer answer = chain.invoke(asked.question);
    const bool right = is_right(asked, answer), none = asked.file.empty();
    ++(none ? score.unanswered : score.answered);
    if (right) ++(none ? score.unanswered_right : score.answered_right);
    if (!right)
      score.wrong += asked.question + "\n  wanted: " + asked.sentence +
                     "\n  said: " + lian::format_answer(answer) + "\n";
  }
  std::printf("%s: %zu of %zu answered right, %zu of %zu known to be missing\n", name.c_str(),
              score.answered_right, score.answered, score.unanswered_right, score.unanswered);
  return score;
}

}  // namespace

TEST_CASE("ask questions: quotes the right sentence and knows what is not there") {
  const Score score = ask_all("questions.jsonl");
  INFO(score.wrong);
  REQUIRE(score.answered == 48);
  REQUIRE(score.unanswered == 12);
  CHECK(score.answered_right >= 45);
  CHECK(score.unanswered_right >= 11);
}

TEST_CASE("ask questions: those that came after the model") {
  for (const char* const name : {"more_questions.jsonl", "held_out.jsonl"}) {
    const Score score = ask_all(name);
    INFO(score.wrong);
    REQUIRE(score.answered == 24);
    REQUIRE(score.unanswered == 6);
    CHECK(score.answered_right >= 18);
    CHECK(score.unanswered_right >= 5);
  }
}

TEST_CASE("ask questions: in other words than the documents'") {
  const Score score = ask_all("prose.jsonl", "prose");
  INFO(score.wrong);
  REQUIRE(score.answered == 71);
  REQUIRE(score.unanswered == 18);
  CHECK(score.answered_right >= 57);
  CHECK(score.unanswered_right >= 9);
  CHECK(score.answered_right + score.unanswered_right >= 68);
  const Score more = ask_all("prose_more.jsonl", "prose");
  INFO(more.wrong);
  REQUIRE(more.answered == 56);
  REQUIRE(more.unanswered == 14);
  CHECK(more.answered_right >= 40);
  CHECK(more.unanswered_right >= 9);
  CHECK(more.answered_right + more.unanswered_right >= 51);
}
