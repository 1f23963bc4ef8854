/// The files of a folder that its patterns choose.
#pragma once

#include <string>
#include <vector>

#include "lian/data/loader.hpp"

namespace lian {
inline namespace v0 {
namespace detail {

/// What to look for below a folder.
struct WalkRules {
  const std::vector<std::string>& globs;
  const std::vector<std::string>& exclude;
  bool recursive;
};

/// The chosen files sorted by relative path. Links are followed inside `root` after everything that
/// is no link, each folder and file once; those that lead out or nowhere are reported. Throws
/// Error{not_found} or Error{config} when `root` is no folder.
std::vector<SourceFile> walk_directory(const std::string& root, const WalkRules& rules,
                                       LoadReports& reports);

}  // namespace detail
}  // namespace v0
}  // namespace lian
