#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace lian {
inline namespace v0 {

/// The time of an RFC 3339 text, e.g. "2026-01-01T00:00:12Z" or "…12.5+02:00", to the millisecond;
/// nothing for any other, and outside the years 1678 to 2261, which the clock cannot tell.
std::optional<std::chrono::system_clock::time_point> rfc3339_time(std::string_view text);

}  // namespace v0
}  // namespace lian
