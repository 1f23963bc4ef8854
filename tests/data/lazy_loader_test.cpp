#include <filesystem>

#include "lian/core/runtime.hpp"
#include "lian/core/stream.hpp"
#include "lian/core/task.hpp"
#include "lian/data/loader.hpp"
#include "support/catch.hpp"
#include "temp_folder.hpp"

using lian::DirectoryLoader;
using lian::Document;
using lian::Documents;
using lian::LoadReports;
using lian::Stream;
using lian::Task;
using lian::test::TempFolder;

namespace {

Task<std::string> first_text(Stream<Document> stream) {
  Document* const document = co_await stream.next();
  co_return document == nullptr ? std::string() : document->text;
}

}  // namespace

TEST_CASE("lazy loading: gives what load gives, with the same reports") {
  const TempFolder folder;
  for (int i = 0; i < 30; ++i) folder.write("f" + std::to_string(i) + ".md", "# T\n\ntext");
  folder.write("bad.txt", "\xFF");
  folder.write("skip.bin", std::string_view("\0", 1));
  const DirectoryLoader loader(folder.path());
  LoadReports expected;
  const Documents all = loader.load(&expected);
  const auto reports = std::make_shared<LoadReports>();
  CHECK(lian::block_on(lian::collect(loader.lazy_load(reports))) == all);
  CHECK(all.size() == 30);
  CHECK(*reports == expected);
  CHECK(reports->size() == 2);
}

TEST_CASE("lazy loading: a stream may be dropped half-read, and outlive its loader") {
  const TempFolder folder;
  folder.write("a.txt", "first");
  folder.write("b.txt", "second");
  CHECK(lian::block_on(first_text(DirectoryLoader(folder.path()).lazy_load())) == "first");
  const Stream<Document> never_read = DirectoryLoader(folder.path()).lazy_load();
}

TEST_CASE("lazy loading: errors arrive at the reader") {
  const TempFolder folder;
  auto missing = DirectoryLoader(folder.path("none")).lazy_load();
  CHECK_THROWS_WITH(lian::block_on(lian::collect(std::move(missing))),
                    Catch::Contains("cannot open the folder"));
  auto bad = lian::TextLoader(folder.write("a.txt", "\xFF")).lazy_load();
  CHECK_THROWS_AS(lian::block_on(lian::collect(std::move(bad))), lian::LoadError);
}
