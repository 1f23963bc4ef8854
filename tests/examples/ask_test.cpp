// `ask` offline: files, the index, and input that is wrong.
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "examples/ask_support.hpp"
#include "support/catch.hpp"
#include "support/data.hpp"

using Catch::Matchers::ContainsSubstring;
using lian::test::AskWorld;
using lian::test::Finished;
using lian::test::times;

namespace {

std::string bytes_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void write_notes(const AskWorld& world) {
  world.write("keys.md", "# Keys\n\nThe spare key lies under the blue flower pot.\n");
  world.write("kettle.md", "# Kettle\n\nThe kettle holds 1.7 litres of water.\n");
}

// An error: its message once, an exit code of its own, nothing on standard output.
void check_error(const Finished& run, const std::string& message) {
  INFO(run.err);
  CHECK(run.exit_code == 1);
  CHECK(run.out.empty());
  CHECK_THAT(run.err, ContainsSubstring(message));
  CHECK(times(run.err, message) == 1);
}

}  // namespace

TEST_CASE("ask: answers with a quote that equals the source's bytes") {
  const AskWorld world;
  const std::string docs = lian::test::data_path("ask/docs");
  const Finished run = world.ask({docs, "How much water does the Aurora K2 hold?", "--json"});
  INFO(run.err);
  REQUIRE(run.exit_code == 0);
  const auto answer = nlohmann::json::parse(run.out);
  CHECK(answer.at("found") == true);
  REQUIRE(answer.at("citations").size() >= 1);
  const auto& citation = answer.at("citations").at(0);
  CHECK(citation.at("source") == docs + "/kettle_k2_manual.md");
  CHECK_THAT(citation.at("quote").get<std::string>(), ContainsSubstring("1.7 litres"));
  const std::size_t begin = citation.at("byte_begin"), end = citation.at("byte_end");
  CHECK(bytes_of(citation.at("source")).substr(begin, end - begin) ==
        citation.at("quote").get<std::string>());
}

TEST_CASE("ask: answers in Chinese, with numbers in the text and a list below") {
  const AskWorld world;
  world.write("规定.md", "# 考勤\n\n员工每天上午九点上班，下午六点下班。\n\n午休时间为十二点到下午两点。\n");
  const Finished run = world.ask({world.notes(), "每天几点上班？"});
  INFO(run.err);
  REQUIRE(run.exit_code == 0);
  CHECK_THAT(run.out, ContainsSubstring("上午九点上班"));
  CHECK_THAT(run.out, ContainsSubstring("\n\n[1] " + world.notes() + "/规定.md:3\n"));
  CHECK_THAT(run.err, ContainsSubstring("answered in"));
}

TEST_CASE("ask: says that it is not in the documents") {
  const AskWorld world;
  write_notes(world);
  const Finished run = world.ask({world.notes(), "Who won the chess tournament in Reykjavik?"});
  CHECK(run.exit_code == 0);
  CHECK(run.out == "Not in the documents.\n");
}

TEST_CASE("ask: streamed or whole, the answer is the same") {
  const AskWorld world;
  write_notes(world);
  const Finished streamed = world.ask({world.notes(), "Where is the spare key?"});
  const Finished whole = world.ask({world.notes(), "Where is the spare key?", "--no-stream"});
  CHECK(streamed.exit_code == 0);
  CHECK_THAT(streamed.out, ContainsSubstring("under the blue flower pot"));
  CHECK(streamed.out == whole.out);
}

TEST_CASE("ask: changed and deleted files update only their own rows") {
  const AskWorld world;
  write_notes(world);
  const std::vector<std::string> key{world.notes(), "Where is the spare key?"};
  CHECK_THAT(world.ask(key).err, ContainsSubstring("2 files indexed, 0 as before, 0 gone"));
  CHECK(world.ask(key).err.find("indexed") == std::string::npos);

  world.write("keys.md", "# Keys\n\nThe spare key lies in the garage.\n");
  const Finished changed = world.ask(key);
  CHECK_THAT(changed.err, ContainsSubstring("1 files indexed, 1 as before, 0 gone"));
  CHECK_THAT(changed.out, ContainsSubstring("in the garage"));

  std::filesystem::remove(world.notes() + "/keys.md");
  const Finished deleted = world.ask(key);
  CHECK_THAT(deleted.err, ContainsSubstring("0 files indexed, 1 as before, 1 gone"));
  CHECK(deleted.out == "Not in the documents.\n");
}

TEST_CASE("ask: one folder spelled differently is one folder") {
  const AskWorld world;
  write_notes(world);
  CHECK(world.ask({world.notes(), "Where is the spare key?"}).exit_code == 0);
  const Finished again = world.ask({world.notes() + "/./", "Where is the spare key?"});
  CHECK(again.exit_code == 0);
  CHECK(again.err.find("indexed") == std::string::npos);
}

TEST_CASE("ask: two folders in one store leave each other's rows alone") {
  const AskWorld world;
  write_notes(world);
  const std::string other = world.folder().path("notes2");
  world.folder().write("notes2/cat.md", "The cat is called Miriam.\n");
  CHECK(world.ask({other, "What is the cat called?", "--store", world.store()}).exit_code == 0);
  const Finished run =
      world.ask({world.notes(), "Where is the spare key?", "--store", world.store()});
  CHECK_THAT(run.err, ContainsSubstring("2 files indexed, 0 as before, 0 gone"));
}

TEST_CASE("ask: interactive through a pipe") {
  const AskWorld world;
  write_notes(world);
  const Finished run = world.ask({world.notes()}, "Where is the spare key?\n\nHow much water?\n");
  INFO(run.err);
  CHECK(run.exit_code == 0);
  CHECK_THAT(run.out, ContainsSubstring("blue flower pot"));
  CHECK_THAT(run.out, ContainsSubstring("1.7 litres"));
  CHECK(times(run.err, "answered in") == 2);
}

TEST_CASE("ask: what is not a terminal gets no control characters") {
  const AskWorld world;
  for (int i = 0; i < 40; ++i)
    world.write("note" + std::to_string(i) + ".txt", "Note " + std::to_string(i) + ".\n");
  write_notes(world);
  for (const std::vector<std::string>& more :
       {std::vector<std::string>{}, {"--no-stream"}, {"--json"}, {"--verbose"}}) {
    std::vector<std::string> arguments{world.notes(), "Where is the spare key?"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const Finished run = world.ask(arguments);
    CHECK(run.exit_code == 0);
    for (const char c : run.out + run.err)
      if (c != '\n') CHECK(static_cast<unsigned char>(c) >= ' ');
  }
}

TEST_CASE("ask: with --json the output is JSON, errors too") {
  const AskWorld world;
  write_notes(world);
  struct Row {
    std::vector<std::string> arguments;
    std::string kind;
  };
  const std::vector<Row> rows{{{world.folder().path("missing"), "Where?"}, "not_found"},
                              {{world.folder().path("not UTF-8 \xFF"), "Where?"}, "not_found"},
                              {{world.notes(), ""}, "validation"},
                              {{world.notes(), "Where?", "--store", world.notes()}, "storage"},
                              {{world.notes(), "Where?", "--model", "openai:gpt-4o"}, "config"}};
  for (Row row : rows) {
    row.arguments.emplace_back("--json");
    const Finished run = world.ask(row.arguments);
    INFO(run.out << run.err);
    CHECK(run.exit_code == 1);
    const auto error = nlohmann::json::parse(run.out).at("error");
    CHECK(error.at("kind") == row.kind);
    CHECK(error.at("message").get<std::string>().size() > 10);
    CHECK(times(run.err, "ask: ") == 1);
  }
  const Finished none = world.ask({world.notes(), "Who won the chess tournament?", "--json"});
  CHECK(none.exit_code == 0);
  CHECK(nlohmann::json::parse(none.out).at("found") == false);
}

TEST_CASE("ask: wrong folders and questions") {
  const AskWorld world;
  check_error(world.ask({world.folder().path("missing"), "Where?"}), "there is no folder");
  CHECK_FALSE(std::filesystem::exists(world.folder().path("cache")));
  check_error(world.ask({world.notes(), "Where?"}), "holds no text to answer from");
  write_notes(world);
  check_error(world.ask({world.notes(), ""}), "the question is empty");
  check_error(world.ask({world.notes(), " \t"}), "the question is empty");
  check_error(world.ask({world.notes(), "Where\xFF?"}), "the question is not UTF-8");
  check_error(world.ask({world.notes() + "/kettle.md", "Where?"}), "is a file; name the folder");
  check_error(world.ask({world.notes(), "Where?", "--store", world.notes()}), "this is a folder");
  CHECK(world.ask({}).exit_code == 2);
  for (const char* const count : {"0", "-1", "101", "99999999999999999999", "many", ""}) {
    const Finished run = world.ask({world.notes(), "x", "--top-k", count});
    CHECK(run.exit_code == 2);
    CHECK_THAT(run.err, ContainsSubstring("--top-k"));
  }
}

TEST_CASE("ask: says what to do when there is no place for the index") {
  const AskWorld world;
  write_notes(world);
  world.folder().write("cache", "a file where the cache folder is due");
  check_error(world.ask({world.notes(), "Where is the spare key?"}), "--store");
}

TEST_CASE("ask: an answer that cannot be written is an error") {
  const AskWorld world;
  write_notes(world);
  for (const char* const more : {"--no-stream", "--json", "--verbose"}) {
    const Finished run =
        lian::test::Child("/bin/sh",
                          {"-c", "exec \"$0\" \"$@\" > /dev/full", AskWorld::program(),
                           world.notes(), "Where is the spare key?", more},
                          world.environment())
            .finish();
    INFO(run.err);
    CHECK(run.exit_code == 1);
    CHECK_THAT(run.err, ContainsSubstring("cannot be written"));
  }
}

TEST_CASE("ask: bad files are told, the others answer") {
  const AskWorld world;
  write_notes(world);
  world.write("latin.txt", "Der Schl\xFCssel liegt im Flur.\n");
  world.write("picture.bin", std::string("\x89PNG\0\0\0", 7));
  std::filesystem::create_symlink("nowhere", world.notes() + "/gone.md");
  const std::string large = world.write("large.txt", "x");
  REQUIRE(::truncate(large.c_str(), (std::int64_t{64} << 20) + 1) == 0);
  const Finished run = world.ask({world.notes(), "Where is the spare key?"});
  INFO(run.err);
  CHECK(run.exit_code == 3);
  CHECK_THAT(run.out, ContainsSubstring("blue flower pot"));
  for (const char* const name : {"latin.txt", "gone.md", "large.txt"})
    CHECK(times(run.err, name) == 1);
  CHECK_THAT(run.err, ContainsSubstring("UTF-8"));
  CHECK_THAT(run.err, ContainsSubstring("left out: " + world.notes() + "/picture.bin"));
  if (::geteuid() != 0) {
    ::chmod((world.notes() + "/kettle.md").c_str(), 0);
    CHECK_THAT(world.ask({world.notes(), "key?"}).err, ContainsSubstring("kettle.md"));
  }
}

TEST_CASE("ask: unknown providers and missing keys") {
  const AskWorld world;
  write_notes(world);
  check_error(world.ask({world.notes(), "Where?", "--model", "opnai:gpt-4o"}),
              "unknown provider 'opnai'");
  CHECK_THAT(world.ask({world.notes(), "Where?", "--model", "opnai:gpt-4o"}).err,
             ContainsSubstring("lian knows: openai, "));
  check_error(world.ask({world.notes(), "Where?", "--model", "openai:gpt-4o"}), "OPENAI_API_KEY");
}

TEST_CASE("ask: a damaged store is told and left alone, an empty file is a new one") {
  const AskWorld world;
  write_notes(world);
  for (const std::size_t size : {8192, 99, 1}) {
    world.folder().write("index.db", std::string(size, 'x'));
    check_error(world.ask({world.notes(), "Where?", "--store", world.store()}), world.store());
    CHECK(bytes_of(world.store()) == std::string(size, 'x'));
  }
  world.folder().write("index.db", "");
  const Finished run =
      world.ask({world.notes(), "Where is the spare key?", "--store", world.store()});
  CHECK(run.exit_code == 0);
  CHECK_THAT(run.out, ContainsSubstring("blue flower pot"));
}
