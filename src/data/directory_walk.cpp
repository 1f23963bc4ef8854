#include "data/directory_walk.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <filesystem>
#include <set>
#include <system_error>
#include <utility>

#include "data/file_documents.hpp"
#include "data/glob.hpp"
#include "lian/core/utf8.hpp"

namespace lian {
inline namespace v0 {
namespace detail {
namespace {

namespace fs = std::filesystem;

bool any_matches(const std::vector<std::string>& patterns, std::string_view path) {
  return std::any_of(patterns.begin(), patterns.end(),
                     [&](const std::string& pattern) { return glob_matches(pattern, path); });
}

std::string join(std::string_view folder, std::string_view name) {
  if (folder.empty()) return std::string(name);
  return fmt::format("{}{}{}", folder, folder.back() == '/' ? "" : "/", name);
}

class Walk {
 public:
  Walk(std::string root, const WalkRules& rules, LoadReports& reports)
      : root_(std::move(root)), rules_(rules), reports_(reports) {
    std::error_code error;
    canonical_root_ = fs::canonical(root_, error);
    if (error) {
      throw Error(
          ErrorKind::not_found,
          fmt::format("directory loader: cannot open the folder {}: {}", root_, error.message()));
    }
    if (!fs::is_directory(canonical_root_)) {
      throw Error(
          ErrorKind::config,
          fmt::format("directory loader: {} is not a folder; load it with TextLoader", root_));
    }
  }

  std::vector<SourceFile> run() {
    visit_folder(canonical_root_, "");
    for (; !folders_.empty() || !links_.empty();) {
      std::deque<Found>& next = folders_.empty() ? links_ : folders_;
      const Found found = std::move(next.front());
      next.pop_front();
      if (&next == &folders_) {
        visit_folder(found.target, found.relative);
      } else {
        follow(found);
      }
    }
    std::sort(files_.begin(), files_.end(), [](const SourceFile& a, const SourceFile& b) {
      return a.relative_path < b.relative_path;
    });
    return std::move(files_);
  }

 private:
  struct Found {
    fs::path target;
    std::string relative;
  };

  // Lists a folder by its canonical path, once.
  void visit_folder(const fs::path& folder, const std::string& relative) {
    if (!seen_.insert(folder.native()).second) return;
    std::error_code error;
    fs::directory_iterator entries(folder, error);
    for (; !error && entries != fs::directory_iterator(); entries.increment(error)) {
      visit_entry(*entries, relative);
    }
    if (error) report(relative, LoadProblem::unreadable, "cannot be listed: " + error.message());
  }

  void visit_entry(const fs::directory_entry& entry, const std::string& folder) {
    const std::string name = entry.path().filename().string();
    if (name.front() == '.') return;
    const std::string relative = join(folder, name);
    if (!utf8::is_valid(name)) {
      return report(utf8::repair(relative), LoadProblem::unreadable, "its name is not UTF-8");
    }
    std::error_code error;
    const fs::file_type type = entry.symlink_status(error).type();
    if (type == fs::file_type::symlink) return links_.push_back({entry.path(), relative});
    if (type == fs::file_type::directory) return visit_later(entry.path(), relative);
    visit_file(entry.path(), relative, type == fs::file_type::regular);
  }

  void visit_later(const fs::path& folder, const std::string& relative) {
    if (rules_.recursive) folders_.push_back({folder, relative});
  }

  void visit_file(const fs::path& file, const std::string& relative, bool regular) {
    if (!any_matches(rules_.globs, relative) || any_matches(rules_.exclude, relative)) return;
    if (!regular) {
      return report(relative, LoadProblem::not_regular, "is a pipe, socket or device, not a file");
    }
    if (!seen_.insert(file.native()).second) return;
    files_.push_back(describe_file(join(root_, relative), relative));
  }

  void follow(const Found& link) {
    std::error_code error;
    const fs::path target = fs::canonical(link.target, error);
    const fs::file_status status = error ? fs::file_status() : fs::status(target, error);
    if (error) {
      if (!any_matches(rules_.globs, link.relative)) return;
      return report(link.relative, LoadProblem::unreadable,
                    "is a link to nothing: " + error.message());
    }
    if (!is_inside(target)) {
      return report(link.relative, LoadProblem::outside,
                    fmt::format("is a link out of the folder, to {}", target.string()));
    }
    if (fs::is_directory(status)) return visit_later(target, link.relative);
    visit_file(target, link.relative, fs::is_regular_file(status));
  }

  bool is_inside(const fs::path& target) const {
    return std::mismatch(canonical_root_.begin(), canonical_root_.end(), target.begin(),
                         target.end())
               .first == canonical_root_.end();
  }

  void report(const std::string& relative, LoadProblem kind, std::string message) {
    reports_.emplace_back(join(root_, relative), kind, std::move(message));
  }

  std::string root_;
  const WalkRules& rules_;
  LoadReports& reports_;
  fs::path canonical_root_;
  std::deque<Found> folders_, links_;  // links wait until every real folder was read
  std::set<std::string> seen_;         // canonical paths of folders listed and files taken
  std::vector<SourceFile> files_;
};

}  // namespace

std::vector<SourceFile> walk_directory(const std::string& root, const WalkRules& rules,
                                       LoadReports& reports) {
  return Walk(root, rules, reports).run();
}

}  // namespace detail
}  // namespace v0
}  // namespace lian
