#pragma once

#include <chrono>
#include <optional>

#include "lian/core/http.hpp"

namespace lian {
inline namespace v0 {

/// The longest wait a server may ask for that is worth a retry.
inline constexpr double kMaxRetryAfterSeconds = 120;

/// What the headers of a reply say about trying again.
struct RetryHint {
  enum class Kind {
    none,     ///< no usable hint: wait by the caller's own rule
    wait,     ///< wait `seconds`, then try again
    give_up,  ///< `seconds` is more than kMaxRetryAfterSeconds: do not try again
  };
  Kind kind = Kind::none;
  double seconds = 0;
  std::optional<bool> should_retry;  ///< x-should-retry: overrules the status code
};

/// Reads `retry-after-ms` (milliseconds), then `retry-after` (seconds, or a date in one of the
/// three forms of RFC 9110, section 5.6.7), and `x-should-retry`. A value that does not parse, is
/// not finite or lies not in the future is no hint.
RetryHint retry_hint(const HttpHeaders& headers, std::chrono::system_clock::time_point now);

}  // namespace v0
}  // namespace lian
