#include "lian/core/router.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace lian {
inline namespace v0 {
namespace detail {

void check_route(const std::vector<std::string_view>& names) {
  for (auto name = names.begin(); name != names.end(); ++name) {
    if (name->empty()) throw Error(ErrorKind::config, "a way of a router has an empty name");
    if (std::find(names.begin(), name, *name) != name)
      throw Error(ErrorKind::config, fmt::format("two ways of a router have the name '{}'", *name));
  }
}

void throw_no_route(std::string_view key, const std::vector<std::string_view>& names) {
  throw Error(
      ErrorKind::invalid_request,
      fmt::format("no way of the router is named '{}'; there are {}", key, fmt::join(names, ", ")));
}

}  // namespace detail
}  // namespace v0
}  // namespace lian
