#pragma once

#include <cstdint>

#include "lian/core/event.hpp"
#include "lian/core/runtime.hpp"

namespace lian {
inline namespace v0 {
namespace detail {

inline constexpr const char* cancelled_text = "cancelled: a stop was requested";
inline constexpr const char* deadline_text = "the deadline of the call passed";

RunId next_run_id(Runtime& runtime) noexcept;
/// Uniform bits, different at each call; thread-safe. Not for secrets.
std::uint64_t random_bits(Runtime& runtime) noexcept;
/// Uniform in [0, 1).
double random_unit(Runtime& runtime) noexcept;

}  // namespace detail
}  // namespace v0
}  // namespace lian
