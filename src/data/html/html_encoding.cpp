#include "data/html/html_encoding.hpp"

#include <iconv.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "lian/core/utf8.hpp"

namespace lian {
inline namespace v0 {
namespace detail {
namespace {

constexpr std::size_t declared_within = 4096, step = 4096;
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

// One conversion to UTF-8 by iconv.
class Converter {
 public:
  explicit Converter(const std::string& label) noexcept
      : state_(iconv_open("UTF-8", label.c_str())) {}
  ~Converter() {
    if (known()) iconv_close(state_);
  }
  Converter(const Converter&) = delete;
  Converter& operator=(const Converter&) = delete;
  bool known() const noexcept { return state_ != reinterpret_cast<iconv_t>(-1); }

  // A byte that cannot be decoded becomes U+FFFD.
  std::string convert(std::string_view bytes) {
    std::string in(bytes), out;
    char* next = in.data();
    std::size_t left = in.size();
    while (left > 0) {
      char part[step];
      char* end = part;
      std::size_t room = step;
      const bool done = iconv(state_, &next, &left, &end, &room) != static_cast<std::size_t>(-1);
      const bool full = !done && errno == E2BIG;
      out.append(part, step - room);
      if (done || full) continue;
      out += replacement;
      ++next;
      --left;
    }
    return utf8::repair(out);
  }

 private:
  iconv_t state_;
};

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
    const auto end =
        std::find_if_not(head.begin() + static_cast<std::ptrdiff_t>(at), head.end(), is_label_byte);
    const std::string label(head.begin() + static_cast<std::ptrdiff_t>(at), end);
    const auto* const row = std::find_if(larger.begin(), larger.end(),
                                         [&](const auto& pair) { return pair.first == label; });
    return row == larger.end() ? label : std::string(row->second);
  }
  return {};
}

std::string decode_as(std::string_view bytes, const std::string& label, std::string& encoding) {
  encoding = label;
  if (label == "utf-8") return utf8::repair(bytes);
  if (Converter declared(label); !label.empty() && declared.known()) return declared.convert(bytes);
  encoding = fallback;
  return Converter(encoding).convert(bytes);
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
