#include "lian/data/lexical.hpp"

#include <cmath>

#include "lian/core/error.hpp"
#include "support/catch.hpp"

using lian::LexicalIndex;

TEST_CASE("lexical: scores are BM25 by the formula of the header") {
  const LexicalIndex index({"the cat", "the dog and the cat", "a bird"});
  const auto hits = index.search("cat", 9);
  REQUIRE(hits.size() == 2);
  const double idf = std::log(1 + (3 - 2 + 0.5) / (2 + 0.5));
  const double average = (2 + 5 + 2) / 3.0;
  const auto expected = [&](double tf, double length) {
    return idf * tf * 2.5 / (tf + 1.5 * (1 - 0.75 + 0.75 * length / average));
  };
  CHECK(hits[0].text == 0);
  CHECK(hits[0].score == Approx(expected(1, 2)));
  CHECK(hits[1].text == 1);
  CHECK(hits[1].score == Approx(expected(1, 5)));
  CHECK(index.search("the the", 1)[0].score == Approx(2 * index.search("the", 1)[0].score));
}

TEST_CASE("lexical: finds Chinese by words, pairs and single characters") {
  const LexicalIndex index(
      {"北京是中国的首都。", "上海是中国最大的城市。", "The capital of France is Paris."});
  CHECK(index.search("中国的首都", 1)[0].text == 0);
  CHECK(index.search("最大的城市在哪里？", 1)[0].text == 1);
  CHECK(index.search("沪", 1).empty());
  CHECK(index.search("海", 4).size() == 1);
  CHECK(index.search("PARIS", 4).size() == 1);
}

TEST_CASE("lexical: nothing in common is no hit; ties come by place; k bounds") {
  std::vector<std::string> texts(10000, "same words");
  texts[7000] = "same words words";
  const LexicalIndex index(texts);
  CHECK(index.search("other").empty());
  CHECK(index.search("").empty());
  CHECK(index.search("same", 0).empty());
  const auto hits = index.search("words", 3);
  REQUIRE(hits.size() == 3);
  CHECK(hits[0].text == 7000);
  CHECK(hits[1].text == 0);
  CHECK(hits[2].text == 1);
  CHECK(LexicalIndex({}).search("a").empty());
  CHECK(LexicalIndex({"", ""}).search("a").empty());
}

TEST_CASE("lexical: parameters are checked") {
  CHECK_THROWS_AS(LexicalIndex({}, -1), lian::Error);
  CHECK_THROWS_AS(LexicalIndex({}, 1.5, 1.1), lian::Error);
  CHECK_THROWS_AS(LexicalIndex({}, NAN), lian::Error);
}
