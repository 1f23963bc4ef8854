#include "model/provider/claude_traits.hpp"

#include <algorithm>

namespace lian {
inline namespace v0 {
namespace {

bool digit_at(std::string_view text, std::size_t at) {
  return at < text.size() && text[at] >= '0' && text[at] <= '9';
}

// The number that stands alone at `at`, one digit long as dates are not; else -1.
int single_digit(std::string_view text, std::size_t at) {
  return digit_at(text, at) && !digit_at(text, at + 1) ? text[at] - '0' : -1;
}

// Ten times the version: 35 of "3-5-haiku-20241022"; 0 without one.
int version_of(std::string_view name) {
  const std::size_t start = name.find_first_of("0123456789");
  const int major = start == name.npos ? -1 : single_digit(name, start);
  if (major < 0) return 0;
  return 10 * major + std::max(0, single_digit(name, start + 2));
}

std::int64_t max_output_of(int version, bool opus) {
  if (version < 35) return 4096;
  if (version == 35) return 8192;
  return opus && version < 45 ? 32000 : 64000;
}

}  // namespace

ClaudeTraits claude_traits(std::string_view model) noexcept {
  constexpr std::string_view family = "claude-";
  ClaudeTraits traits;
  const std::size_t start = model.find(family);
  if (start == model.npos) return traits;
  const std::string_view name = model.substr(start + family.size());
  const int version = version_of(name);
  if (version == 0) return traits;
  traits.thinks = version >= 37;
  traits.adaptive = version >= 46;  // 4.5 and before: thinking of type "enabled" (2026-02)
  traits.sampling = version < 47;   // 4.7 and later answer 400 to sampling settings (2026-04)
  traits.max_output_tokens = max_output_of(version, name.find("opus") != name.npos);
  return traits;
}

}  // namespace v0
}  // namespace lian
