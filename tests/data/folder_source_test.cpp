#include "lian/data/folder_source.hpp"

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include "lian/data/in_memory_vector_store.hpp"
#include "lian/model/registry.hpp"
#include "support/catch.hpp"

using namespace lian;
namespace fs = std::filesystem;

namespace {

class TempFolder {
 public:
  TempFolder() {
    std::string name = (fs::temp_directory_path() / "lian-folder-XXXXXX").string();
    REQUIRE(mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  ~TempFolder() { fs::remove_all(path_); }
  void write(const std::string& name, const std::string& text) const {
    fs::create_directories((path_ / name).parent_path());
    std::ofstream(path_ / name, std::ios::binary) << text;
  }
  void remove(const std::string& name) const { fs::remove(path_ / name); }
  std::string path() const { return path_.string(); }

 private:
  fs::path path_;
};

std::shared_ptr<FolderSource> source_of(const TempFolder& folder,
                                        FolderSourceOptions options = FolderSourceOptions()) {
  return std::make_shared<FolderSource>(DirectoryLoader(folder.path()),
                                        RecursiveCharacterTextSplitter(100, 10), options);
}

std::shared_ptr<InMemoryVectorStore> new_store() {
  return std::make_shared<InMemoryVectorStore>(embedding_model("offline"));
}

// A folder part of which cannot be listed at the moment.
class HalfSeen final : public IndexSource {
 public:
  explicit HalfSeen(bool all) : all_(all) {}
  Stream<SourceState> list(Context) override {
    SourceState seen("top", 1, 1), below("dir/below", 1, 1);
    co_yield seen;
    if (all_) co_yield below;
  }
  Stream<Document> read(std::string name, Context) override {
    Document document("text of " + name);
    co_yield document;
  }
  Task<std::string> fingerprint(std::string name, Context) override { co_return name; }
  bool sees(const std::string& name) const override { return all_ || !name.starts_with("dir/"); }

 private:
  bool all_;
};

}  // namespace

TEST_CASE("folder source: files become chunks with source and span") {
  const TempFolder folder;
  folder.write("a.txt", "one\ntwo");
  folder.write("sub/中文.md", "# 标题\n正文。");
  const auto store = new_store();
  const IndexResult result = index(source_of(folder), store);
  CHECK(result.sources_added == 2);
  CHECK(store->size() == 2);
  const Documents found = store->similarity_search("标题", 1);
  REQUIRE(found.size() == 1);
  CHECK(found[0].source() == folder.path() + "/sub/中文.md");
  CHECK(found[0].span == Span(0, found[0].text.size(), 1, 2));
}

TEST_CASE("folder source: only what changed is read again, what is gone goes") {
  const TempFolder folder;
  folder.write("keep.txt", "kept");
  folder.write("change.txt", "before");
  folder.write("drop.txt", "dropped");
  const auto store = new_store();
  index(source_of(folder), store);
  folder.write("change.txt", "after it changed");
  folder.remove("drop.txt");
  const IndexResult result = index(source_of(folder), store);
  CHECK(result.sources_updated == 1);
  CHECK(result.sources_deleted == 1);
  CHECK(result.sources_skipped == 1);
  CHECK(store->size() == 2);
}

TEST_CASE("folder source: a file that fails is reported and the others are indexed") {
  const TempFolder folder;
  folder.write("good.txt", "good");
  folder.write("bad.txt", "b\xff" "d");
  folder.write("binary.dat", std::string("a\0b", 3));
  folder.write("large.txt", std::string(200, 'x'));
  const auto source = source_of(folder, FolderSourceOptions().max_file_bytes(100));
  const auto store = new_store();
  const IndexResult result = index(source, store);
  REQUIRE(result.failed.size() == 1);
  CHECK_THAT(result.failed[0].message, Catch::Matchers::ContainsSubstring("bad.txt"));
  CHECK(store->size() == 1);
  std::vector<LoadProblem> kinds;
  for (const LoadReport& report : source->reports()) kinds.push_back(report.kind);
  std::sort(kinds.begin(), kinds.end());
  CHECK(kinds == std::vector<LoadProblem>{LoadProblem::too_large, LoadProblem::binary});
}

TEST_CASE("indexing: what cannot be seen at the moment is not taken for gone") {
  const auto store = new_store();
  index(std::make_shared<HalfSeen>(true), store);
  REQUIRE(store->size() == 2);
  const IndexResult result = index(std::make_shared<HalfSeen>(false), store);
  CHECK(result.sources_deleted == 0);
  CHECK(store->size() == 2);
}

TEST_CASE("search: rerank finds by words first and by cosine when no word is there") {
  const auto store = new_store();
  store->add_texts({"The kettle boils water.", "Cats sleep all day.", "Boiling point of water"});
  SearchOptions options;
  options.kind(SearchKind::rerank).k(2);
  const auto hits = store->search("how does water boil", options);
  REQUIRE(hits.size() == 2);
  CHECK(hits[0].document.text != "Cats sleep all day.");
  CHECK(hits[1].document.text != "Cats sleep all day.");
  CHECK(store->search("sleeping", options).size() == 2);
}
