// The verbs of both stores, the retrievers, and indexing into both.
#include <limits>
#include <map>
#include <stop_token>

#include "data/letter_embedder.hpp"
#include "data/rows_support.hpp"
#include "lian/core/error.hpp"
#include "lian/core/pipe.hpp"
#include "lian/data/in_memory_vector_store.hpp"
#include "lian/data/retriever.hpp"
#include "lian/data/sqlite_vector_store.hpp"
#include "support/catch.hpp"

using namespace lian;
using namespace lian::test;
using Texts = std::vector<std::string>;

namespace {

struct Memory {
  std::shared_ptr<LetterEmbedder> embedder = std::make_shared<LetterEmbedder>();
  std::shared_ptr<IndexedVectorStore> store =
      std::make_shared<InMemoryVectorStore>(EmbeddingModel(embedder));
};

struct Sqlite {
  TemporaryFolder folder;
  std::shared_ptr<LetterEmbedder> embedder = std::make_shared<LetterEmbedder>();
  std::shared_ptr<IndexedVectorStore> store =
      std::make_shared<SqliteVectorStore>(folder.file("s.db"), EmbeddingModel(embedder));
};

Texts texts_of(const Documents& documents) {
  Texts texts;
  for (const auto& document : documents) texts.push_back(document.text);
  return texts;
}

// Sources in memory, which count how often they are read.
class FakeSource final : public IndexSource {
 public:
  struct Entry {
    Entry() = default;
    Entry(std::string content_in, std::int64_t time)
        : content(std::move(content_in)), modified(time) {}
    std::string content;
    std::int64_t modified = 0;
    bool broken = false;
  };
  std::map<std::string, Entry> entries;
  int fingerprints = 0, reads = 0;

  Stream<SourceState> list(Context) override {
    for (const auto& [name, entry] : entries) {
      SourceState state(name, entry.content.size(), entry.modified);
      co_yield state;
    }
  }
  // One document a line.
  Stream<Document> read(std::string name, Context) override {
    ++reads;
    const Entry entry = entries.at(name);
    std::string line;
    for (const char c : entry.content + "\n") {
      if (c != '\n') {
        line += c;
        continue;
      }
      if (line.empty()) continue;
      Document document(std::exchange(line, std::string()), values("source", name));
      co_yield document;
      if (entry.broken) throw Error(ErrorKind::parse, name + " is broken");
    }
  }
  Task<std::string> fingerprint(std::string name, Context) override {
    ++fingerprints;
    co_return entries.at(name).content;
  }
};

}  // namespace

TEMPLATE_TEST_CASE("vector store: adds, searches, reads and deletes by the verbs", "", Memory,
                   Sqlite) {
  TestType test;
  VectorStore& store = *test.store;
  const Texts ids = store.add_texts({"aaa", "bbb", "ab"});
  REQUIRE(ids.size() == 3);
  CHECK(ids[0].size() == 32);
  CHECK(ids[0] != ids[1]);
  CHECK(texts_of(store.similarity_search("aab", 2)) == Texts{"ab", "aaa"});
  CHECK(store.similarity_search_with_score("a", 1)[0].score == Approx(1));
  CHECK(texts_of(store.get_by_ids({ids[1], "none", ids[0]})) == Texts{"bbb", "aaa"});
  CHECK(store.delete_ids({ids[0], "none"}) == 1);
  CHECK(texts_of(store.similarity_search("a", 1)) == Texts{"ab"});
  CHECK(texts_of(store.similarity_search_by_vector({0, 1, 0}, 1)) == Texts{"bbb"});
  CHECK(store.add_documents({}).empty());

  Document first("aaac"), second("bbbc");
  first.id = second.id = "same";
  CHECK(store.add_documents({first, second}) == Texts{"same", "same"});
  CHECK(texts_of(store.get_by_ids({"same"})) == Texts{"bbbc"});
}

TEMPLATE_TEST_CASE("vector store: filter, threshold, mmr, lexical and hybrid search", "", Memory,
                   Sqlite) {
  TestType test;
  VectorStore& store = *test.store;
  store.add_documents({Document("aaaa rock", values("n", 1)),
                       Document("aaaa stone", values("n", 2)),
                       Document("bbbb water", values("n", 3)), Document("ac 水", values("n", 4))});
  CHECK(texts_of(store.similarity_search("a", 9, where("n") >= 3)) == Texts{"ac 水", "bbbb water"});
  SearchOptions options;
  options.score_threshold(0.9).k(9);
  CHECK(store.search("aaaa", options).size() == 2);
  CHECK(texts_of(store.max_marginal_relevance_search("aaab", 2, 4, 0.0)) !=
        texts_of(store.similarity_search("aaab", 2)));
  CHECK(store.max_marginal_relevance_search("a", 4, 1).size() == 4);
  const auto by_words = store.search("stone water", SearchOptions().kind(SearchKind::lexical));
  CHECK(by_words.size() == 2);
  CHECK(store.search("水", SearchOptions().kind(SearchKind::lexical)).size() == 1);
  const auto hybrid = store.search("bbbb stone", SearchOptions().kind(SearchKind::hybrid).k(2));
  REQUIRE(hybrid.size() == 2);
  CHECK(hybrid[0].score <= 1.0 / 61 + 1e-9);
  CHECK_THROWS_AS(store.search("a", SearchOptions().lambda(2)), Error);
}

TEST_CASE("vector store: without a model only vectors can be used") {
  auto store = std::make_shared<InMemoryVectorStore>();
  CHECK_THROWS_WITH(store->add_texts({"a"}), Catch::Contains("without an embedding model"));
  CHECK_THROWS_AS(store->similarity_search("a"), Error);
  store->add_vectors({VectorRecord(Document("x"), {1, 0})});
  CHECK(store->size() == 1);
  CHECK(texts_of(store->similarity_search_by_vector({1, 0})) == Texts{"x"});
}

TEST_CASE("vector store: a cancelled run ends as such and adds nothing") {
  Memory test;
  std::stop_source stop;
  stop.request_stop();
  const Context context = Context().with_stop(stop.get_token());
  try {
    test.store->add_texts({"a"}, context);
    FAIL("not cancelled");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::cancelled);
  }
  CHECK(test.store->similarity_search("a").empty());
}

TEST_CASE("retriever: stores, BM25 and ensembles are steps of a chain") {
  Memory test;
  test.store->add_texts({"aaa", "bbb", "abc"});
  const VectorStoreRetriever similar(test.store, SearchOptions().k(1));
  CHECK(texts_of(similar.invoke("b")) == Texts{"bbb"});
  const BM25Retriever lexical({Document("one aaa"), Document("two bbb"), Document("three")}, 2);
  CHECK(texts_of(lexical.invoke("three two two")) == Texts{"two bbb", "three"});
  const EnsembleRetriever both({similar, lexical});
  CHECK(texts_of(both.invoke("bbb")) == Texts{"bbb", "two bbb"});
  const auto chain = lexical | [](Documents documents) { return documents.size(); };
  CHECK(chain.invoke("aaa bbb") == 2);
  CHECK_THROWS_AS(VectorStoreRetriever(nullptr), Error);
  CHECK_THROWS_AS(EnsembleRetriever({}), Error);
  CHECK_THROWS_AS(EnsembleRetriever({similar}, FusionOptions().weights({1, 2})), Error);
}

TEMPLATE_TEST_CASE("indexing: unchanged is skipped unread, changed replaced, gone removed", "",
                   Memory, Sqlite) {
  TestType test;
  auto source = std::make_shared<FakeSource>();
  for (int i = 0; i < 20; ++i) {
    source->entries["f" + std::to_string(i)] =
        FakeSource::Entry("a line\nb line " + std::to_string(i), 1);
  }
  source->entries["empty"] = FakeSource::Entry("", 1);
  IndexOptions options;
  options.settings("lines").batch_size(3);
  const auto run = [&] { return index(source, test.store, options); };
  IndexResult result = run();
  CHECK(result.num_added == 40);
  CHECK(result.sources_added == 21);
  CHECK(result.failed.empty());
  CHECK(test.store->similarity_search("a", 99).size() == 40);
  CHECK(test.embedder->embedded == 41);

  source->reads = source->fingerprints = 0;
  result = run();
  CHECK(result.num_skipped == 40);
  CHECK(result.sources_skipped == 21);
  CHECK(source->reads + source->fingerprints == 0);
  CHECK(test.embedder->embedded == 41);

  source->entries["f1"].modified = 2;                         // touched only
  source->entries["f2"] = FakeSource::Entry("c changed", 2);  // changed
  source->entries.erase("f3");                                // gone
  source->entries["f4"].broken = true;                        // cannot be read any more
  source->entries["f4"].content += "\nc another";
  result = run();
  CHECK(result.num_updated == 1);
  CHECK(result.num_deleted == 4);
  CHECK(result.num_added == 0);
  CHECK(result.sources_deleted == 1);
  CHECK(result.num_skipped == 2 * 17);
  REQUIRE(result.failed.size() == 1);
  CHECK(result.failed[0].source == "f4");
  CHECK_THAT(result.failed[0].message, Catch::Contains("broken"));
  CHECK(source->reads == 2);
  CHECK(source->fingerprints == 3);
  CHECK(texts_of(test.store->similarity_search("c", 1)) == Texts{"c changed"});
  CHECK(test.store->similarity_search("a", 99, where("source") == "f3").empty());
  CHECK(test.store->similarity_search("a", 99, where("source") == "f4").size() == 2);

  source->fingerprints = 0;
  source->entries["f4"] = FakeSource::Entry("a line\nb line 4", 1);
  CHECK(run().sources_skipped == 20);
  CHECK(source->fingerprints == 0);
  options.settings("other settings");
  CHECK(run().sources_updated == 20);
}

TEMPLATE_TEST_CASE("indexing: only the scope is cleaned up, and only when asked to", "", Memory,
                   Sqlite) {
  TestType test;
  auto source = std::make_shared<FakeSource>();
  source->entries["x/1"] = FakeSource::Entry("a", 1);
  source->entries["y/1"] = FakeSource::Entry("b", 1);
  index(source, test.store);
  source->entries.clear();
  CHECK(index(source, test.store, IndexOptions().cleanup(IndexCleanup::none)).num_deleted == 0);
  CHECK(index(source, test.store, IndexOptions().scope("x/")).num_deleted == 1);
  CHECK(texts_of(test.store->similarity_search("a", 9)) == Texts{"b"});
}

TEMPLATE_TEST_CASE("indexing: an interrupted run keeps what it finished", "", Memory, Sqlite) {
  TestType test;
  auto source = std::make_shared<FakeSource>();
  for (int i = 0; i < 9; ++i) {
    source->entries["f" + std::to_string(i)] = FakeSource::Entry("a\nb\nc", 1);
  }
  class Stopper final : public IndexObserver {
   public:
    void progress(const IndexProgress& progress) override {
      if (progress.sources_seen == 5) stop.request_stop();
    }
    std::stop_source stop;
  };
  const auto stopper = std::make_shared<Stopper>();
  IndexOptions options;
  options.batch_size(2).observer(stopper);
  CHECK_THROWS_AS(
      index(source, test.store, options, Context().with_stop(stopper->stop.get_token())), Error);
  const std::size_t kept = test.store->similarity_search("a", 99).size();
  CHECK(kept >= 9);
  CHECK(kept % 3 == 0);
  const IndexResult result = index(source, test.store, IndexOptions().batch_size(2));
  CHECK(result.num_skipped == kept);
  CHECK(result.num_added == 27 - kept);
  CHECK(test.store->similarity_search("a", 99).size() == 27);
}

TEST_CASE("indexing: a source changed a moment ago is looked at again by its content") {
  Memory test;
  auto source = std::make_shared<FakeSource>();
  source->entries["f"] = FakeSource::Entry("a", std::numeric_limits<std::int64_t>::max() - 1);
  index(source, test.store);
  source->fingerprints = 0;
  CHECK(index(source, test.store).num_skipped == 1);
  CHECK(source->fingerprints == 1);
}

TEST_CASE("indexing: fingerprints of files are SHA-256") {
  const TemporaryFolder folder;
  write_file(folder.file("abc"), "abc");
  CHECK(block_on(file_fingerprint(folder.file("abc"))) ==
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK_THROWS_AS(block_on(file_fingerprint(folder.file("none"))), Error);
}
