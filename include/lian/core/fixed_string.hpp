#pragma once

#include <cstddef>
#include <string_view>

namespace lian {
inline namespace v0 {

/// A text as a template argument: `key<"context">`, `prompt<"Answer {question}">`.
template <std::size_t N>
struct FixedString {
  constexpr FixedString(const char (&chars)[N]) {
    for (std::size_t i = 0; i < N; ++i) text[i] = chars[i];
  }
  constexpr std::string_view view() const { return std::string_view(text, N - 1); }
  char text[N] = {};
};

template <FixedString A, FixedString B>
constexpr bool same_text() {
  if (sizeof(A.text) != sizeof(B.text)) return false;
  for (std::size_t i = 0; i < sizeof(A.text); ++i)  // plain loop: GCC 12 with UBSan refuses more
    if (A.text[i] != B.text[i]) return false;
  return true;
}

}  // namespace v0
}  // namespace lian
