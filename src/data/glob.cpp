#include "data/glob.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "lian/core/error.hpp"
#include "lian/core/utf8.hpp"

namespace lian {
inline namespace v0 {
namespace detail {
namespace {

constexpr std::size_t npos = std::string_view::npos;

// The index of the bracket that closes the one at `open`; a bracket right after it is a member.
std::size_t closing_bracket(std::string_view pattern, std::size_t open) {
  std::size_t at = open + 1;
  if (at < pattern.size() && (pattern[at] == '!' || pattern[at] == '^')) ++at;
  return pattern.find(']', std::min(at + 1, pattern.size()));
}

// Whether `code_point` is in the set between the brackets.
bool in_set(std::string_view set, char32_t code_point) {
  const bool negated = set.front() == '!' || set.front() == '^';
  bool found = false;
  for (std::size_t at = negated ? 1 : 0; at < set.size();) {
    const char32_t low = utf8::next(set, at);
    char32_t high = low;
    if (at + 1 < set.size() && set[at] == '-') high = utf8::next(set, ++at);
    found = found || (low <= code_point && code_point <= high);
  }
  return found != negated;
}

// Matches the one code point at `at` with the pattern's element at `mark`; moves both behind.
bool step_one(std::string_view pattern, std::size_t& mark, std::string_view name, std::size_t& at) {
  const char32_t code_point = utf8::next(name, at);
  if (pattern[mark] == '?') return ++mark, true;
  if (pattern[mark] != '[') return utf8::next(pattern, mark) == code_point;
  const std::size_t open = mark, close = closing_bracket(pattern, mark);
  mark = close + 1;
  return in_set(pattern.substr(open + 1, close - open - 1), code_point);
}

// One name against one pattern without '/'. On a mismatch only the last star needs to grow.
bool name_matches(std::string_view pattern, std::string_view name) {
  std::size_t mark = 0, at = 0, after_star = npos, star_at = 0;
  while (at < name.size()) {
    if (mark < pattern.size() && pattern[mark] == '*') {
      after_star = ++mark;
      star_at = at;
      continue;
    }
    if (mark < pattern.size() && step_one(pattern, mark, name, at)) continue;
    if (after_star == npos) return false;
    utf8::next(name, star_at);
    mark = after_star;
    at = star_at;
  }
  return pattern.find_first_not_of('*', mark) == npos;
}

std::string_view first_name(std::string_view path) { return path.substr(0, path.find('/')); }

// What follows the first name; sets `more` to whether a '/' did.
std::string_view after_first_name(std::string_view path, bool& more) {
  const std::size_t slash = path.find('/');
  more = slash != npos;
  return more ? path.substr(slash + 1) : std::string_view();
}

}  // namespace

bool glob_matches(std::string_view pattern, std::string_view path) {
  bool pattern_left = true, path_left = true, have_star = false;
  std::string_view after_star, star_path;
  while (path_left) {
    if (pattern_left && first_name(pattern) == "**") {
      pattern = after_first_name(pattern, pattern_left);
      if (!pattern_left) return true;
      have_star = true;
      after_star = pattern;
      star_path = path;
      continue;
    }
    if (pattern_left && name_matches(first_name(pattern), first_name(path))) {
      pattern = after_first_name(pattern, pattern_left);
      path = after_first_name(path, path_left);
      continue;
    }
    if (!have_star) return false;
    star_path = after_first_name(star_path, path_left);
    path = star_path;
    pattern = after_star;
    pattern_left = true;
  }
  return !pattern_left;
}

void check_glob(std::string_view pattern) {
  if (pattern.empty()) {
    throw Error(ErrorKind::config,
                "directory loader: a pattern is empty; \"**/*\" means all files");
  }
  for (std::size_t at = 0; at < pattern.size(); ++at) {
    if (pattern[at] != '[') continue;
    const std::size_t close = closing_bracket(pattern, at);
    if (close == npos || pattern.substr(at, close - at).find('/') != npos) {
      throw Error(ErrorKind::config,
                  fmt::format("directory loader: the bracket at byte {} of the pattern \"{}\" is "
                              "not closed; write [[] for a bracket itself",
                              at, pattern));
    }
    at = close;
  }
}

}  // namespace detail
}  // namespace v0
}  // namespace lian
