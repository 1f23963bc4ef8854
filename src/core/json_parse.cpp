#include "core/json_parse.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <numeric>
#include <string>
#include <vector>

#include "lian/core/error.hpp"
#include "lian/core/utf8.hpp"

namespace lian {
inline namespace v0 {
namespace {

using Raw = nlohmann::ordered_json;

constexpr std::size_t max_depth = 512;
constexpr std::size_t excerpt_bytes = 24;  // either side of the place

std::string excerpt(std::string_view text, std::size_t offset) {
  const std::size_t begin = offset - std::min(offset, excerpt_bytes);
  std::string out = utf8::repair(text.substr(begin, offset - begin + excerpt_bytes));
  std::replace_if(
      out.begin(), out.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; }, ' ');
  return out;
}

[[noreturn]] void fail(std::string_view text, std::size_t offset, const std::string& what) {
  offset = std::min(offset, text.size());
  throw ParseError("not valid JSON at byte " + std::to_string(offset) + ": " + what + ", near '" +
                       excerpt(text, offset) + "'",
                   std::string(text), offset,
                   "The text is not valid JSON: " + what +
                       ". Answer with one complete JSON value and nothing else.");
}

// What the grammar does not refuse or nlohmann's lexer reads differently: a byte order mark, NUL
// (taken for the end), depth, integers outside 64 bits (made inexact).
class Precheck {
 public:
  explicit Precheck(std::string_view text) : text_(text) {}

  void run() {
    if (text_.starts_with("\xEF\xBB\xBF")) fail(text_, 0, "a byte order mark, which JSON forbids");
    const std::size_t valid = utf8::valid_until(text_);
    if (valid < text_.size()) fail(text_, valid, "the bytes are not UTF-8");
    const std::size_t nul = text_.find('\0');
    if (nul != std::string_view::npos) fail(text_, nul, "a NUL byte");
    while (at_ < text_.size()) step();
  }

 private:
  void step() {
    const char c = text_[at_];
    if (c == '"') return skip_string();
    if (c == '-' || (c >= '0' && c <= '9')) return check_number();
    if ((c == '[' || c == '{') && ++depth_ > max_depth) {
      fail(text_, at_, "nesting deeper than " + std::to_string(max_depth));
    }
    if ((c == ']' || c == '}') && depth_ > 0) --depth_;
    ++at_;
  }

  void skip_string() {
    for (++at_; at_ < text_.size() && text_[at_] != '"'; ++at_) at_ += text_[at_] == '\\';
    ++at_;
  }

  void check_number() {
    const std::size_t end = std::min(text_.find_first_not_of("0123456789+-.eE", at_), text_.size());
    const std::string_view number = text_.substr(at_, end - at_);
    const bool real = number.find_first_of(".eE") != std::string_view::npos;
    if (!real && number.size() > 18 && !fits(number)) {
      fail(text_, at_, "an integer outside 64 bits");
    }
    at_ = end;
  }

  static bool fits(std::string_view number) {
    const char* end = number.data() + number.size();
    std::int64_t negative = 0;
    std::uint64_t positive = 0;
    return std::from_chars(number.data(), end, negative).ec != std::errc::result_out_of_range ||
           (number.front() != '-' &&
            std::from_chars(number.data(), end, positive).ec != std::errc::result_out_of_range);
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t depth_ = 0;
};

// Leaves the last of equal keys, at the place of the first; n log n, so that an object of many
// members costs no more than its size.
void drop_repeated(Raw::object_t& object) {
  std::vector<std::size_t> order(object.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  const auto key = [&](std::size_t i) -> const std::string& { return object.data()[i].first; };
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return key(a) < key(b); });
  std::vector<bool> repeated(object.size());
  std::size_t first = 0;
  for (std::size_t n = 1; n < order.size(); ++n) {
    if (key(order[n]) != key(order[first])) {
      first = n;
      continue;
    }
    object.data()[order[first]].second = std::move(object.data()[order[n]].second);
    repeated[order[n]] = true;
  }
  Raw::object_t kept;
  for (std::size_t i = 0; i < object.size(); ++i) {
    if (!repeated[i]) kept.emplace_back(key(i), std::move(object.data()[i].second));
  }
  object = std::move(kept);
}

bool has_repeated(const Raw::object_t& object) {
  std::vector<const std::string*> keys;
  keys.reserve(object.size());
  for (const auto& member : object) keys.push_back(&member.first);
  std::sort(keys.begin(), keys.end(), [](const auto* a, const auto* b) { return *a < *b; });
  return std::adjacent_find(keys.begin(), keys.end(),
                            [](const auto* a, const auto* b) { return *a == *b; }) != keys.end();
}

// nlohmann's own builder looks every key up while it reads: quadratic for an ordered object.
class Builder {
 public:
  explicit Builder(std::string_view text) : text_(text) {}
  Raw take() { return std::move(top_); }

  bool null() { return put(nullptr); }
  bool boolean(bool value) { return put(value); }
  bool number_integer(Raw::number_integer_t value) { return put(value); }
  bool number_unsigned(Raw::number_unsigned_t value) { return put(value); }
  bool number_float(Raw::number_float_t value, const std::string&) { return put(value); }
  bool string(std::string& value) { return put(std::move(value)); }
  bool binary(Raw::binary_t&) { return false; }  // JSON text has none
  bool start_object(std::size_t) { return open(Raw::object()); }
  bool start_array(std::size_t) { return open(Raw::array()); }
  bool end_array() { return close(); }

  bool key(std::string& value) {
    auto& object = open_.back()->get_ref<Raw::object_t&>();
    object.emplace_back(std::move(value), Raw());
    return true;
  }

  bool end_object() {
    auto& object = open_.back()->get_ref<Raw::object_t&>();
    if (object.size() > 1 && has_repeated(object)) drop_repeated(object);
    return close();
  }

  bool parse_error(std::size_t position, const std::string&, const nlohmann::json::exception& e) {
    fail(text_, position == 0 ? 0 : position - 1, reason(e.what()));
  }

 private:
  // The place the next value goes to.
  Raw& slot() {
    if (open_.empty()) return top_;
    Raw& parent = *open_.back();
    if (parent.is_object()) return parent.get_ref<Raw::object_t&>().back().second;
    return parent.get_ref<Raw::array_t&>().emplace_back();
  }

  template <class T>
  bool put(T&& value) {
    slot() = Raw(std::forward<T>(value));
    return true;
  }

  bool open(Raw&& value) {
    Raw& place = slot();
    place = std::move(value);
    open_.push_back(&place);
    return true;
  }

  bool close() {
    open_.pop_back();
    return true;
  }

  // nlohmann's sentence without its prefix and without the token, which may be long.
  static std::string reason(std::string_view what) {
    const std::size_t dash = what.find(" - ");
    what.remove_prefix(dash != std::string_view::npos ? dash + 3 : what.find("] ") + 2);
    std::string out(what.substr(0, what.find("; last read:")));
    const std::size_t expected = what.rfind("; expected ");
    if (expected != std::string_view::npos && expected > out.size()) {
      out += what.substr(expected);
    }
    out = utf8::repair(out);  // it may have cut what it quotes
    if (out.size() > 160) out.resize(utf8::code_point_boundary(out, 160));
    return out;
  }

  std::string_view text_;
  Raw top_;
  std::vector<Raw*> open_;
};

}  // namespace

nlohmann::ordered_json parse_json(std::string_view text) {
  Precheck(text).run();
  Builder builder(text);
  Raw::sax_parse(text.begin(), text.end(), &builder);
  return builder.take();
}

}  // namespace v0
}  // namespace lian
