#include "agent/mcp_text.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "core/digest.hpp"
#include "lian/core/error.hpp"
#include "lian/core/utf8.hpp"

namespace lian {
inline namespace v0 {

namespace {

constexpr std::size_t longest_name = 64, longest_own_name = 128, hash_digits = 8;
constexpr char32_t escape = 0x1B;

bool is_plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-';
}

bool within(char32_t c, char32_t first, char32_t last) { return c >= first && c <= last; }

bool is_control(char32_t c) {
  return (c < 0x20 && c != '\n' && c != '\t') || within(c, 0x7F, 0x9F);
}

// Of Unicode's format characters and fillers: what a reader cannot see and a model can.
bool is_hidden(char32_t c) {
  return c == 0xAD || c == 0x34F || c == 0x61C || within(c, 0x115F, 0x1160) ||
         within(c, 0x17B4, 0x17B5) || within(c, 0x180B, 0x180F) || within(c, 0x200B, 0x200F) ||
         within(c, 0x2028, 0x202E) || within(c, 0x2060, 0x206F) || c == 0x3164 || c == 0xFEFF ||
         c == 0xFFA0 || within(c, 0xFFF0, 0xFFFB) || within(c, 0x1BCA0, 0x1BCA3) ||
         within(c, 0x1D173, 0x1D17A) || within(c, 0xE0000, 0xE0FFF);
}

// A variation selector is part of an emoji; a row of them carries a message.
bool is_selector(char32_t c) { return within(c, 0xFE00, 0xFE0F); }

// Behind an ESC: "[…m" and the like, "]…BEL" and the like, or one character.
std::size_t behind_escape(std::string_view text, std::size_t at) {
  if (at >= text.size()) return at;
  const char kind = text[at++];
  if (kind == '[') {
    while (at < text.size() && within(static_cast<unsigned char>(text[at]), 0x20, 0x3F)) ++at;
    return at < text.size() && within(static_cast<unsigned char>(text[at]), 0x40, 0x7E) ? at + 1
                                                                                        : at;
  }
  if (kind != ']') return static_cast<unsigned char>(kind) < 0x80 ? at : at - 1;
  while (at < text.size() && text[at] != '\a' && text[at] != '\x1B' && text[at] != '\n') ++at;
  return at;
}

struct Counts {
  std::size_t hidden = 0, controls = 0, lines = 0;
};

class Cleaner {
 public:
  std::string clean(std::string_view text) {
    std::string out;
    for (std::size_t at = 0; at < text.size();) {
      const char32_t c = utf8::next(text, at);
      if (c == escape) at = behind_escape(text, at);
      if (keep(c)) utf8::append(out, c);
    }
    return out;
  }
  const Counts& counts() const noexcept { return counts_; }

 private:
  bool keep(char32_t c) {
    if (c == '\r') return false;
    if (is_control(c)) return ++counts_.controls, false;
    if (is_hidden(c)) return ++counts_.hidden, false;
    if (is_selector(c)) return !std::exchange(after_selector_, true) || (++counts_.hidden, false);
    after_selector_ = false;
    if (c == '\n') return ++row_ <= 2 || (++counts_.lines, false);
    if (c != ' ' && c != '\t') row_ = 0;
    return true;
  }
  Counts counts_;
  std::size_t row_ = 0;  // line ends with nothing but blanks between them
  bool after_selector_ = false;
};

void note(std::string& found, const std::string& what) {
  if (!found.empty()) found += ", ";
  found += what;
}

bool is_for_readers(std::string_view key) { return key == "description" || key == "title"; }

void require_visible(std::string_view text) {
  Cleaner cleaner;
  static_cast<void>(cleaner.clean(text));
  if (cleaner.counts().hidden + cleaner.counts().controls > 0)
    throw Error(ErrorKind::validation,
                fmt::format("its schema hides characters in '{}'", mcp_shown(text, 60)));
}

Json clean_at(const Json& value, bool for_readers, std::size_t max_bytes, std::string& found);

// "description" may be a property's name as well: its value is an object then, and cleaned as one.
Json clean_object(const Json& value, std::size_t max_bytes, std::string& found) {
  Json out = Json::object();
  for (const std::string& key : value.keys()) {
    require_visible(key);
    out.set(key, clean_at(value[key], is_for_readers(key), max_bytes, found));
  }
  return out;
}

Json clean_at(const Json& value, bool for_readers, std::size_t max_bytes, std::string& found) {
  if (value.is_object()) return clean_object(value, max_bytes, found);
  if (value.is_array()) {
    Json out = Json::array();
    for (const Json& item : value.items()) out.push_back(clean_at(item, false, max_bytes, found));
    return out;
  }
  if (!value.is_string()) return value;
  if (!for_readers) {
    require_visible(value.as_string());
    return value;
  }
  McpCleanText clean = clean_mcp_text(value.as_string(), max_bytes);
  if (!clean.found.empty()) note(found, "in the schema: " + clean.found);
  return Json(clean.text);
}

void append_canonical(std::string& out, const Json& value) {
  if (value.is_array()) {
    out += '[';
    for (const Json& item : value.items()) {
      append_canonical(out, item);
      out += ',';
    }
    out += ']';
    return;
  }
  if (!value.is_object()) {
    out += value.dump();
    return;
  }
  std::vector<std::string> keys = value.keys();
  std::sort(keys.begin(), keys.end());
  out += '{';
  for (const std::string& key : keys) {
    out += Json(key).dump() + ':';
    append_canonical(out, value[key]);
    out += ',';
  }
  out += '}';
}

}  // namespace

McpCleanText clean_mcp_text(std::string_view text, std::size_t max_bytes) {
  Cleaner cleaner;
  McpCleanText clean;
  clean.text = cleaner.clean(text);
  const Counts& counts = cleaner.counts();
  if (counts.hidden > 0) note(clean.found, fmt::format("{} invisible characters", counts.hidden));
  if (counts.controls > 0) note(clean.found, fmt::format("{} control characters", counts.controls));
  if (counts.lines > 0) note(clean.found, fmt::format("{} blank lines", counts.lines));
  if (clean.text.size() > max_bytes) {
    note(clean.found, fmt::format("all but {} of {} bytes", max_bytes, clean.text.size()));
    clean.text.resize(utf8::code_point_boundary(clean.text, max_bytes));
  }
  return clean;
}

std::string mcp_shown(std::string_view text, std::size_t max_bytes) {
  McpCleanText clean = clean_mcp_text(text.substr(0, 4 * max_bytes), max_bytes);
  std::replace(clean.text.begin(), clean.text.end(), '\n', ' ');
  if (text.size() > clean.text.size() && clean.text.size() + 4 > max_bytes) clean.text += "…";
  return clean.text;
}

Json clean_mcp_schema(const Json& schema, std::size_t max_bytes, std::string& found) {
  return clean_at(schema, false, max_bytes, found);
}

std::string mcp_tool_name(std::string_view server, std::string_view tool) {
  const auto refuse = [&](const char* why) {
    throw Error(ErrorKind::validation, fmt::format("its name {}", why));
  };
  if (tool.empty()) refuse("is empty");
  if (tool.size() > longest_own_name) refuse("is longer than 128 bytes");
  if (tool.starts_with("__")) refuse("begins with '__', which stands behind the server's name");
  std::string name = fmt::format("{}__{}", server, tool);
  for (char& c : name) {
    if (is_plain(c)) continue;
    if (c != '.' && c != '/') refuse("holds other characters than letters, digits and '_./-'");
    c = '_';
  }
  if (name.size() <= longest_name) return name;
  const std::string mark = hex(sha256(fmt::format("{}\n{}", server, tool))).substr(0, hash_digits);
  name.resize(longest_name - hash_digits - 1);
  return name + "_" + mark;
}

std::string mcp_server_name(std::string_view name) {
  std::string out;
  for (const char c : name) {
    const char kept = is_plain(c) ? c : '_';
    if (kept != '_' || !out.ends_with('_')) out += kept;
  }
  while (out.ends_with('_')) out.pop_back();
  while (out.starts_with('_')) out.erase(0, 1);
  return out.substr(0, longest_name / 2);
}

std::string canonical_json(const Json& value) {
  std::string out;
  append_canonical(out, value);
  return out;
}

}  // namespace v0
}  // namespace lian
