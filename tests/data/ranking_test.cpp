#include "lian/data/ranking.hpp"

#include <cmath>
#include <limits>

#include "lian/core/error.hpp"
#include "support/catch.hpp"

using lian::Document;
using lian::Documents;
using lian::FusionOptions;
using lian::values;
using Indices = std::vector<std::size_t>;

TEST_CASE("ranking: cosine of usual, zero, infinite and unequal vectors") {
  CHECK(lian::cosine_similarity({1, 0}, {1, 1}) == Approx(std::sqrt(0.5)));
  CHECK(lian::cosine_similarity({3e38f, 0}, {3e38f, 0}) == Approx(1));
  CHECK(lian::cosine_similarity({0, 0}, {1, 1}) == 0);
  CHECK(lian::cosine_similarity({std::numeric_limits<float>::infinity()}, {1}) == 0);
  CHECK(lian::cosine_similarity({}, {}) == 0);
  CHECK_THROWS_WITH(lian::cosine_similarity({1}, {1, 2}),
                    Catch::Contains("of 1 and of 2 components"));
}

TEST_CASE("ranking: maximal marginal relevance as LangChain computes it") {
  const std::vector<float> query{1, 0};
  // Angles 0, 5, 50 and -50 degrees.
  const std::vector<std::vector<float>> vectors{
      {1, 0}, {0.9962f, 0.0872f}, {0.6428f, 0.766f}, {0.6428f, -0.766f}};
  CHECK(lian::maximal_marginal_relevance(query, vectors, 3, 1) == Indices{0, 1, 2});
  CHECK(lian::maximal_marginal_relevance(query, vectors, 3, 0) == Indices{0, 2, 3});
  // 1: 0.5 * 0.9962 - 0.5 * 0.9962 = 0; 2 and 3: 0.5 * 0.6428 - 0.5 * 0.6428 = 0, but 2 is not > 1.
  CHECK(lian::maximal_marginal_relevance(query, vectors, 4, 0.5).front() == 0);
  CHECK(lian::maximal_marginal_relevance(query, {{1, 0}, {1, 0}, {1, 0}}, 2, 0.5) == Indices{0, 1});
  CHECK(lian::maximal_marginal_relevance(query, vectors, 9).size() == 4);
  CHECK(lian::maximal_marginal_relevance(query, vectors, 0).empty());
  CHECK(lian::maximal_marginal_relevance(query, {}, 4).empty());
  CHECK_THROWS_AS(lian::maximal_marginal_relevance(query, vectors, 4, 1.1), lian::Error);
  CHECK_THROWS_AS(lian::maximal_marginal_relevance(query, vectors, 4, NAN), lian::Error);
}

TEST_CASE("ranking: reciprocal rank fusion sums, keeps the first of equals and its order") {
  const Documents a{Document("x"), Document("y"), Document("z")};
  const Documents b{Document("y"), Document("w")};
  const auto fused = lian::reciprocal_rank_fusion({a, b});
  REQUIRE(fused.size() == 4);
  CHECK(fused[0].document.text == "y");
  CHECK(fused[0].score == Approx(0.5 / 62 + 0.5 / 61));
  CHECK(fused[1].document.text == "x");
  CHECK(fused[1].score == Approx(0.5 / 61));
  CHECK(fused[2].document.text == "w");  // 0.5 / 62, as z has 0.5 / 63
  CHECK(fused[3].document.text == "z");

  const auto weighted = lian::reciprocal_rank_fusion({a, b}, FusionOptions().weights({0, 2}).c(0));
  CHECK(weighted[0].document.text == "y");
  CHECK(weighted[0].score == Approx(2));
  CHECK(weighted[1].document.text == "w");
  CHECK(weighted[2].document.text == "x");
  CHECK(weighted[2].score == 0);
}

TEST_CASE("ranking: fusion tells documents apart by a metadata key when asked to") {
  const Documents a{Document("one", values("id", 1)), Document("other", values("id", 2))};
  const Documents b{Document("uno", values("id", 1)), Document("one")};
  const auto fused = lian::reciprocal_rank_fusion({a, b}, FusionOptions().id_key("id"));
  REQUIRE(fused.size() == 3);
  CHECK(fused[0].document.text == "one");
  CHECK(fused[0].document.metadata.contains("id"));
}

TEST_CASE("ranking: fusion refuses weights that do not fit") {
  const std::vector<Documents> lists{{Document("a")}, {Document("b")}};
  for (const std::vector<double>& weights :
       {std::vector<double>{1}, std::vector<double>{0, 0}, std::vector<double>{1, -1},
        std::vector<double>{1, NAN}}) {
    CHECK_THROWS_AS(lian::reciprocal_rank_fusion(lists, FusionOptions().weights(weights)),
                    lian::Error);
  }
  CHECK_THROWS_AS(lian::reciprocal_rank_fusion(lists, FusionOptions().c(-1)), lian::Error);
  CHECK(lian::reciprocal_rank_fusion({}).empty());
}
