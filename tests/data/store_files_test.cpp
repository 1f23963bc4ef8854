// What happens to store files: other models, foreign and damaged files, kills, other processes.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <memory>
#include <random>
#include <thread>

#include "data/rows_support.hpp"
#include "lian/core/error.hpp"
#include "support/catch.hpp"

using namespace lian;
using namespace lian::test;

namespace {

// The error of an attempt, or null.
template <class Attempt>
std::unique_ptr<Error> error_of(Attempt attempt) {
  try {
    attempt();
  } catch (const Error& error) {
    return std::make_unique<Error>(error);
  }
  return nullptr;
}

std::vector<VectorRecord> sample(std::size_t count) {
  std::vector<VectorRecord> records;
  for (std::size_t i = 0; i < count; ++i) {
    const std::string id = "d" + std::to_string(i);
    records.push_back(record(id, "text of " + id + std::string(100, 'x'),
                             {1, static_cast<float>(i), 2, 3}, values("n", int(i), "t", id)));
  }
  return records;
}

// Everything a damaged store still gives must be what was put in.
void check_hits(const std::vector<VectorHit>& hits, const std::vector<VectorRecord>& originals) {
  for (const VectorHit& hit : hits) {
    const auto index = static_cast<std::size_t>(std::stoi(hit.document.id.substr(1)));
    REQUIRE(index < originals.size());
    CHECK(hit.document == originals[index].document);
  }
}

void damage(std::string& bytes, std::mt19937& random) {
  switch (random() % 4) {
    case 0:
      bytes.resize(random() % bytes.size());
      break;
    case 1:
      bytes[random() % bytes.size()] ^= static_cast<char>(1 << (random() % 8));
      break;
    case 2:
      for (int i = 0; i < 64; ++i) bytes[random() % bytes.size()] = static_cast<char>(random());
      break;
    default: {
      const std::size_t from = random() % bytes.size();
      const std::size_t count = std::min<std::size_t>(bytes.size() - from, random() % 4096);
      bytes.replace(from, count, std::string(count, '\0'));
    }
  }
}

}  // namespace

TEST_CASE("store files: a memory store comes back from its file") {
  const TemporaryFolder folder;
  MemoryRows rows("memory", "model");
  rows.put(sample(20));
  IndexBatch batch;
  batch.staged.emplace_back("f", record("s1", "staged", {1, 2, 3, 4}));
  batch.finished.push_back(source_record("f", 1));
  rows.commit(std::move(batch));
  rows.save(folder.file("m"));
  rows.save(folder.file("m"));  // replaces
  MemoryRows back = MemoryRows::load(folder.file("m"), "model");
  CHECK(back.size() == 21);
  CHECK(back.sources("") == rows.sources(""));
  const auto before = rows.nearest(near({1, 5, 2, 3}, 21));
  const auto after = back.nearest(near({1, 5, 2, 3}, 21));
  REQUIRE(before.size() == after.size());
  for (std::size_t i = 0; i < before.size(); ++i) CHECK(before[i].document == after[i].document);
  IndexBatch removal;
  removal.removed.push_back("f");
  back.commit(std::move(removal));
  CHECK(back.size() == 20);

  CHECK(MemoryRows::load(folder.file("m"), "").size() == 21);
  const auto other = error_of([&] { MemoryRows::load(folder.file("m"), "other"); });
  REQUIRE(other);
  CHECK(other->kind() == ErrorKind::config);
  CHECK_THAT(other->message(), Catch::Contains("\"model\"") && Catch::Contains("\"other\""));
  CHECK(error_of([&] { MemoryRows::load(folder.file("none"), ""); })->kind() ==
        ErrorKind::not_found);
  CHECK(error_of([&] { rows.save(folder.file("no/such/folder")); })->kind() == ErrorKind::storage);
}

TEST_CASE("store files: a damaged memory store file is a storage error, never another store") {
  const TemporaryFolder folder;
  MemoryRows rows("memory", "model");
  rows.put(sample(8));
  rows.save(folder.file("m"));
  const std::string good = read_file(folder.file("m"));
  std::mt19937 random(3);
  for (int round = 0; round < 400; ++round) {
    std::string bytes = good;
    damage(bytes, random);
    if (bytes == good) continue;
    write_file(folder.file("bad"), bytes);
    const auto error = error_of([&] { MemoryRows::load(folder.file("bad"), "model"); });
    REQUIRE(error);
    CHECK(error->kind() == ErrorKind::storage);
    CHECK(error->message().find(folder.file("bad")) == 0);
  }
}

TEST_CASE("store files: an SQLite store comes back, also for a second process and read-only") {
  const TemporaryFolder folder;
  const std::string path = folder.file("库 #1%?.db");
  SqliteRows rows(settings_of(path), expecting("model", 4));
  rows.put(sample(20));
  CHECK(rows.nearest(near({1, 5, 2, 3}, 99)).size() == 20);
  {
    SqliteRows second(settings_of(path), expecting("model", 4));
    CHECK(second.nearest(near({1, 5, 2, 3}, 99)).size() == 20);
    second.put({record("new", "new", {1, 1, 1, 1})});
    second.erase({"d0"});
    CHECK(rows.nearest(near({1, 1, 1, 1}, 99)).size() == 20);
    CHECK(rows.nearest(near({1, 1, 1, 1}, 1))[0].document.id == "new");
    CHECK(rows.fetch({"d0"}).empty());
    CHECK(rows.erase({"new"}) == 1);
    CHECK(second.nearest(near({1, 1, 1, 1}, 99)).size() == 19);
  }
  ConnectionSettings settings = settings_of(path);
  settings.read_only = true;
  SqliteRows reader(std::move(settings), expecting("model", 4));
  CHECK(reader.read_only());
  CHECK(reader.nearest(near({1, 5, 2, 3}, 99)).size() == 19);
  CHECK(reader.matching(words("text")).size() == 4);
  const auto refused = error_of([&] { reader.put(sample(1)); });
  REQUIRE(refused);
  CHECK(refused->kind() == ErrorKind::storage);
}

TEST_CASE("store files: another model or dimension is refused by name, or rebuilt") {
  const TemporaryFolder folder;
  const std::string path = folder.file("s.db");
  SqliteRows(settings_of(path), expecting("model", 4)).put(sample(3));
  const auto model = error_of([&] { SqliteRows(settings_of(path), expecting("other", 4)); });
  REQUIRE(model);
  CHECK(model->kind() == ErrorKind::config);
  CHECK_THAT(model->message(), Catch::Contains("\"model\"") && Catch::Contains("\"other\"") &&
                                   Catch::Contains("rebuild"));
  const auto dimension = error_of([&] { SqliteRows(settings_of(path), expecting("model", 8)); });
  REQUIRE(dimension);
  CHECK(dimension->kind() == ErrorKind::config);
  CHECK_THAT(dimension->message(), Catch::Contains("4 components, not 8"));
  CHECK(SqliteRows(settings_of(path), expecting("", 0)).size() == 3);

  StoreExpectation expected = expecting("other", 2);
  expected.rebuild = true;
  SqliteRows rebuilt(settings_of(path), expected);
  CHECK(rebuilt.size() == 0);
  CHECK(rebuilt.matching(words("text")).empty());
  rebuilt.put({record("a", "apple", {1, 0})});
  CHECK(rebuilt.nearest(near({1, 0})).size() == 1);
}

TEST_CASE("store files: a foreign file is refused and left alone") {
  const TemporaryFolder folder;
  for (const std::string& content :
       {std::string("not a database, but long enough to be taken for one"), std::string(5000, '\0'),
        std::string("SQLite format 3\0abc", 19)}) {
    write_file(folder.file("foreign"), content);
    StoreExpectation expected = expecting("model", 4);
    expected.rebuild = true;
    const auto error = error_of([&] { SqliteRows(settings_of(folder.file("foreign")), expected); });
    REQUIRE(error);
    CHECK(error->kind() == ErrorKind::storage);
    CHECK(error->message().find(folder.file("foreign")) == 0);
    CHECK(read_file(folder.file("foreign")) == content);
  }
  {
    Connection other(settings_of(folder.file("other.db")));
    other.run("CREATE TABLE documents(x)");
  }
  const auto error =
      error_of([&] { SqliteRows(settings_of(folder.file("other.db")), expecting("m", 4)); });
  REQUIRE(error);
  CHECK_THAT(error->message(), Catch::Contains("not a store of lian"));
  {
    SqliteRows(settings_of(folder.file("extra.db")), expecting("m", 4));
    Connection extra(settings_of(folder.file("extra.db")));
    extra.run("CREATE TRIGGER t AFTER INSERT ON documents BEGIN DELETE FROM documents; END");
  }
  CHECK(error_of([&] { SqliteRows(settings_of(folder.file("extra.db")), expecting("m", 4)); }));
  CHECK(error_of([&] {
          SqliteRows(settings_of(folder.file("no/such/x.db")), expecting("m", 4));
        })->kind() == ErrorKind::storage);
  CHECK(error_of([&] { SqliteRows(settings_of(""), expecting("m", 4)); })->kind() ==
        ErrorKind::config);
}

TEST_CASE("store files: a locked store is a clear error after the busy timeout") {
  const TemporaryFolder folder;
  const std::string path = folder.file("s.db");
  SqliteRows rows(settings_of(path), expecting("model", 4));
  rows.put(sample(3));
  Connection other(settings_of(path));
  const Transaction holding(other);
  const auto error = error_of([&] { rows.put(sample(1)); });
  REQUIRE(error);
  CHECK(error->kind() == ErrorKind::storage);
  CHECK_THAT(error->message(),
             Catch::Contains("locked by another process") && Catch::Contains("50 ms"));
  CHECK(rows.nearest(near({1, 1, 1, 1}, 99)).size() == 3);
}

TEST_CASE("store files: a damaged SQLite store gives a typed error or intact data") {
  const TemporaryFolder folder;
  const std::vector<VectorRecord> originals = sample(40);
  {
    SqliteRows rows(settings_of(folder.file("good.db")), expecting("model", 4));
    rows.put(originals);
  }
  const std::string good = read_file(folder.file("good.db"));
  REQUIRE(good.size() > 16384);
  std::mt19937 random(4);
  const std::string path = folder.file("bad.db");
  int refused = 0;
  for (int round = 0; round < 300; ++round) {
    std::string bytes = good;
    damage(bytes, random);
    for (const char* suffix : {"", "-wal", "-shm"}) std::filesystem::remove(path + suffix);
    write_file(path, bytes);
    try {
      SqliteRows rows(settings_of(path), expecting("model", 4));
      const auto hits = rows.nearest(near({1, 1, 2, 3}, 99));
      if (!bytes.empty()) CHECK(hits.size() == originals.size());
      check_hits(hits, originals);
      check_hits(rows.matching(words("text", 99)), originals);
      check_hits(rows.nearest(near({1, 1, 2, 3}, 99, where("n") >= 20)), originals);
      rows.sources("");
      rows.put({record("d40", "new", {1, 1, 1, 1})});
      rows.erase({"d1"});
    } catch (const Error& error) {
      ++refused;
      CHECK(error.kind() == ErrorKind::storage);
    }
  }
  CHECK(refused > 50);
}

TEST_CASE("store files: after a kill at any point every acknowledged batch is whole") {
  const TemporaryFolder folder;
  std::mt19937 random(5);
  for (int round = 0; round < 8; ++round) {
    const std::string path = folder.file("k" + std::to_string(round) + ".db");
    int acknowledged[2];
    REQUIRE(::pipe(acknowledged) == 0);
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
      try {
        SqliteRows rows(settings_of(path), expecting("model", 2));
        for (int batch = 0;; ++batch) {
          std::vector<VectorRecord> records;
          for (int i = 0; i < 5; ++i) {
            const std::string id = std::to_string(batch) + "-" + std::to_string(i);
            records.push_back(record(id, "text " + id, {1, float(i)}, values("batch", batch)));
          }
          rows.put(records);
          if (batch % 3 == 2) rows.erase({std::to_string(batch - 1) + "-0"});
          if (::write(acknowledged[1], "x", 1) != 1) ::_exit(1);
        }
      } catch (...) {
        ::_exit(2);
      }
    }
    ::close(acknowledged[1]);
    const int wanted = 1 + static_cast<int>(random() % 40);
    int batches = 0;
    char byte;
    while (batches < wanted && ::read(acknowledged[0], &byte, 1) == 1) ++batches;
    for (auto spin = random() % 20000; spin > 0; --spin) static_cast<void>(::getppid());
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    while (::read(acknowledged[0], &byte, 1) == 1) ++batches;
    ::close(acknowledged[0]);

    SqliteRows rows(settings_of(path), expecting("model", 2));
    const std::size_t found = rows.nearest(near({1, 0}, 100000)).size();
    for (int batch = 0; batch < batches; ++batch) {
      const auto hits = rows.nearest(near({1, 0}, 9, where("batch") == batch));
      const bool may_be_erased = batch % 3 == 1;
      CAPTURE(round, batch, batches);
      CHECK((hits.size() == 5 || (may_be_erased && hits.size() == 4)));
    }
    CHECK(rows.matching(words("text", 100000)).size() == found);
    Connection connection(settings_of(path));
    Query check(connection, "PRAGMA integrity_check");
    REQUIRE(check.step());
    CHECK(check.bytes(0) == "ok");
  }
}

TEST_CASE("store files: readers and writers share an SQLite store") {
  const TemporaryFolder folder;
  SqliteRows rows(settings_of(folder.file("s.db")), expecting("model", 4));
  rows.put(sample(50));
  std::atomic<int> failures{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 3; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 60; ++i) {
        const auto hits = rows.nearest(near({1, 1, 1, 1}, 5, where("n") < 40));
        if (hits.size() != 5) ++failures;
        if (rows.matching(words("text", 3)).size() != 3) ++failures;
      }
    });
  }
  for (int i = 0; i < 30; ++i) {
    const std::string id = "w" + std::to_string(i);
    rows.put({record(id, "written", {1, 2, 3, 4}, values("n", 1000))});
    if (i % 2 == 1) rows.erase({id});
  }
  for (auto& thread : threads) thread.join();
  CHECK(failures == 0);
  CHECK(rows.size() == 65);
  CHECK(rows.nearest(near({1, 1, 1, 1}, 999)).size() == 65);
}
