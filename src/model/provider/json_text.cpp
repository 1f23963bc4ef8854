#include "model/provider/json_text.hpp"

#include <cstdint>
#include <cstring>

#include "core/redact.hpp"
#include "lian/core/error.hpp"
#include "lian/core/utf8.hpp"

namespace lian {
inline namespace v0 {
namespace {

constexpr std::size_t kMaxQuotedBytes = 4096;

// The value of four hexadecimal digits, or -1; the quote that ends the string ends the look too.
std::int32_t hex4(const char* at) {
  std::int32_t value = 0;
  for (int i = 0; i < 4; ++i) {
    const char c = at[i];
    const char lower = static_cast<char>(c | 0x20);
    const bool digit = c >= '0' && c <= '9';
    if (!digit && (lower < 'a' || lower > 'f')) return -1;
    value = value * 16 + (digit ? c - '0' : lower - 'a' + 10);
  }
  return value;
}

// Reads what follows "\u"; returns how many bytes it took, 0 when it is no escape.
std::size_t append_unicode_escape(const char* at, std::string& out) {
  const std::int32_t first = hex4(at);
  if (first < 0) return 0;
  const bool high = first >= 0xD800 && first <= 0xDBFF;
  if (high && at[4] == '\\' && at[5] == 'u') {
    const std::int32_t second = hex4(at + 6);
    if (second >= 0xDC00 && second <= 0xDFFF) {
      utf8::append(out,
                   static_cast<char32_t>(0x10000 + (first - 0xD800) * 0x400 + second - 0xDC00));
      return 10;
    }
  }
  utf8::append(out, static_cast<char32_t>(first));  // half a pair becomes U+FFFD there
  return 4;
}

// Reads what follows a backslash; returns how many bytes it took, 0 when it is no escape.
std::size_t append_escape(const char* at, std::string& out) {
  switch (*at) {
    case '"':
    case '\\':
    case '/':
      out += *at;
      return 1;
    case 'b':
      out += '\b';
      return 1;
    case 'f':
      out += '\f';
      return 1;
    case 'n':
      out += '\n';
      return 1;
    case 'r':
      out += '\r';
      return 1;
    case 't':
      out += '\t';
      return 1;
    case 'u':
      break;
    default:
      return 0;
  }
  const std::size_t taken = append_unicode_escape(at + 1, out);
  return taken == 0 ? 0 : taken + 1;
}

// Whether a byte of the word is `wanted`: a known bit trick; the padding behind the text lets it be
// read by words.
bool has_byte(std::uint64_t word, char wanted) {
  constexpr std::uint64_t ones = 0x0101010101010101U;
  const std::uint64_t zeroed = word ^ (ones * static_cast<unsigned char>(wanted));
  return ((zeroed - ones) & ~zeroed & (ones << 7)) != 0;
}

const char* plain_run_end(const char* at) {
  std::uint64_t word = 0;
  for (;; at += sizeof word) {
    std::memcpy(&word, at, sizeof word);
    if (has_byte(word, '"') || has_byte(word, '\\')) break;
  }
  while (*at != '"' && *at != '\\') ++at;
  return at;
}

}  // namespace

bool append_unescaped(const char* raw, std::string& out) {
  while (true) {
    const char* end = plain_run_end(raw);
    out.append(raw, end);
    if (*end == '"') return true;
    raw = end + 1;
    const std::size_t taken = append_escape(raw, out);
    if (taken == 0) return false;
    raw += taken;
  }
}

void throw_not_json(std::string_view provider, std::string_view text, std::size_t offset,
                    std::string_view why) {
  const std::string_view quoted = text.substr(0, utf8::code_point_boundary(text, kMaxQuotedBytes));
  const auto first = text.find_first_not_of(" \t\r\n");
  std::string message = std::string(provider) + " answered with ";
  if (first == std::string_view::npos) {
    message += "nothing where JSON was due";
  } else if (text[first] == '<') {
    message += "an HTML or XML page where JSON was due; check the base URL and any proxy between";
  } else {
    message += "something its protocol does not have (" + std::string(why) + ", at byte " +
               std::to_string(offset) + ")";
  }
  throw ParseError(message, redact(quoted), offset);
}

}  // namespace v0
}  // namespace lian
