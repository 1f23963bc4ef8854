#pragma once

#include <cstdint>

#include "lian/core/context.hpp"
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
/// The same for a run: what its source gives when it has one, so that a replay draws what was
/// drawn.
std::uint64_t random_bits(const Context& context);
/// Uniform in [0, 1).
double random_unit(const Context& context);

}  // namespace detail
}  // namespace v0
}  // namespace lian
