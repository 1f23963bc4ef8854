#include "model/offline_ask.hpp"
#include "support/catch.hpp"

using lian::test::ask_all;

TEST_CASE("offline ask: quotes the right sentence and knows what is not there") {
  for (const std::size_t top : {4, 5, 6}) {
    const auto score = ask_all("questions.jsonl", top);
    INFO("top " << top << "\n" << score.wrong);
    REQUIRE(score.answered == 48);
    REQUIRE(score.unanswered == 12);
    CHECK(score.answered_right >= 45);
    CHECK(score.unanswered_right >= 11);
  }
}

TEST_CASE("offline ask: questions that came after the model") {
  for (const char* const name : {"more_questions.jsonl", "held_out.jsonl"}) {
    const auto score = ask_all(name, 5);
    INFO(name << "\n" << score.wrong);
    REQUIRE(score.answered == 24);
    REQUIRE(score.unanswered == 6);
    CHECK(score.answered_right >= 18);
    CHECK(score.unanswered_right >= 5);
  }
}
