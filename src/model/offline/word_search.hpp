#pragma once

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include "core/ascii.hpp"

namespace lian {
inline namespace v0 {

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
constexpr bool is_ascii_letter(char c) { return (c >= 'a' && c <= 'z') || is_upper(c); }

inline bool holds_digit(std::string_view text) {
  return std::any_of(text.begin(), text.end(), is_digit);
}

/// "take out" as " take out ": the stems of a text, each between blanks; adds their number to
/// `count`.
std::string stems_of(std::string_view text, std::size_t* count = nullptr);

/// Whether a text as `stems_of` writes it holds one of the stems.
template <std::size_t n>
bool holds_stem(const std::array<std::string_view, n>& stems, std::string_view text) {
  return std::any_of(stems.begin(), stems.end(), [&](std::string_view stem) {
    return text.find(" " + std::string(stem) + " ") != text.npos;
  });
}

/// Whether the text holds one of the words, anywhere.
template <std::size_t n>
bool holds_any(const std::array<std::string_view, n>& words, std::string_view text) {
  return std::any_of(words.begin(), words.end(),
                     [&](std::string_view word) { return text.find(word) != text.npos; });
}

/// Whether the word is one of the words.
template <std::size_t n>
bool among(const std::array<std::string_view, n>& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

}  // namespace v0
}  // namespace lian
