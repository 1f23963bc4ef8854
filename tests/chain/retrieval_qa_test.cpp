#include "lian/chain/retrieval_qa.hpp"

#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "lian/core/error.hpp"
#include "support/catch.hpp"
#include "support/scripted.hpp"

using Catch::Matchers::ContainsSubstring;
using lian::Answer;
using lian::ErrorKind;
using lian::RetrievalQA;
using lian::test::document;
using lian::test::fixed_retriever;
using lian::test::Script;
using lian::test::scripted;

namespace {

lian::Documents notes() {
  lian::Documents documents;
  documents.push_back(document("The key is under the mat.\n", "notes/home.md"));
  return documents;
}

std::shared_ptr<Script> script(std::vector<std::string> pieces) {
  auto made = std::make_shared<Script>();
  made->pieces = std::move(pieces);
  return made;
}

// Runs `call` and gives the error it throws.
template <class Call>
std::optional<lian::Error> error_of(Call call) {
  try {
    call();
  } catch (const lian::Error& error) {
    return error;
  }
  return std::nullopt;
}

}  // namespace

TEST_CASE("retrieval_qa: answers with citations and usage") {
  const RetrievalQA chain(fixed_retriever(notes()),
                          scripted(script({"The key is ", "under the mat. ", "[1]"})));
  const Answer answer = chain.invoke("Where is the key?");
  CHECK(answer.text == "The key is under the mat. [1]");
  CHECK(answer.found);
  REQUIRE(answer.citations.size() == 1);
  CHECK(answer.citations[0].source == "notes/home.md");
  CHECK(answer.citations[0].quote == "The key is under the mat.");
  REQUIRE(answer.context.size() == 1);
  REQUIRE(answer.usage);
  CHECK(answer.usage->total_tokens == 23);
}

TEST_CASE("retrieval_qa: streams the model's words; joined they are the answer") {
  const auto model = script({"The key is ", "under the mat. ", "[1]"});
  const RetrievalQA chain(fixed_retriever(notes()), scripted(model));
  std::vector<std::string> words;
  std::optional<Answer> joined;
  for (lian::AnswerPiece& piece : chain.stream("Where is the key?")) {
    if (!piece.text.empty()) words.push_back(piece.text);
    lian::Pieces<Answer>::join(joined, std::move(piece));
  }
  CHECK(words == model->pieces);
  const Answer streamed = lian::Pieces<Answer>::finish(std::move(joined));
  const Answer invoked = chain.invoke("Where is the key?");
  CHECK(streamed.text == invoked.text);
  CHECK(streamed.citations == invoked.citations);
  CHECK(streamed.context == invoked.context);
  CHECK(streamed.usage == invoked.usage);
  CHECK(streamed.found);
  CHECK(lian::describe(chain).front().streams);
}

TEST_CASE("retrieval_qa: an answer is one piece and back") {
  Answer answer;
  answer.text = "x [1]";
  answer.found = true;
  answer.context = notes();
  Answer copy = answer;
  std::optional<Answer> joined;
  lian::Pieces<Answer>::join(joined, lian::Pieces<Answer>::split(std::move(copy)));
  const Answer back = lian::Pieces<Answer>::finish(std::move(joined));
  CHECK(back.text == answer.text);
  CHECK(back.context == answer.context);
}

TEST_CASE("retrieval_qa: numbers the sources and keeps what they say out of the instructions") {
  const auto model = script({"[1]"});
  lian::Documents documents = notes();
  documents.push_back(document("第二条 午休两小时。", "rules.md"));
  const RetrievalQA chain(fixed_retriever(documents), scripted(model),
                          lian::RetrievalQAOptions().instructions("Be brief."));
  chain.invoke("Where is the key?");
  REQUIRE(model->asked.size() == 1);
  REQUIRE(model->asked[0].size() == 2);
  CHECK(model->asked[0][0].role == lian::Role::system);
  CHECK(model->asked[0][0].text() == "Be brief.");
  CHECK(model->asked[0][1].text() ==
        "Context:\n[1] notes/home.md\nThe key is under the mat.\n\n\n[2] rules.md\n第二条 "
        "午休两小时。\n\nQuestion: Where is the key?");
}

TEST_CASE("retrieval_qa: says so at once when nothing was retrieved") {
  const auto model = script({"invented"});
  const RetrievalQA chain(fixed_retriever({}), scripted(model));
  const Answer english = chain.invoke("Where is the key?");
  CHECK(english.text == "Not in the documents.");
  CHECK_FALSE(english.found);
  std::optional<Answer> joined;
  for (lian::AnswerPiece& piece : chain.stream("钥匙在哪里？"))
    lian::Pieces<Answer>::join(joined, std::move(piece));
  const Answer chinese = lian::Pieces<Answer>::finish(std::move(joined));
  CHECK(chinese.text == "文档中没有答案。");
  CHECK_FALSE(chinese.found);
  CHECK(model->asked.empty());
}

TEST_CASE("retrieval_qa: passes on that the model did not find it") {
  const RetrievalQA chain(fixed_retriever(notes()), scripted(script({"Not in the documents."})));
  const Answer answer = chain.invoke("What is the weather?");
  CHECK_FALSE(answer.found);
  CHECK(answer.citations.empty());
}

TEST_CASE("retrieval_qa: a cited answer was found, whatever it says of the rest") {
  const RetrievalQA chain(
      fixed_retriever(notes()),
      scripted(script({"The key is under the mat. [1] Its colour is not in the documents."})));
  const Answer answer = chain.invoke("Where is the key and which colour?");
  CHECK(answer.found);
  CHECK(answer.citations.size() == 1);
}

TEST_CASE("retrieval_qa: refuses an empty question") {
  const auto model = script({"x"});
  const RetrievalQA chain(fixed_retriever(notes()), scripted(model));
  for (const char* const question : {"", " \t\r\n"}) {
    const auto invoked = error_of([&] { chain.invoke(question); });
    REQUIRE(invoked);
    CHECK(invoked->kind() == ErrorKind::validation);
    CHECK_THAT(invoked->what(), ContainsSubstring("the question is empty"));
    const auto streamed = error_of([&] {
      for (auto& piece : chain.stream(question)) static_cast<void>(piece);
    });
    REQUIRE(streamed);
    CHECK(streamed->kind() == ErrorKind::validation);
  }
  CHECK(model->asked.empty());
}

TEST_CASE("retrieval_qa: errors name the step they come from") {
  const auto broken = script({"half "});
  broken->error = lian::Error(ErrorKind::server, "it broke");
  const RetrievalQA model_fails(fixed_retriever(notes()), scripted(broken));
  const lian::Retriever no_store = lian::step(
      [](std::string) -> lian::Documents {
        throw lian::Error(ErrorKind::storage, "no store");
      },
      "retriever");
  const RetrievalQA retriever_fails(no_store, scripted(script({"x"})));

  const auto stream = [](const RetrievalQA& chain) {
    for (auto& piece : chain.stream("Where?")) static_cast<void>(piece);
  };
  CHECK(std::string(error_of([&] { model_fails.invoke("Where?"); })->what()) ==
        "retrieval_qa > scripted: it broke");
  CHECK(std::string(error_of([&] { stream(model_fails); })->what()) ==
        "retrieval_qa > scripted: it broke");
  CHECK(std::string(error_of([&] { retriever_fails.invoke("Where?"); })->what()) ==
        "retrieval_qa > retriever: no store");
  CHECK(std::string(error_of([&] { stream(retriever_fails); })->what()) ==
        "retrieval_qa > retriever: no store");
}

TEST_CASE("retrieval_qa: a stop ends it in the middle of a stream") {
  const auto model = script({"The key "});
  model->stalls = true;
  const RetrievalQA chain(fixed_retriever(notes()), scripted(model));
  std::stop_source stop;
  std::string said;
  const auto error = error_of([&] {
    for (lian::AnswerPiece& piece :
         chain.stream("Where?", lian::Context().with_stop(stop.get_token()))) {
      said += piece.text;
      stop.request_stop();
    }
  });
  REQUIRE(error);
  CHECK(error->kind() == ErrorKind::cancelled);
  CHECK(said == "The key ");
}

TEST_CASE("retrieval_qa: a stream dropped half-read frees what it holds") {
  const auto model = script({"The key "});
  model->stalls = true;
  {
    const RetrievalQA chain(fixed_retriever(notes()), scripted(model));
    auto pieces = chain.stream("Where?");
    REQUIRE(pieces.next() != nullptr);
  }
  CHECK(model.use_count() == 1);
}

TEST_CASE("retrieval_qa: is a step like any other") {
  const RetrievalQA chain(fixed_retriever(notes()), scripted(script({"Under the mat. [1]"})));
  const auto shown = chain | [](Answer answer) { return lian::format_answer(answer); };
  CHECK(shown.invoke("Where?") == "Under the mat. [1]\n\n[1] notes/home.md:1");
  CHECK(chain.batch({"Where?", "Where?"}).size() == 2);
}
