#pragma once

#include <cstdint>
#include <string_view>

namespace lian {
inline namespace v0 {

/// What differs between the generations of Claude models.
struct ClaudeTraits {
  constexpr ClaudeTraits() = default;
  bool thinks = true;
  bool adaptive = true;  // thinks by effort; else by a budget of tokens
  bool sampling = true;  // takes temperature and top_p
  std::int64_t max_output_tokens = 64000;
};

/// Read off the model's name, in any of its forms ("claude-3-5-sonnet-20241022", "claude-opus-4-1",
/// "claude-2.1"); a name without a version counts as one of the newest.
ClaudeTraits claude_traits(std::string_view model) noexcept;

}  // namespace v0
}  // namespace lian
