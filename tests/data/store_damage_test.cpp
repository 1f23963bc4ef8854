// Bits that flip in store files, on every page: what is still found is right, or there is an error.
#include <filesystem>
#include <map>
#include <random>

#include "data/rows_support.hpp"
#include "lian/core/error.hpp"
#include "support/catch.hpp"

using namespace lian;
using namespace lian::test;

namespace {

constexpr std::size_t dimension = 64, page_bytes = 16384;

std::vector<float> vector_of(std::size_t i) {
  std::vector<float> vector(dimension, 0.25f);
  vector[i % dimension] = 1 + static_cast<float>(i);
  return vector;
}

VectorRecord numbered(std::size_t i) {
  std::string text = "word" + std::to_string(i % 10) + " common " + std::to_string(i);
  if (i % 60 == 7) text += std::string(40000, 'o');  // goes on in overflow pages
  return record("d" + std::to_string(i), text, vector_of(i),
                values("n", int(i), "t", "tag" + std::to_string(i % 3), "list",
                       Value::List{Value(int(i)), Value("item")}));
}

// By id, all that can be found in the store.
using Originals = std::map<std::string, Document>;

// A store whose file has leaves, inner nodes, overflow and free pages of tables and indices.
Originals make_store(const std::string& path) {
  SqliteRows rows(settings_of(path), expecting("model", dimension));
  std::vector<VectorRecord> records;
  for (std::size_t i = 0; i < 400; ++i) records.push_back(numbered(i));
  rows.put(records);
  std::vector<std::string> gone;
  for (std::size_t i = 0; i < 120; ++i) gone.push_back("d" + std::to_string(i));
  rows.erase(gone);
  IndexBatch batch;
  for (std::size_t i = 400; i < 410; ++i)
    batch.staged.emplace_back(i < 405 ? "whole" : "half", numbered(i));
  batch.finished.push_back(source_record("whole", 5));
  rows.commit(batch);
  Originals originals;
  for (std::size_t i = 120; i < 405; ++i) {
    VectorRecord one = numbered(i);
    originals.emplace(one.document.id, std::move(one.document));
  }
  return originals;
}

// Counts the hits that are not what was stored or not what was asked for.
std::size_t wrong_in(const std::vector<VectorHit>& hits, const Originals& originals,
                     const Filter& filter = Filter()) {
  std::size_t wrong = 0;
  for (const VectorHit& hit : hits) {
    const auto original = originals.find(hit.document.id);
    const bool right = original != originals.end() && hit.document == original->second &&
                       filter.matches(hit.document.metadata);
    if (!right) ++wrong;
  }
  return wrong;
}

// Throws what the store throws.
void check_searches(const std::string& path, const Originals& originals) {
  SqliteRows rows(settings_of(path), expecting("model", dimension));
  const auto all = rows.nearest(near(vector_of(200), 9999));
  CHECK(all.size() == originals.size());
  std::size_t wrong = wrong_in(all, originals);
  wrong += wrong_in(rows.matching(words("word3", 999)), originals);
  for (const Filter& filter : {where("n") >= 300, where("t") == "tag1", where("t").contains("g2"),
                               where("list").contains(250), where("n").in({200, 201, 410})}) {
    wrong += wrong_in(rows.nearest(near(vector_of(7), 9999, filter)), originals, filter);
    wrong += wrong_in(rows.matching(words("common", 999, filter)), originals, filter);
  }
  for (const Document& document : rows.fetch({"d130", "d250", "d404", "d409", "d1"}))
    CHECK(document == originals.at(document.id));
  for (const SourceRecord& source : rows.sources("")) CHECK(source == source_record("whole", 5));
  CHECK(wrong == 0);
}

// Half of the flips hit what lies at a page's beginning, and the others bytes in use.
std::size_t place_in(std::string_view page, std::mt19937& random) {
  if (random() % 2 == 0) return random() % 120;
  std::size_t place = random() % page.size();
  while (place + 1 < page.size() && page[place] == '\0') ++place;
  return place;
}

}  // namespace

TEST_CASE("store damage: a flipped bit on any page of an SQLite store gives no wrong row") {
  const TemporaryFolder folder;
  const Originals originals = make_store(folder.file("good.db"));
  const std::string good = read_file(folder.file("good.db")), path = folder.file("bad.db");
  REQUIRE(good.size() > 30 * page_bytes);
  REQUIRE(good.size() % page_bytes == 0);
  check_searches(folder.file("good.db"), originals);
  std::mt19937 random(12);
  int refused = 0;
  constexpr int times = 2;
  for (int time = 0; time < times; ++time) {
    for (std::size_t page = 0; page < good.size(); page += page_bytes) {
      std::string bytes = good;
      const std::size_t place =
          page + place_in(std::string_view(good).substr(page, page_bytes), random);
      const int bit = static_cast<int>(random() % 8);
      bytes[place] = static_cast<char>(bytes[place] ^ (1 << bit));
      for (const char* suffix : {"", "-wal", "-shm"}) std::filesystem::remove(path + suffix);
      write_file(path, bytes);
      INFO("bit " << bit << " of byte " << place - page << " of page " << page / page_bytes + 1);
      try {
        check_searches(path, originals);
      } catch (const Error& error) {
        ++refused;
        CHECK(error.kind() == ErrorKind::storage);
        CHECK(error.message().find(path) == 0);
      }
    }
  }
  CHECK(refused > 10);
}

TEST_CASE("store damage: a document that a filter finds wrongly is noticed") {
  const TemporaryFolder folder;
  const std::string path = folder.file("s.db");
  SqliteRows rows(settings_of(path), expecting("model", dimension));
  rows.put({numbered(1), numbered(2)});
  {
    Connection damage(settings_of(path));
    damage.run("UPDATE metadata SET value = 99 WHERE item = 1 AND value = 1");
  }
  const Filter wrong = where("list").contains(99);
  CHECK_THROWS_WITH(rows.nearest(near(vector_of(1), 9, wrong)), Catch::Contains("is damaged"));
  CHECK_THROWS_WITH(rows.matching(words("common", 9, wrong)), Catch::Contains("is damaged"));
  CHECK(rows.nearest(near(vector_of(1), 9, where("list").contains(2))).size() == 1);
}

TEST_CASE("store damage: any flipped bit of a memory store's file is noticed") {
  const TemporaryFolder folder;
  MemoryRows rows("memory", "model");
  rows.put({numbered(1), numbered(2)});
  IndexBatch batch;
  batch.staged.emplace_back("f", numbered(3));
  batch.finished.push_back(source_record("f", 1));
  rows.commit(std::move(batch));
  rows.save(folder.file("m"));
  const std::string good = read_file(folder.file("m")), path = folder.file("bad");
  for (std::size_t place = 0; place < good.size(); ++place) {
    std::string bytes = good;
    bytes[place] = static_cast<char>(bytes[place] ^ (1 << (place * 5 % 8)));
    write_file(path, bytes);
    try {
      MemoryRows::load(path, "model");
      FAIL_CHECK("byte " << place << " is not missed");
    } catch (const Error& error) {
      CHECK(error.kind() == ErrorKind::storage);
      CHECK(error.message().find(path) == 0);
    }
  }
}

TEST_CASE(
    "store damage: a file too short for a store is refused and left alone, an empty one is new") {
  const TemporaryFolder folder;
  const std::string path = folder.file("short");
  std::string begin = "SQLite format 3";
  begin.resize(100, '\0');
  for (const std::string& content : {std::string(100, 'x'), std::string(100, '\0'), begin}) {
    for (const std::size_t size : {1, 2, 15, 16, 17, 99, 100}) {
      write_file(path, content.substr(0, size));
      INFO(size << " bytes of '" << content[0] << "'");
      try {
        SqliteRows(settings_of(path), expecting("model", 4));
        FAIL_CHECK("accepted");
      } catch (const Error& error) {
        CHECK(error.kind() == ErrorKind::storage);
        CHECK(error.message().find(path) == 0);
      }
      CHECK(read_file(path) == content.substr(0, size));
      CHECK_FALSE(std::filesystem::exists(path + "-wal"));
      CHECK_FALSE(std::filesystem::exists(path + "-journal"));
    }
  }
  write_file(path, "");
  SqliteRows rows(settings_of(path), expecting("model", 4));
  rows.put({record("a", "apple", {1, 0, 0, 0})});
  CHECK(rows.size() == 1);
}
