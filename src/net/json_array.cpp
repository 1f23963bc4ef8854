#include "net/json_array.hpp"

#include <algorithm>
#include <cstring>

#include "lian/core/error.hpp"
#include "lian/core/utf8.hpp"

namespace lian {
inline namespace v0 {
namespace {

constexpr std::size_t kPadding = 64;
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

// Whether a byte may end a string, or open or close something outside of strings.
struct Stops {
  constexpr Stops() {
    for (const char c : {'"', '\\'}) in_string[static_cast<unsigned char>(c)] = true;
    for (const char c : {'"', '{', '}', '[', ']'}) outside[static_cast<unsigned char>(c)] = true;
  }
  bool in_string[256] = {}, outside[256] = {};
};
constexpr Stops stops;

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

}  // namespace

void JsonArrayParser::feed(std::string_view bytes) {
  if (bytes.empty()) return;
  const std::size_t rest = end_ - item_;
  if (rest + bytes.size() > capacity_) {
    capacity_ = std::max(2 * (rest + bytes.size()), std::size_t{4096});
    std::unique_ptr<char[]> larger(new char[capacity_ + kPadding]);
    std::memset(larger.get() + capacity_, 0, kPadding);
    if (rest != 0) std::memcpy(larger.get(), buffer_.get() + item_, rest);
    buffer_ = std::move(larger);
  } else if (rest != 0 && item_ != 0) {
    std::memmove(buffer_.get(), buffer_.get() + item_, rest);
  }
  scanned_ -= item_;
  item_ = 0;
  std::memcpy(buffer_.get() + rest, bytes.data(), bytes.size());
  end_ = rest + bytes.size();
}

bool JsonArrayParser::next(std::string_view& item) {
  if (stage_ != Stage::item && !find_item()) return false;
  std::size_t end = 0;
  if (!find_end(end)) return false;
  item = repaired({buffer_.get() + item_, end - item_});
  item_ = scanned_ = end;
  if (stage_ == Stage::item) stage_ = Stage::between;
  return true;
}

// Goes on to where an item begins.
bool JsonArrayParser::find_item() {
  while (scanned_ < end_ && stage_ != Stage::closed && stage_ != Stage::no_array) {
    const char c = buffer_[scanned_];
    const bool mark = kByteOrderMark.find(c) != kByteOrderMark.npos;
    if (is_blank(c) || (stage_ == Stage::start ? mark : c == ',')) {
      ++scanned_;
    } else if (stage_ == Stage::start && c != '[') {
      stage_ = Stage::no_array;
    } else if (c == ']' && stage_ == Stage::between) {
      stage_ = Stage::closed;
    } else if (stage_ == Stage::start) {
      stage_ = Stage::between;
      ++scanned_;
    } else {
      stage_ = Stage::item;
      item_ = scanned_;
      return true;
    }
    item_ = scanned_;
  }
  return stage_ == Stage::no_array;
}

// Goes on to the end of the item; brackets and quotes belong to it, what ends a number does not.
bool JsonArrayParser::find_end(std::size_t& end) {
  if (stage_ == Stage::no_array) {
    scanned_ = end = end_;
    check_limit(end);
    return ended_ && item_ < end_;
  }
  for (; scanned_ < end_; ++scanned_) {
    if (depth_ > 0 && !escaped_) skip_run();
    if (scanned_ == end_) break;
    const char c = buffer_[scanned_];
    bool last = false, behind = false;
    if (in_string_) {
      last = c == '"' && !escaped_ && depth_ == 0;
      in_string_ = c != '"' || escaped_;
      escaped_ = c == '\\' && !escaped_;
    } else if (c == '"') {
      in_string_ = true;
    } else if (c == '{' || c == '[') {
      ++depth_;
    } else if (c == '}' || c == ']') {
      behind = depth_ == 0;
      last = depth_ == 1;
      if (depth_ > 0) --depth_;
    } else {
      behind = depth_ == 0 && (c == ',' || is_blank(c));
    }
    if (!last && !behind) continue;
    end = last ? scanned_ + 1 : std::max(scanned_, item_ + 1);
    check_limit(end);
    return true;
  }
  check_limit(scanned_);
  return false;
}

// Inside an item few bytes matter.
void JsonArrayParser::skip_run() noexcept {
  const auto& stop = in_string_ ? stops.in_string : stops.outside;
  while (scanned_ < end_ && !stop[static_cast<unsigned char>(buffer_[scanned_])]) ++scanned_;
}

void JsonArrayParser::check_limit(std::size_t end) const {
  if (end - item_ <= max_item_bytes_) return;
  throw LimitError("the stream holds an item of more than " + std::to_string(max_item_bytes_) +
                       " bytes; raise max_item_bytes to read it",
                   "max_item_bytes", max_item_bytes_);
}

std::string_view JsonArrayParser::repaired(std::string_view item) {
  if (utf8::is_valid(item)) return item;
  repaired_ = utf8::repair(item, &replacements_);
  repaired_.reserve(repaired_.size() + kPadding);
  return repaired_;
}

}  // namespace v0
}  // namespace lian
