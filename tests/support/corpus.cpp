#include "support/corpus.hpp"

#include <algorithm>
#include <cstdint>
#include <stdexcept>

namespace lian::test {
namespace {

constexpr std::string_view base64_letters =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const std::size_t end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

unsigned digit(std::string_view digits, char letter, const char* what) {
  const std::size_t value = digits.find(letter);
  if (value == std::string_view::npos) throw std::runtime_error(what);
  return static_cast<unsigned>(value);
}

}  // namespace

std::vector<nlohmann::json> read_jsonl(std::string_view name) {
  const std::string text = read_data(name);
  std::vector<nlohmann::json> values;
  for (std::string_view line : split(text, '\n')) {
    if (!line.empty()) values.push_back(nlohmann::json::parse(line));
  }
  return values;
}

std::vector<std::vector<std::string>> read_tsv(std::string_view name) {
  const std::string text = read_data(name);
  std::vector<std::vector<std::string>> rows;
  for (std::string_view line : split(text, '\n')) {
    if (line.empty() || line.front() == '#') continue;
    auto& row = rows.emplace_back();
    for (std::string_view field : split(line, '\t')) row.push_back(unescape(field));
  }
  return rows;
}

std::string unescape(std::string_view field) {
  constexpr std::string_view names = "tnr0";
  constexpr std::string_view values("\t\n\r\0", 4);
  std::string text;
  for (std::size_t at = 0; at < field.size(); ++at) {
    const bool escaped = field[at] == '\\' && at + 1 < field.size();
    const std::size_t known = escaped ? names.find(field[at + 1]) : std::string_view::npos;
    if (known == std::string_view::npos) {
      text += field[at];
      continue;
    }
    text += values[known];
    ++at;
  }
  return text;
}

std::string from_hex(std::string_view text) {
  constexpr const char* what = "not pairs of lower-case hex digits";
  if (text.size() % 2 != 0) throw std::runtime_error(what);
  std::string bytes;
  for (std::size_t at = 0; at < text.size(); at += 2) {
    const unsigned high = digit("0123456789abcdef", text[at], what);
    const unsigned low = digit("0123456789abcdef", text[at + 1], what);
    bytes += static_cast<char>(high * 16 + low);
  }
  return bytes;
}

std::string from_base64(std::string_view text) {
  constexpr const char* what = "not base64";
  if (text.size() % 4 != 0) throw std::runtime_error(what);
  std::string bytes;
  for (std::size_t at = 0; at < text.size(); at += 4) {
    const bool last = at + 4 == text.size();
    std::size_t padding = 0;
    if (last && text[at + 3] == '=') padding = text[at + 2] == '=' ? 2 : 1;
    std::uint32_t bits = 0;
    for (std::size_t index = 0; index < 4; ++index) {
      const bool pad = index >= 4 - padding;
      bits = bits << 6 | (pad ? 0U : digit(base64_letters, text[at + index], what));
    }
    for (std::size_t index = 0; index < 3 - padding; ++index) {
      bytes += static_cast<char>(bits >> (16 - 8 * index) & 0xff);
    }
  }
  return bytes;
}

std::string to_base64(std::string_view bytes) {
  std::string text;
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    const std::size_t count = std::min<std::size_t>(3, bytes.size() - at);
    std::uint32_t bits = 0;
    for (std::size_t index = 0; index < 3; ++index) {
      const auto byte = index < count ? static_cast<unsigned char>(bytes[at + index]) : 0;
      bits = bits << 8 | static_cast<std::uint32_t>(byte);
    }
    for (std::size_t index = 0; index < 4; ++index) {
      const bool pad = index > count;
      text += pad ? '=' : base64_letters[bits >> (18 - 6 * index) & 63];
    }
  }
  return text;
}

}  // namespace lian::test
