#include "data/html/html_encoding.hpp"

#include <libxml/encoding.h>
#include <libxml/tree.h>

#include <algorithm>
#include <array>
#include <memory>
#include <utility>

#include "lian/core/utf8.hpp"

namespace lian {
inline namespace v0 {
namespace detail {
namespace {

constexpr std::size_t declared_within = 4096, step = 4096;
constexpr int longest_sequence = 8;
constexpr std::string_view replacement = "\xEF\xBF\xBD";
constexpr std::string_view fallback = "windows-1252";

// Labels that the WHATWG Encoding Standard gives to a larger encoding, and the names iconv knows.
constexpr std::array<std::pair<std::string_view, std::string_view>, 9> larger = {{
    {"ascii", fallback},
    {"us-ascii", fallback},
    {"iso-8859-1", fallback},
    {"latin1", fallback},
    {"gb2312", "gb18030"},
    {"gbk", "gb18030"},
    {"x-sjis", "shift_jis"},
    {"utf-16", "utf-8"},
    {"utf8", "utf-8"},
}};

struct FreeBuffer {
  void operator()(xmlBuffer* buffer) const noexcept { xmlBufferFree(buffer); }
};
using Buffer = std::unique_ptr<xmlBuffer, FreeBuffer>;

struct CloseHandler {
  void operator()(xmlCharEncodingHandler* handler) const noexcept {
    xmlCharEncCloseFunc(handler);
  }
};
using Handler = std::unique_ptr<xmlCharEncodingHandler, CloseHandler>;

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

bool is_label_byte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.' ||
         c == ':';
}

// The charset named in the first bytes: <meta charset=x>, <meta … content="…; charset=x">, or the
// encoding of an XML declaration; "" when there is none.
std::string declared_charset(std::string_view bytes) {
  const std::string head = lower(bytes.substr(0, declared_within));
  for (const std::string_view key : {"charset=", "charset =", "encoding="}) {
    std::size_t at = head.find(key);
    if (at == head.npos) continue;
    at = head.find_first_not_of(" \t\r\n\"'", at + key.size());
    if (at == head.npos) continue;
    const auto end = std::find_if_not(head.begin() + static_cast<std::ptrdiff_t>(at), head.end(),
                                      is_label_byte);
    const std::string label(head.begin() + static_cast<std::ptrdiff_t>(at), end);
    const auto* const row = std::find_if(larger.begin(), larger.end(),
                                         [&](const auto& pair) { return pair.first == label; });
    return row == larger.end() ? label : std::string(row->second);
  }
  return {};
}

std::string_view content(const Buffer& buffer) {
  return {reinterpret_cast<const char*>(xmlBufferContent(buffer.get())),
          static_cast<std::size_t>(xmlBufferLength(buffer.get()))};
}

// Decodes by libxml2's (iconv's) handler, a step at a time; where it cannot go on, a byte becomes
// U+FFFD.
std::string convert(std::string_view bytes, xmlCharEncodingHandler& handler) {
  const Buffer in(xmlBufferCreate()), decoded(xmlBufferCreate());
  std::string out;
  while (!bytes.empty() || xmlBufferLength(in.get()) > 0) {
    int before = xmlBufferLength(in.get());
    if (before < longest_sequence) {
      const std::string_view part = bytes.substr(0, step);
      const auto* const data = reinterpret_cast<const xmlChar*>(part.data());
      xmlBufferAdd(in.get(), data, static_cast<int>(part.size()));
      bytes.remove_prefix(part.size());
      before += static_cast<int>(part.size());
    }
    xmlCharEncInFunc(&handler, decoded.get(), in.get());
    out += content(decoded);
    xmlBufferEmpty(decoded.get());
    const int left = xmlBufferLength(in.get());
    const bool may_be_cut = !bytes.empty() && left < longest_sequence;
    if (left < before || may_be_cut) continue;
    xmlBufferShrink(in.get(), 1);
    out += replacement;
  }
  return utf8::repair(out);
}

std::string decode_as(std::string_view bytes, std::string label, std::string& encoding) {
  Handler handler(label.empty() ? nullptr : xmlFindCharEncodingHandler(label.c_str()));
  if (handler == nullptr) {
    label = fallback;
    handler.reset(xmlFindCharEncodingHandler(label.c_str()));
  }
  encoding = label == "utf-8" || handler == nullptr ? "utf-8" : label;
  return encoding == "utf-8" ? utf8::repair(bytes) : convert(bytes, *handler);
}

std::string decode(std::string_view bytes, std::string& encoding) {
  encoding = "utf-8";
  if (bytes.starts_with("\xEF\xBB\xBF")) return utf8::repair(bytes.substr(3));
  if (bytes.starts_with("\xFF\xFE")) return decode_as(bytes.substr(2), "utf-16le", encoding);
  if (bytes.starts_with("\xFE\xFF")) return decode_as(bytes.substr(2), "utf-16be", encoding);
  if (utf8::is_valid(bytes)) return std::string(bytes);
  return decode_as(bytes, declared_charset(bytes), encoding);
}

}  // namespace

std::string decode_html(std::string_view bytes, std::string& encoding) {
  std::string text = decode(bytes, encoding);
  std::replace(text.begin(), text.end(), '\0', ' ');
  return text;
}

}  // namespace detail
}  // namespace v0
}  // namespace lian
