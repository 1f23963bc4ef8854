#pragma once

#include "lian/core/event.hpp"
#include "lian/core/runtime.hpp"

namespace lian {
inline namespace v0 {
namespace detail {

inline constexpr const char* cancelled_text = "cancelled: a stop was requested";
inline constexpr const char* deadline_text = "the deadline of the call passed";

RunId next_run_id(Runtime& runtime) noexcept;

}  // namespace detail
}  // namespace v0
}  // namespace lian
