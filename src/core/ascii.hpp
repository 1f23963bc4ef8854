#pragma once

#include <string>
#include <string_view>

namespace lian {
inline namespace v0 {

/// The text with A to Z in lower case.
inline std::string ascii_lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return lower;
}

}  // namespace v0
}  // namespace lian
