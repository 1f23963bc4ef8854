#include "lian/core/loop_until.hpp"

#include <fmt/format.h>

namespace lian {
inline namespace v0 {
namespace detail {

void check_iterations(int max_iterations) {
  if (max_iterations >= 1) return;
  throw Error(ErrorKind::config,
              fmt::format("loop_until needs at least 1 iteration, got {}", max_iterations));
}

void throw_too_many_iterations(int max_iterations) {
  throw LimitError(
      fmt::format(
          "its condition did not hold after {} iterations; allow more, or let the step come "
          "to an end",
          max_iterations),
      "max_iterations", static_cast<std::uint64_t>(max_iterations));
}

}  // namespace detail
}  // namespace v0
}  // namespace lian
