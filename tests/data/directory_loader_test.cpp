#include <sys/stat.h>

#include <algorithm>
#include <filesystem>

#include "lian/data/loader.hpp"
#include "support/catch.hpp"
#include "temp_folder.hpp"

using lian::DirectoryLoader;
using lian::Document;
using lian::Documents;
using lian::LoadProblem;
using lian::LoadReport;
using lian::LoadReports;
using lian::test::TempFolder;
namespace fs = std::filesystem;

namespace {

using Names = std::vector<std::string>;

Names names_of(const DirectoryLoader& loader) {
  Names out;
  LoadReports reports;
  for (const lian::SourceFile& file : loader.files(&reports)) out.push_back(file.relative_path);
  return out;
}

std::size_t count_of(const LoadReports& reports, LoadProblem kind) {
  return static_cast<std::size_t>(
      std::count_if(reports.begin(), reports.end(),
                    [&](const LoadReport& report) { return report.kind == kind; }));
}

}  // namespace

TEST_CASE("directory loader: reads below the folder in order, hidden files left out") {
  const TempFolder folder;
  folder.write("b.md", "# B");
  folder.write("a/z.txt", "z");
  folder.write("a/deep/y.md", "y");
  folder.write(".hidden", "h");
  folder.write(".git/config", "c");
  const DirectoryLoader loader(folder.path());
  CHECK(names_of(loader) == Names{"a/deep/y.md", "a/z.txt", "b.md"});
  const Documents found = loader.load();
  REQUIRE(found.size() == 3);
  CHECK(found[2].source() == folder.path("b.md"));
  CHECK(*found[2].metadata.at("relative_path").text() == "b.md");
  CHECK(*found[2].metadata.at("title").text() == "B");
  CHECK(names_of(DirectoryLoader(folder.path()).recursive(false)) == Names{"b.md"});
  CHECK(names_of(DirectoryLoader(folder.path() + "/")).size() == 3);
}

TEST_CASE("directory loader: patterns choose and leave out") {
  const TempFolder folder;
  for (const char* name : {"a.md", "b.txt", "sub/c.md", "sub/d.txt", "sub/old/e.md"}) {
    folder.write(name, "text");
  }
  CHECK(names_of(DirectoryLoader(folder.path()).globs({"**/*.md"})) ==
        Names{"a.md", "sub/c.md", "sub/old/e.md"});
  CHECK(names_of(DirectoryLoader(folder.path()).globs({"*.md", "sub/*.txt"})) ==
        Names{"a.md", "sub/d.txt"});
  CHECK(names_of(DirectoryLoader(folder.path()).globs({"**/*.md"}).exclude({"**/old/**"})) ==
        Names{"a.md", "sub/c.md"});
  CHECK_THROWS_AS(DirectoryLoader(folder.path()).globs({"["}), lian::Error);
}

TEST_CASE("directory loader: 20 bad files among 100 give 80 documents and 20 reports") {
  const TempFolder folder;
  for (int i = 0; i < 80; ++i) folder.write("good" + std::to_string(i) + ".txt", "good text");
  for (int i = 0; i < 5; ++i) {
    const std::string n = std::to_string(i);
    folder.write("latin" + n + ".txt", "caf\xE9");
    folder.write("binary" + n + ".dat", std::string_view("\0\1\2", 3));
    folder.write("damaged" + n + ".gz", "\x1F\x8B\x08 no gzip");
    fs::create_symlink("nowhere", folder.path("link" + n));
  }
  LoadReports reports;
  const Documents found = DirectoryLoader(folder.path()).load(&reports);
  CHECK(found.size() == 80);
  CHECK(reports.size() == 20);
  for (const LoadProblem kind : {LoadProblem::not_text, LoadProblem::binary, LoadProblem::damaged,
                                 LoadProblem::unreadable}) {
    CHECK(count_of(reports, kind) == 5);
  }
  for (const LoadReport& report : reports) CHECK(report.path.starts_with(folder.path()));
}

TEST_CASE("directory loader: without reports failures throw and skipped files are quiet") {
  const TempFolder folder;
  folder.write("a.txt", "text");
  folder.write("b.bin", std::string_view("\0", 1));
  CHECK(DirectoryLoader(folder.path()).load().size() == 1);
  folder.write("c.txt", "\xFF");
  CHECK_THROWS_AS(DirectoryLoader(folder.path()).load(), lian::LoadError);
}

TEST_CASE("directory loader: link loops end and every file comes once") {
  const TempFolder folder;
  folder.write("real/a.txt", "a");
  fs::create_directory_symlink("..", folder.path("real/up"));
  fs::create_directory_symlink("real", folder.path("again"));
  fs::create_symlink("real/a.txt", folder.path("copy.txt"));
  fs::create_symlink("self", folder.path("self"));
  LoadReports reports;
  const Documents found = DirectoryLoader(folder.path()).load(&reports);
  REQUIRE(found.size() == 1);
  CHECK(*found[0].metadata.at("relative_path").text() == "real/a.txt");
  CHECK(count_of(reports, LoadProblem::unreadable) == 1);
}

TEST_CASE("directory loader: a link inside is followed when its target was not chosen") {
  const TempFolder folder;
  folder.write("data/notes", "text");
  fs::create_symlink("data/notes", folder.path("notes.md"));
  const Documents found = DirectoryLoader(folder.path()).globs({"**/*.md"}).load();
  REQUIRE(found.size() == 1);
  CHECK(found[0].text == "text");
}

TEST_CASE("directory loader: links out of the folder are skipped with a report") {
  const TempFolder folder, outside;
  outside.write("secret.txt", "secret");
  folder.write("a.txt", "a");
  fs::create_symlink(outside.path("secret.txt"), folder.path("secret.txt"));
  fs::create_directory_symlink(outside.path(), folder.path("out"));
  LoadReports reports;
  CHECK(DirectoryLoader(folder.path()).load(&reports).size() == 1);
  CHECK(count_of(reports, LoadProblem::outside) == 2);
  fs::create_directory_symlink(folder.path(), outside.path("root"));
  CHECK(DirectoryLoader(outside.path("root")).load().size() == 1);
}

TEST_CASE("directory loader: a pipe is skipped and never waited for") {
  const TempFolder folder;
  REQUIRE(mkfifo(folder.path("pipe").c_str(), 0600) == 0);
  LoadReports reports;
  CHECK(DirectoryLoader(folder.path()).load(&reports).empty());
  CHECK(count_of(reports, LoadProblem::not_regular) == 1);
}

TEST_CASE("directory loader: a missing folder is named, an empty one gives nothing") {
  const TempFolder folder;
  CHECK_THROWS_WITH(DirectoryLoader(folder.path("none")).load(),
                    Catch::Contains("cannot open the folder " + folder.path("none")));
  const std::string file = folder.write("file", "x");
  CHECK_THROWS_WITH(DirectoryLoader(file).load(), Catch::Contains("is not a folder"));
  fs::create_directory(folder.path("empty"));
  LoadReports reports;
  CHECK(DirectoryLoader(folder.path("empty")).load(&reports).empty());
  CHECK(reports.empty());
}

TEST_CASE("directory loader: a format is added by its extensions") {
  class Upper final : public lian::FileFormat {
   public:
    std::string_view name() const noexcept override { return "upper"; }
    bool whole_file() const noexcept override { return true; }
    void finish(Document& document) const override {
      if (document.text == "bad") throw lian::Error(lian::ErrorKind::parse, "it is bad");
      for (char& c : document.text) c = static_cast<char>(c & ~0x20);
    }
  };
  const TempFolder folder;
  folder.write("a.UP", "abc");
  folder.write("b.up", "bad");
  folder.write("page.html", "<p>x");
  DirectoryLoader loader(folder.path());
  loader.formats(lian::FileFormats().add({"up"}, std::make_shared<Upper>()));
  LoadReports reports;
  const Documents found = loader.load(&reports);
  REQUIRE(found.size() == 1);
  CHECK(found[0].text == "ABC");
  REQUIRE(reports.size() == 2);
  CHECK(reports[0].message == "is no upper: it is bad");
  CHECK(reports[1].kind == LoadProblem::no_format);
  loader.limits(lian::LoadLimits().whole_bytes(2));
  reports.clear();
  CHECK(loader.load(&reports).empty());
  CHECK(count_of(reports, LoadProblem::too_large) == 2);
}
