// Every kind of search against a plain computation of what it is to give.
#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <random>
#include <set>

#include "data/letter_embedder.hpp"
#include "data/rows_support.hpp"
#include "lian/core/error.hpp"
#include "lian/data/in_memory_vector_store.hpp"
#include "lian/data/retriever.hpp"
#include "lian/data/sqlite_vector_store.hpp"
#include "support/catch.hpp"

using namespace lian;
using namespace lian::test;
using Ids = std::vector<std::string>;

namespace {

const std::vector<std::string> queries{"aab stone", "ccc river moss", "abc rock stone", "b moss"};

struct Memory {
  std::shared_ptr<VectorStore> store =
      std::make_shared<InMemoryVectorStore>(EmbeddingModel(std::make_shared<LetterEmbedder>()));
};

struct Sqlite {
  TemporaryFolder folder;
  std::shared_ptr<VectorStore> store = std::make_shared<SqliteVectorStore>(
      folder.file("s.db"), EmbeddingModel(std::make_shared<LetterEmbedder>()));
};

Ids ids_of(const std::vector<ScoredDocument>& found) {
  Ids ids;
  for (const ScoredDocument& one : found) ids.push_back(one.document.id);
  return ids;
}

double cosine(const Embedding& a, const Embedding& b) {
  double product = 0, aa = 0, bb = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    product += double(a[i]) * double(b[i]);
    aa += double(a[i]) * double(a[i]);
    bb += double(b[i]) * double(b[i]);
  }
  return aa == 0 || bb == 0 ? 0 : product / std::sqrt(aa * bb);
}

double cosine_to(const std::string& query, const std::string& text) {
  return cosine(LetterEmbedder::vector_of(query), LetterEmbedder::vector_of(text));
}
double cosine_to(const std::string& query, const ScoredDocument& one) {
  return cosine_to(query, one.document.text);
}

// Texts of letters and words; some are there twice, no others are equally near to a query.
Documents corpus() {
  constexpr const char* words[] = {"rock", "stone", "river", "moss", "", ""};
  std::mt19937 random(11);
  Documents documents;
  for (int i = 0; i < 80; ++i) {
    std::string text;
    for (const char letter : {'a', 'b', 'c'}) text += std::string(random() % 7, letter);
    text += std::string(" ") + words[random() % 6] + " " + words[random() % 4];
    const auto same = std::find_if(documents.begin(), documents.end(), [&](const Document& other) {
      return std::any_of(queries.begin(), queries.end(), [&](const std::string& query) {
        return std::abs(cosine_to(query, text) - cosine_to(query, other.text)) < 1e-6;
      });
    });
    if (same != documents.end()) text = same->text;
    Document document(text, values("n", i));
    document.id = "d" + std::to_string(i);
    documents.push_back(std::move(document));
  }
  return documents;
}

// Half a reciprocal rank of each list, c = 60; equals in the order they were met.
Ids fused(const Ids& first, const Ids& second) {
  Ids ids;
  std::map<std::string, double> scores;
  for (const Ids* list : {&first, &second}) {
    for (std::size_t i = 0; i < list->size(); ++i) {
      if (!scores.contains((*list)[i])) ids.push_back((*list)[i]);
      scores[(*list)[i]] += 0.5 / (61.0 + static_cast<double>(i));
    }
  }
  std::stable_sort(ids.begin(), ids.end(), [&](const std::string& a, const std::string& b) {
    return scores[a] > scores[b];
  });
  return ids;
}

Ids first_of(Ids ids, std::size_t count) {
  ids.resize(std::min(ids.size(), count));
  return ids;
}

const std::vector<Filter> filters{Filter(), where("n") < 30, where("n") == 7};

}  // namespace

TEMPLATE_TEST_CASE("search: similarity gives the cosines, best first, above the threshold", "",
                   Memory, Sqlite) {
  const TestType test;
  const Documents documents = corpus();
  test.store->add_documents(documents);
  for (const std::string& query : queries) {
    for (const Filter& filter : filters) {
      std::vector<double> expected;
      for (const Document& document : documents)
        if (filter.matches(document.metadata))
          expected.push_back(cosine_to(query, ScoredDocument(document, 0)));
      std::sort(expected.rbegin(), expected.rend());
      const auto found = test.store->search(query, SearchOptions().k(99).filter(filter));
      REQUIRE(found.size() == expected.size());
      for (std::size_t i = 0; i < found.size(); ++i) {
        CHECK(found[i].score == Approx(expected[i]).margin(1e-6));
        CHECK(found[i].score == Approx(cosine_to(query, found[i])).margin(1e-6));
        CHECK(filter.matches(found[i].document.metadata));
      }
      for (const double threshold : {-1.0, 0.0, 0.7, 1.1}) {
        const auto above = test.store->search(
            query, SearchOptions().k(99).filter(filter).score_threshold(threshold));
        CHECK(std::all_of(above.begin(), above.end(),
                          [&](const ScoredDocument& one) { return one.score >= threshold; }));
        const auto left_out = std::count_if(found.begin(), found.end(),
                                            [&](const auto& one) { return one.score < threshold; });
        CHECK(above.size() + static_cast<std::size_t>(left_out) == found.size());
      }
    }
  }
}

TEMPLATE_TEST_CASE("search: mmr chooses the best balance at every step", "", Memory, Sqlite) {
  const TestType test;
  test.store->add_documents(corpus());
  for (const std::string& query : queries) {
    for (const double lambda : {0.0, 0.3, 1.0}) {
      for (const Filter& filter : filters) {
        for (const auto& [k, fetch_k] :
             {std::pair<std::size_t, std::size_t>{5, 20}, {10, 3}, {99, 1}}) {
          SearchOptions options;
          options.filter(filter).k(k).fetch_k(fetch_k).lambda(lambda);
          auto left = test.store->search(query, SearchOptions(options).k(std::max(k, fetch_k)));
          const auto chosen = test.store->search(query, options.kind(SearchKind::mmr));
          REQUIRE(chosen.size() == std::min(k, left.size()));
          std::vector<ScoredDocument> before;
          const auto balance = [&](const ScoredDocument& one) {
            const double relevance = cosine_to(query, one);
            double redundancy = -1;
            for (const ScoredDocument& other : before)
              redundancy = std::max(redundancy, cosine_to(one.document.text, other));
            return before.empty() ? relevance : lambda * relevance - (1 - lambda) * redundancy;
          };
          for (const ScoredDocument& one : chosen) {
            double best = -9;
            for (const ScoredDocument& other : left) best = std::max(best, balance(other));
            CHECK(balance(one) == Approx(best).margin(1e-6));
            CHECK(std::erase_if(left, [&](const ScoredDocument& other) {
                    return other.document.id == one.document.id;
                  }) == 1);
            before.push_back(one);
          }
        }
      }
    }
  }
}

TEMPLATE_TEST_CASE("search: hybrid and rerank are the reciprocal ranks of two lists", "", Memory,
                   Sqlite) {
  const TestType test;
  test.store->add_documents(corpus());
  int differ = 0;
  for (const std::string& query : queries) {
    for (const Filter& filter : filters) {
      for (const auto& [k, fetch_k] :
           {std::pair<std::size_t, std::size_t>{5, 20}, {10, 3}, {99, 1}}) {
        const SearchOptions options = SearchOptions().k(k).fetch_k(fetch_k).filter(filter);
        const SearchOptions all = SearchOptions(options).k(std::max(k, fetch_k));
        auto by_words = test.store->search(query, SearchOptions(all).kind(SearchKind::lexical));
        const Ids words = ids_of(by_words);
        const Ids nearest = ids_of(test.store->search(query, all));
        CHECK(ids_of(test.store->search(query, SearchOptions(options).kind(SearchKind::hybrid))) ==
              first_of(fused(nearest, words), k));

        std::erase_if(by_words, [&](const auto& one) { return cosine_to(query, one) <= 0; });
        std::stable_sort(by_words.begin(), by_words.end(), [&](const auto& a, const auto& b) {
          return cosine_to(query, a) > cosine_to(query, b) + 1e-9;
        });
        const Ids reranked =
            ids_of(test.store->search(query, SearchOptions(options).kind(SearchKind::rerank)));
        CHECK(reranked == first_of(words.empty() ? nearest : fused(ids_of(by_words), words), k));
        if (reranked != first_of(words, k)) ++differ;
      }
    }
  }
  CHECK(differ > 10);  // the cosine has its say
}

TEMPLATE_TEST_CASE("search: no, too many and more documents than there are", "", Memory, Sqlite) {
  const TestType test;
  test.store->add_texts({"aa stone", "ab stone", "cc river"});
  constexpr std::size_t huge = std::numeric_limits<std::size_t>::max();
  for (const SearchKind kind : {SearchKind::similarity, SearchKind::mmr, SearchKind::lexical,
                                SearchKind::hybrid, SearchKind::rerank}) {
    CAPTURE(int(kind));
    CHECK(test.store->search("a stone", SearchOptions().kind(kind).k(0)).empty());
    const std::size_t all = kind == SearchKind::lexical || kind == SearchKind::rerank ? 2 : 3;
    CHECK(test.store->search("a stone", SearchOptions().kind(kind).k(huge)).size() == all);
    CHECK(test.store->search("a stone", SearchOptions().kind(kind).fetch_k(huge)).size() == all);
    CHECK(test.store->search("a stone", SearchOptions().kind(kind).k(1).fetch_k(0)).size() == 1);
  }
}

TEMPLATE_TEST_CASE("search: vectors of another width than the model's are refused", "", Memory,
                   Sqlite) {
  const TestType test;
  test.store->add_vectors({VectorRecord(Document("stone"), {1, 0})});
  for (const SearchKind kind :
       {SearchKind::similarity, SearchKind::mmr, SearchKind::hybrid, SearchKind::rerank}) {
    CAPTURE(int(kind));
    try {
      test.store->search("a stone", SearchOptions().kind(kind));
      FAIL_CHECK("accepted");
    } catch (const Error& error) {
      CHECK(error.kind() == ErrorKind::validation);
      CHECK_THAT(error.message(), Catch::Contains("3") && Catch::Contains("2"));
    }
  }
}
