// The file tools: what lies below their folder, and nothing else.
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <vector>

#include "data/temp_folder.hpp"
#include "lian/agent/file_tools.hpp"
#include "support/async.hpp"
#include "support/catch.hpp"
#include "support/corpus.hpp"

namespace lian {
namespace {

namespace fs = std::filesystem;

// The tree that path_traversal.tsv speaks of.
class Tree {
 public:
  Tree() {
    for (const char* name : {"root/a/b.txt", "root/.hidden", "root/..a", "root/...", "root/a/..b/c",
                             "root/a b.txt", "root/inside/x", "root/dir/file"})
      folder_.write(name, "inside");
    folder_.write("root-evil/x", "secret");
    folder_.write("outside.txt", "secret");
    fs::create_symlink("inside", folder_.path("root/link_in"));
    fs::create_symlink("../root-evil", folder_.path("root/link_out"));
    fs::create_symlink(folder_.path("outside.txt"), folder_.path("root/link_file"));
    fs::create_symlink("link_loop", folder_.path("root/link_loop"));
    fs::create_symlink("..", folder_.path("root/dir/link_up"));
    fs::create_symlink(folder_.path("not-there"), folder_.path("root/new_dir_link"));
    if (::mkfifo(folder_.path("root/fifo").c_str(), 0600) != 0) throw std::runtime_error("mkfifo");
  }
  std::string root() const { return folder_.path("root"); }
  const test::TempFolder& folder() const { return folder_; }

 private:
  test::TempFolder folder_;
};

ToolMessage call(const std::vector<Tool>& tools, std::size_t which, Json arguments) {
  return tools.at(which).invoke(ToolCall("1", tools.at(which).name(), arguments.dump()));
}
std::string read(const std::vector<Tool>& tools, const std::string& path) {
  return call(tools, 0, Json::object({{"path", path}})).content();
}

TEST_CASE("file tools: the table of hostile and harmless paths") {
  const Tree tree;
  const std::vector<Tool> tools = file_tools(tree.root(), FileToolOptions().allow_write(true));
  int denied = 0, allowed = 0;
  for (const auto& row : test::read_tsv("path_traversal.tsv")) {
    const std::string& verdict = row.at(0);
    const std::string& path = row.at(1);
    INFO(verdict << ": " << path);
    const std::string read_error = test::message_of([&] { read(tools, path); });
    if (verdict == "deny") {
      ++denied;
      CHECK_FALSE(read_error.empty());
      const std::string write_error = test::message_of([&] {
        call(tools, 2, Json::object({{"path", path}, {"content", "overwritten"}}));
      });
      CHECK_FALSE(write_error.empty());
    } else if (verdict == "allow") {
      // The tree holds these; a/./b.txt and link_in/x are other ways to what it holds.
      ++allowed;
      CHECK(read_error.empty());
    } else {  // an ordinary name, which nobody has
      CHECK(read_error.find("there is no") != std::string::npos);
    }
  }
  CHECK(denied >= 16);
  CHECK(allowed >= 8);
  CHECK_FALSE(fs::exists(tree.folder().path("not-there")));
  CHECK(fs::file_size(tree.folder().path("outside.txt")) == 6);
  CHECK(fs::file_size(tree.folder().path("root-evil/x")) == 6);
}

TEST_CASE("file tools: links are followed while they stay inside") {
  const Tree tree;
  const std::vector<Tool> tools = file_tools(tree.root());
  CHECK(read(tools, "link_in/x") == "inside");
  CHECK(read(tools, "dir/link_up/a/b.txt") == "inside");
  CHECK(read(tools, "a/../a/b.txt") == "inside");
  for (const char* path : {"dir/link_up/../x", "dir/link_up/link_out/x", "link_file", "link_loop"})
    CHECK(test::message_of([&] { read(tools, path); }).find("not allowed") != std::string::npos);
}

TEST_CASE("file tools: a folder that is swapped for a link meanwhile leads nowhere") {
  const Tree tree;
  const std::vector<Tool> tools = file_tools(tree.root());
  fs::rename(tree.folder().path("root"), tree.folder().path("moved"));
  fs::create_directory_symlink(tree.folder().path("root-evil"), tree.folder().path("root"));
  CHECK(read(tools, "a/b.txt") == "inside");
  CHECK(test::message_of([&] { read(tools, "x"); }).find("there is no") != std::string::npos);
}

TEST_CASE("file tools: sizes are limited") {
  const Tree tree;
  tree.folder().write("root/big", std::string(1001, 'x'));
  const std::vector<Tool> tools =
      file_tools(tree.root(), FileToolOptions().max_bytes(1000).max_entries(3).allow_write(true));
  CHECK(test::kind_of([&] { read(tools, "big"); }) == ErrorKind::limit);
  CHECK(test::kind_of([&] {
          call(tools, 2, Json::object({{"path", "new"}, {"content", std::string(1001, 'y')}}));
        }) == ErrorKind::limit);
  CHECK_FALSE(fs::exists(tree.folder().path("root/new")));
  CHECK(test::kind_of([&] { call(tools, 1, Json::object()); }) == ErrorKind::limit);
}

TEST_CASE("file tools: list and write") {
  const Tree tree;
  const std::vector<Tool> tools = file_tools(tree.root(), FileToolOptions().allow_write());
  CHECK(call(tools, 1, Json::object({{"path", "a"}})).content() == "..b/\nb.txt");
  const std::string all = call(tools, 1, Json::object()).content();
  CHECK(all.find("a/\n") != std::string::npos);
  CHECK(all.find("link_in") != std::string::npos);
  CHECK(call(tools, 2, Json::object({{"path", "a/new.txt"}, {"content", "你好"}})).content() ==
        "wrote 6 bytes to a/new.txt");
  CHECK(read(tools, "a/new.txt") == "你好");
  CHECK(tools[2].options().needs_approval());
  CHECK(file_tools(tree.root()).size() == 2);
  CHECK(test::kind_of([&] { file_tools(tree.folder().path("nowhere")); }) == ErrorKind::not_found);
}

}  // namespace
}  // namespace lian
