#include "net/ndjson.hpp"

#include <algorithm>
#include <cstring>

#include "lian/core/error.hpp"
#include "lian/core/utf8.hpp"

namespace lian {
inline namespace v0 {
namespace {

constexpr std::size_t kPadding = 64;

}  // namespace

void NdjsonParser::feed(std::string_view bytes) {
  if (bytes.empty()) return;
  const std::size_t rest = end_ - line_;
  if (rest + bytes.size() > capacity_) {
    capacity_ = std::max(2 * (rest + bytes.size()), std::size_t{4096});
    std::unique_ptr<char[]> larger(new char[capacity_ + kPadding]);
    std::memset(larger.get() + capacity_, 0, kPadding);
    if (rest != 0) std::memcpy(larger.get(), buffer_.get() + line_, rest);
    buffer_ = std::move(larger);
  } else if (rest != 0 && line_ != 0) {
    std::memmove(buffer_.get(), buffer_.get() + line_, rest);
  }
  scanned_ -= std::min(scanned_, line_);
  line_ = 0;
  std::memcpy(buffer_.get() + rest, bytes.data(), bytes.size());
  end_ = rest + bytes.size();
}

bool NdjsonParser::take_line(std::string_view& line) {
  if (line_ == end_) return false;
  const char* buffer = buffer_.get();
  const std::size_t from = std::max(line_, scanned_);
  const void* at = from < end_ ? std::memchr(buffer + from, '\n', end_ - from) : nullptr;
  const std::size_t stop =
      at != nullptr ? static_cast<std::size_t>(static_cast<const char*>(at) - buffer) : end_;
  scanned_ = stop;
  if (stop - line_ > max_line_bytes_) {
    throw LimitError("the stream holds a line of more than " + std::to_string(max_line_bytes_) +
                         " bytes; raise max_line_bytes to read it",
                     "max_line_bytes", max_line_bytes_);
  }
  if (at == nullptr && !ended_) return false;
  line = {buffer + line_, stop - line_};
  line_ = std::min(stop + 1, end_);
  return true;
}

bool NdjsonParser::next(std::string_view& line) {
  while (take_line(line)) {
    if (first_line_ && line.substr(0, 3) == "\xEF\xBB\xBF") line.remove_prefix(3);
    first_line_ = false;
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    if (line.back() == '\r') line.remove_suffix(1);
    if (utf8::is_valid(line)) return true;
    repaired_ = utf8::repair(line, &replacements_);
    repaired_.reserve(repaired_.size() + kPadding);
    line = repaired_;
    return true;
  }
  return false;
}

}  // namespace v0
}  // namespace lian
