#include "agent/host_name.hpp"

#include <algorithm>
#include <cstdint>
#include <vector>

#include "lian/core/utf8.hpp"

namespace lian {
inline namespace v0 {

namespace {

constexpr std::size_t longest_name = 253, longest_label = 63;

// The parameters of RFC 3492, section 5.
constexpr std::uint32_t base = 36, t_min = 1, t_max = 26, skew = 38, damp = 700, first_bias = 72,
                        first_point = 128;

char digit(std::uint32_t value) {
  return static_cast<char>(value < 26 ? 'a' + value : '0' + value - 26);
}

std::uint32_t adapted(std::uint32_t delta, std::uint32_t points, bool first) {
  delta = first ? delta / damp : delta / 2;
  delta += delta / points;
  std::uint32_t k = 0;
  for (; delta > ((base - t_min) * t_max) / 2; k += base) delta /= base - t_min;
  return k + (base - t_min + 1) * delta / (delta + skew);
}

void append_number(std::string& out, std::uint32_t number, std::uint32_t bias) {
  for (std::uint32_t k = base;; k += base) {
    const std::uint32_t t = k <= bias ? t_min : std::min(std::max(k - bias, t_min), t_max);
    if (number < t) break;
    out += digit(t + (number - t) % (base - t));
    number = (number - t) / (base - t);
  }
  out += digit(number);
}

std::string punycode(const std::vector<char32_t>& label) {
  std::string out;
  for (const char32_t c : label)
    if (c < first_point) out += static_cast<char>(c);
  std::uint32_t point = first_point, delta = 0, bias = first_bias;
  const auto plain = static_cast<std::uint32_t>(out.size());
  std::uint32_t handled = plain;
  if (plain > 0) out += '-';
  while (handled < label.size()) {
    std::uint32_t next = 0x110000;
    for (const char32_t c : label)
      if (c >= point) next = std::min<std::uint32_t>(next, c);
    delta += (next - point) * (handled + 1);  // labels are short: no overflow
    point = next;
    for (const char32_t c : label) {
      if (c < point) ++delta;
      if (c != point) continue;
      append_number(out, delta, bias);
      bias = adapted(delta, handled + 1, handled == plain);
      delta = 0;
      ++handled;
    }
    ++delta;
    ++point;
  }
  return out;
}

void append_label(std::string& out, const std::vector<char32_t>& label) {
  const bool ascii =
      std::all_of(label.begin(), label.end(), [](char32_t c) { return c < first_point; });
  if (ascii)
    for (const char32_t c : label) out += static_cast<char>(c);
  else
    out += "xn--" + punycode(label);
}

}  // namespace

std::string ascii_host(std::string_view host) {
  if (host.size() > 4 * longest_name || !utf8::is_valid(host)) return {};
  const std::string folded = utf8::fold(host);
  std::string out;
  std::vector<char32_t> label;
  for (std::size_t at = 0; at < folded.size();) {
    const char32_t c = utf8::next(folded, at);
    if (c != U'.' && c != U'\u3002') {
      label.push_back(c);
      if (label.size() > longest_label) return {};
      continue;
    }
    append_label(out, label);
    out += '.';
    label.clear();
  }
  append_label(out, label);
  return out.size() <= longest_name ? out : std::string();
}

}  // namespace v0
}  // namespace lian
