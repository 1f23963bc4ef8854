/// Patterns for relative paths with '/' between names.
#pragma once

#include <string_view>

namespace lian {
inline namespace v0 {
namespace detail {

/// Whether all of `path` matches `pattern`: `*` is any part of a name, `?` one code point of it,
/// `[a-z]` and `[!a-z]` (or `[^a-z]`) one of a set of code points, a name `**` any number of
/// folders. Takes time at most quadratic in the lengths. Both are valid UTF-8.
bool glob_matches(std::string_view pattern, std::string_view path);

/// Throws Error{config} naming the pattern when a bracket is not closed or the pattern is empty.
void check_glob(std::string_view pattern);

}  // namespace detail
}  // namespace v0
}  // namespace lian
