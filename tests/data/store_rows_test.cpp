// What both stores promise below their coroutines.
#include <algorithm>
#include <limits>

#include "data/rows_support.hpp"
#include "lian/core/error.hpp"
#include "support/catch.hpp"
#include "support/data.hpp"

using namespace lian;
using namespace lian::test;
using Ids = std::vector<std::string>;

namespace {

// The rows of one store, whichever it is.
struct MemoryStore {
  MemoryRows rows{"memory", "model"};
  std::vector<VectorHit> matching(const VectorQuery& query) {
    return rows.matching(query, LexicalIndex(rows.texts()));
  }
  void commit(IndexBatch batch) { rows.commit(std::move(batch)); }
};

struct FileStore {
  TemporaryFolder folder;
  SqliteRows rows{settings_of(folder.file("store.db")), expecting("model", 0)};
  std::vector<VectorHit> matching(const VectorQuery& query) { return rows.matching(query); }
  void commit(IndexBatch batch) { rows.commit(batch); }
};

IndexBatch staging(const std::string& source, std::vector<VectorRecord> records) {
  IndexBatch batch;
  for (auto& one : records) batch.staged.emplace_back(source, std::move(one));
  return batch;
}

}  // namespace

TEMPLATE_TEST_CASE("store rows: adds, replaces by id, reads and erases", "", MemoryStore,
                   FileStore) {
  TestType store;
  CHECK(store.rows.nearest(near({1, 0})).empty());
  CHECK(store.matching(words("a")).empty());
  store.rows.put(
      {record("a", "apple", {1, 0}), record("b", "bird", {0, 1}), record("c", "cat", {1, 1})});
  CHECK(store.rows.size() == 3);
  const auto hits = store.rows.nearest(near({2, 0.1f}, 2));
  CHECK(ids_of(hits) == Ids{"a", "c"});
  CHECK(hits[0].score == Approx(0.99875).epsilon(1e-4));

  store.rows.put({record("a", "anchor", {0, -1})});
  CHECK(store.rows.size() == 3);
  CHECK(ids_of(store.rows.nearest(near({1, 0}, 1))) == Ids{"c"});
  CHECK(store.matching(words("apple")).empty());
  CHECK(ids_of(store.matching(words("anchor"))) == Ids{"a"});

  CHECK(store.rows.erase({"b", "x", "b"}) == 1);
  CHECK(store.rows.erase({}) == 0);
  CHECK(store.matching(words("bird")).empty());
  const Documents read = store.rows.fetch({"c", "b", "a"});
  REQUIRE(read.size() == 2);
  CHECK(read[0].text == "cat");
  CHECK(read[1].text == "anchor");
  CHECK(ids_of(store.rows.nearest(near({1, 0}, 9))) == Ids{"c", "a"});
}

TEMPLATE_TEST_CASE("store rows: documents come back as they were", "", MemoryStore, FileStore) {
  TestType store;
  Document document(
      "文本 \xF0\x9F\x98\x80 with a NUL \0 inside",
      values("text", "值", "int", std::int64_t{9007199254740993}, "real", 0.1, "no", false, "null",
             Value(), "list", Value::List{Value(1), Value("two")}, "json",
             Json::object({{"k", Json::array({1, 2})}}), "", "empty key", "a\"b'", "quotes"));
  document.id = "ид";
  document.span = Span(10, 20, 3, 4);
  store.rows.put({VectorRecord(document, {0.6f, 0.8f})});
  const auto hits = store.rows.nearest(near({1, 0}));
  REQUIRE(hits.size() == 1);
  CHECK(hits[0].document == document);
  CHECK(store.rows.fetch({"ид"}).at(0) == document);
}

TEMPLATE_TEST_CASE("store rows: a refused change changes nothing", "", MemoryStore, FileStore) {
  TestType store;
  store.rows.put({record("a", "apple", {1, 0})});
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const auto refused = [&](std::vector<VectorRecord> records) {
    try {
      store.rows.put(std::move(records));
      FAIL("accepted");
    } catch (const Error& error) {
      CHECK(error.kind() == ErrorKind::validation);
    }
  };
  refused({record("b", "b", {1, 1}), record("c", "c", {1, 2, 3})});
  refused({record("b", "b", {1, 1}), record("c", "c", {1, nan})});
  refused({record("b", "b", {1, 1}), record("c", "c", {})});
  refused({record("b", "b", {1, 1}), record("c", "c", {1, 1}, values("x", double(nan)))});
  CHECK(store.rows.size() == 1);
  CHECK(ids_of(store.rows.nearest(near({1, 1}, 9))) == Ids{"a"});
  CHECK_THROWS_WITH(store.rows.nearest(near({1, 2, 3})), Catch::Contains("3 components"));
  CHECK_THROWS_AS(store.rows.nearest(near({1, nan})), Error);
}

TEMPLATE_TEST_CASE("store rows: zero vectors score 0; vectors are given when asked for", "",
                   MemoryStore, FileStore) {
  TestType store;
  store.rows.put({record("z", "zero", {0, 0}), record("a", "apple", {3, 4})});
  VectorQuery query = near({1, 0});
  query.with_vectors = true;
  const auto hits = store.rows.nearest(query);
  REQUIRE(hits.size() == 2);
  CHECK(hits[0].vector == std::vector<float>{0.6f, 0.8f});
  CHECK(hits[1].score == 0);
  CHECK(store.rows.nearest(near({0, 0}))[0].score == 0);
}

TEMPLATE_TEST_CASE("store rows: Chinese and English are found by words", "", MemoryStore,
                   FileStore) {
  TestType store;
  store.rows.put({record("1", "北京是中国的首都。", {1, 0}),
                  record("2", "上海是最大的城市。", {1, 0}),
                  record("3", "The CAPITAL of France", {1, 0})});
  CHECK(ids_of(store.matching(words("中国首都", 1))) == Ids{"1"});
  CHECK(ids_of(store.matching(words("海"))) == Ids{"2"});
  CHECK(ids_of(store.matching(words("capital?"))) == Ids{"3"});
  for (const char* hostile : {"a NEAR b", "col:val", "^x -y +z", "a*", "\"", "\"\"\"", "AND OR NOT",
                              "(", "tokens: capital", "'; DROP TABLE documents; --", ""}) {
    CAPTURE(hostile);
    CHECK_NOTHROW(store.matching(words(hostile)));
  }
  CHECK(ids_of(store.matching(words("tokens: capital"))) == Ids{"3"});
}

TEMPLATE_TEST_CASE("store rows: every filter holds for the same documents in both stores", "",
                   MemoryStore, FileStore) {
  TestType store;
  std::vector<VectorRecord> records;
  std::vector<Values> all{values("n", 1, "t", "a"),
                          values("n", 1.0, "t", "b", "f", true),
                          values("n", "1"),
                          values("n", true),
                          values("n", Value()),
                          values(),
                          values("n", -2.5, "t", "abc"),
                          values("n", std::int64_t{9007199254740993}),
                          values("n", 9007199254740992.0),
                          values("n", Value::List{Value(1), Value("a"), Value(false)}, "t", ""),
                          values("t", Json::array({"a", 1, nullptr, Json::object()}))};
  for (std::size_t i = 0; i < all.size(); ++i) {
    records.push_back(record("d" + std::to_string(i), "text", {1, static_cast<float>(i)}, all[i]));
  }
  store.rows.put(std::move(records));
  std::vector<Filter> filters;
  for (const char* key : {"n", "t", "f", "absent"}) {
    const MetadataKey k = where(key);
    for (const Value& value :
         {Value(1), Value(1.0), Value("1"), Value("a"), Value(true), Value(false), Value(""),
          Value(0), Value(std::int64_t{9007199254740993}), Value(9007199254740992.0)}) {
      for (const Filter& filter :
           {k == value, k != value, k > value, k >= value, k < value, k <= value, k.contains(value),
            k.in({value, "b"}), k.not_in({value, "b"})}) {
        filters.push_back(filter);
      }
    }
    filters.push_back(k.exists());
    filters.push_back(k.in({}));
    filters.push_back(!k.exists() || (k >= 1 && k < 5));
    filters.push_back(!(k == 1 || k == "a") && !(k == true));
  }
  for (std::size_t f = 0; f < filters.size(); ++f) {
    Ids expected;
    for (std::size_t i = 0; i < all.size(); ++i) {
      if (filters[f].matches(all[i])) expected.push_back("d" + std::to_string(i));
    }
    Ids found = ids_of(store.rows.nearest(near({1, 0}, 99, filters[f])));
    Ids by_words = ids_of(store.matching(words("text", 99, filters[f])));
    std::sort(expected.begin(), expected.end());
    std::sort(found.begin(), found.end());
    std::sort(by_words.begin(), by_words.end());
    CAPTURE(f, int(filters[f].op()), filters[f].key());
    CHECK(found == expected);
    CHECK(by_words == expected);
  }
}

TEMPLATE_TEST_CASE("store rows: hostile filter keys and values match literally or not at all", "",
                   MemoryStore, FileStore) {
  TestType store;
  std::vector<std::pair<std::string, std::string>> cases;
  const std::string lines = read_data("filter_injection.jsonl");
  for (std::size_t at = 0; at < lines.size();) {
    const std::size_t end = lines.find('\n', at);
    const Json one = Json::parse(std::string_view(lines).substr(at, end - at));
    cases.emplace_back(one["key"].as_string(), one["value"].as_string());
    at = end == std::string::npos ? lines.size() : end + 1;
  }
  REQUIRE(cases.size() == 27);
  store.rows.put({record("plain", "x y", {1, 0}, values("source", "plain", "text", "a", "n", 1))});
  std::vector<VectorRecord> records;
  for (std::size_t i = 0; i < cases.size(); ++i) {
    Values metadata;
    metadata.set(cases[i].first, cases[i].second);
    records.push_back(record("h" + std::to_string(i), "x y", {1, 0}, std::move(metadata)));
  }
  store.rows.put(std::move(records));
  for (std::size_t i = 0; i < cases.size(); ++i) {
    const MetadataKey key = where(cases[i].first);
    const Value value(cases[i].second);
    CAPTURE(cases[i].first, cases[i].second);
    CHECK(ids_of(store.rows.nearest(near({1, 0}, 99, key == value))) ==
          Ids{"h" + std::to_string(i)});
    CHECK(ids_of(store.matching(words("x", 99, key.in({value})))) == Ids{"h" + std::to_string(i)});
    for (const Filter& filter : {key != value, key > value, key >= value, key < value, key <= value,
                                 key.contains(value), key.not_in({value}), key.exists()}) {
      std::size_t expected = 0;
      expected += filter.matches(values("source", "plain", "text", "a", "n", 1)) ? 1 : 0;
      for (const auto& [other_key, other_value] : cases) {
        Values metadata;
        metadata.set(other_key, other_value);
        expected += filter.matches(metadata) ? 1 : 0;
      }
      CHECK(store.rows.nearest(near({1, 0}, 99, filter)).size() == expected);
    }
  }
  CHECK(store.rows.size() == 28);
}

TEMPLATE_TEST_CASE("store rows: a source's documents appear, change and go together", "",
                   MemoryStore, FileStore) {
  TestType store;
  store.rows.put({record("own", "own", {1, 0})});
  store.commit(staging("f1", {record("a1", "one", {1, 0}), record("a2", "two", {1, 0})}));
  CHECK(store.rows.size() == 1);
  CHECK(ids_of(store.rows.nearest(near({1, 0}, 9))) == Ids{"own"});
  CHECK(store.matching(words("one")).empty());
  CHECK(store.rows.fetch({"a1"}).empty());
  CHECK(store.rows.sources("").empty());

  IndexBatch rest = staging("f1", {record("a3", "three", {1, 0})});
  rest.finished.push_back(source_record("f1", 3));
  store.commit(std::move(rest));
  CHECK(store.rows.size() == 4);
  CHECK(ids_of(store.matching(words("one"))) == Ids{"a1"});
  CHECK(store.rows.sources("f") == std::vector<SourceRecord>{source_record("f1", 3)});
  CHECK(store.rows.sources("g").empty());

  IndexBatch changed = staging("f1", {record("b1", "uno", {1, 0})});
  changed.finished.push_back(source_record("f1", 1, "g"));
  changed.finished.push_back(source_record("empty", 0));
  store.commit(std::move(changed));
  CHECK(store.rows.size() == 2);
  CHECK(store.matching(words("one")).empty());
  CHECK(store.rows.sources("").size() == 2);

  IndexBatch touched;
  touched.touched.push_back(source_record("f1", 1, "h"));
  touched.removed.push_back("empty");
  store.commit(std::move(touched));
  CHECK(store.rows.sources("") == std::vector<SourceRecord>{source_record("f1", 1, "h")});

  IndexBatch removed;
  removed.removed.push_back("f1");
  removed.removed.push_back("never there");
  store.commit(std::move(removed));
  CHECK(ids_of(store.rows.nearest(near({1, 0}, 9))) == Ids{"own"});
  CHECK(store.rows.sources("").empty());
}

TEMPLATE_TEST_CASE("store rows: staged documents are dropped when discarded, or by the next run",
                   "", MemoryStore, FileStore) {
  TestType store;
  store.commit(staging("f1", {record("a1", "one", {1, 0})}));
  store.commit(staging("f2", {record("b1", "two", {1, 0})}));
  IndexBatch discard;
  discard.discarded.push_back("f1");
  store.commit(std::move(discard));
  IndexBatch fresh = staging("f2", {record("b1", "two", {1, 0})});
  fresh.fresh = true;
  fresh.finished.push_back(source_record("f2", 1));
  store.commit(std::move(fresh));
  CHECK(ids_of(store.rows.nearest(near({1, 0}, 9))) == Ids{"b1"});

  // Another run has dropped what this one staged.
  store.commit(staging("f3", {record("c1", "three", {1, 0})}));
  IndexBatch other;
  other.fresh = true;
  other.touched.push_back(source_record("f2", 1));
  store.commit(std::move(other));
  IndexBatch finish = staging("f3", {record("c2", "four", {1, 0})});
  finish.finished.push_back(source_record("f3", 2));
  try {
    store.commit(std::move(finish));
    FAIL("a half source was finished");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::storage);
  }
  CHECK(store.rows.size() == 1);
}
