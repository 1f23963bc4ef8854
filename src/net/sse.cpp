#include "net/sse.hpp"

#include <algorithm>
#include <cstring>
#include <limits>

#include "lian/core/error.hpp"
#include "lian/core/utf8.hpp"

namespace lian {
inline namespace v0 {
namespace {

constexpr std::size_t kPadding = 64;
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

// What stands at the head of a block alone; never an empty line.
bool opens_block(std::string_view line) {
  return line.starts_with("id:") || line.starts_with("event:");
}

[[noreturn]] void throw_limit(const char* what, const char* name, std::size_t limit) {
  throw LimitError(std::string("the event stream holds ") + what + " of more than " +
                       std::to_string(limit) + " bytes; raise " + name + " to read it",
                   name, limit);
}

}  // namespace

std::size_t SseParser::Finder::find(const char* buffer, std::size_t from,
                                    std::size_t end) noexcept {
  if (found >= from && found < scanned) return found;
  from = std::max(from, scanned);
  const void* at = from < end ? std::memchr(buffer + from, wanted, end - from) : nullptr;
  if (at == nullptr) {
    scanned = found = end;
    return end;
  }
  found = static_cast<std::size_t>(static_cast<const char*>(at) - buffer);
  scanned = found + 1;
  return found;
}

void SseParser::Finder::shift(std::size_t by) noexcept {
  found -= std::min(found, by);
  scanned -= std::min(scanned, by);
}

// Moves what is still needed to the front: the joined data, then the lines not yet taken.
void SseParser::make_room(std::size_t bytes) {
  const std::size_t data_bytes = has_data_ ? data_end_ - data_ : 0;
  const std::size_t rest = end_ - line_;
  std::unique_ptr<char[]> larger;
  if (data_bytes + rest + bytes > capacity_) {
    const bool joins = data_bytes + rest > 0;
    capacity_ = (joins ? 2 : 1) * (data_bytes + rest + bytes);
    larger.reset(new char[capacity_ + kPadding]);
    std::memset(larger.get() + capacity_, 0, kPadding);
  }
  char* to = larger ? larger.get() : buffer_.get();
  if (data_bytes != 0) std::memmove(to, buffer_.get() + data_, data_bytes);
  if (rest != 0 && to + data_bytes != buffer_.get() + line_) {
    std::memmove(to + data_bytes, buffer_.get() + line_, rest);
  }
  if (larger) buffer_ = std::move(larger);
  const std::size_t shift = line_ - data_bytes;
  lf_.shift(shift);
  cr_.shift(shift);
  data_ = 0;
  data_end_ = line_ = data_bytes;
  end_ = data_bytes + rest;
}

void SseParser::feed(std::string_view bytes) {
  if (bytes.empty()) return;
  make_room(bytes.size());
  std::memcpy(buffer_.get() + end_, bytes.data(), bytes.size());
  end_ += bytes.size();
}

bool SseParser::take_line(std::string_view& line) {
  const char* buffer = buffer_.get();
  if (after_cr_ && line_ < end_) {
    if (buffer[line_] == '\n') ++line_;
    after_cr_ = false;
  }
  if (line_ < end_ && buffer[line_] == '\n') {
    line = {};
    ++line_;
    return true;
  }
  const std::size_t lf = lf_.find(buffer, line_, end_);
  const std::size_t cr = cr_.find(buffer, line_, lf);
  const std::size_t stop = std::min(lf, cr);
  if (stop - line_ > options_.max_line_bytes) {
    throw_limit("a line", "max_line_bytes", options_.max_line_bytes);
  }
  if (stop == end_) return false;
  line = {buffer + line_, stop - line_};
  after_cr_ = stop == cr && buffer[stop] == '\r';
  line_ = stop + 1;
  return true;
}

bool SseParser::next(SseEvent& event) {
  std::string_view line;
  while (take_line(line)) {
    if (options_.lenient_end && has_data_ && opens_block(line)) {
      line_ = static_cast<std::size_t>(line.data() - buffer_.get());  // its own block's first line
      after_cr_ = false;
      return dispatch(event);
    }
    if (first_line_) {
      first_line_ = false;
      if (line.substr(0, 3) == kByteOrderMark) line.remove_prefix(3);
    }
    if (!line.empty()) {
      take_field(line);
    } else if (dispatch(event)) {
      return true;
    }
  }
  if (ended_) return finish(event);
  if (!pending()) release();
  return false;
}

// What stands behind the last blank line.
bool SseParser::finish(SseEvent& event) {
  ended_ = false;
  const std::string_view rest{buffer_.get() + line_, end_ - line_};
  line_ = end_;
  const std::size_t first = rest.find_first_not_of(" \t");
  const bool begins_json = first != rest.npos && rest[first] == '{';
  const bool whole_line = !rest.empty() && (options_.lenient_end || is_bare() || begins_json);
  if (whole_line) take_field(rest);
  if (!options_.lenient_end && !is_bare()) return false;
  return dispatch(event);
}

bool SseParser::is_bare() const noexcept {
  const std::size_t first = other_.find_first_not_of(" \t\n");
  return !has_data_ && first != other_.npos && (other_[first] == '{' || other_[first] == '[');
}

void SseParser::keep_other(std::string_view line) {
  if (!options_.other_lines) return;
  if (other_.size() + line.size() > options_.max_event_bytes)
    throw_limit("an event", "max_event_bytes", options_.max_event_bytes);
  if (!other_.empty()) other_ += '\n';
  std::string text;
  assign(text, line);
  other_ += text;
}

// Streams are silent most of the time and many at once.
void SseParser::release() noexcept {
  buffer_.reset();
  capacity_ = line_ = end_ = 0;
  lf_ = Finder{'\n'};
  cr_ = Finder{'\r'};
}

void SseParser::take_field(std::string_view line) {
  if (line.size() >= 6 && std::memcmp(line.data(), "data: ", 6) == 0) {
    return append_data(line.substr(6));
  }
  const std::size_t colon = line.find(':');
  if (colon == 0) return keep_other(line);
  const std::string_view name = line.substr(0, colon);
  std::string_view value;
  if (colon != std::string_view::npos) value = line.substr(colon + 1);
  if (!value.empty() && value.front() == ' ') value.remove_prefix(1);
  if (name == "data") return append_data(value);
  take_other_field(name, value, line);
}

void SseParser::take_other_field(std::string_view name, std::string_view value,
                                 std::string_view line) {
  if (name == "event") {
    assign(type_, value);
  } else if (name == "id") {
    if (value.find('\0') == std::string_view::npos) assign(id_, value);
  } else if (name == "error" && options_.other_lines) {
    assign(error_, value);
    has_error_ = true;
  } else if (name == "retry") {
    constexpr std::uint64_t max = std::numeric_limits<std::uint64_t>::max();
    std::uint64_t milliseconds = 0;
    for (const char c : value) {
      if (c < '0' || c > '9') return;
      const auto digit = static_cast<std::uint64_t>(c - '0');
      if (milliseconds > (max - digit) / 10) return;
      milliseconds = milliseconds * 10 + digit;
    }
    if (!value.empty()) retry_ = milliseconds;
  } else {
    keep_other(line);
  }
}

// The joined data ends before the line being taken, and that line is longer than the line feed
// put between: the move always goes to the left.
void SseParser::append_data(std::string_view value) {
  const std::size_t joined = has_data_ ? data_end_ - data_ + 1 + value.size() : value.size();
  if (joined > options_.max_event_bytes) {
    throw_limit("an event", "max_event_bytes", options_.max_event_bytes);
  }
  if (!has_data_) {
    data_ = static_cast<std::size_t>(value.data() - buffer_.get());
    if (value.empty()) data_ = line_ - 1;
    data_end_ = data_ + value.size();
    has_data_ = true;
    return;
  }
  buffer_[data_end_++] = '\n';
  if (value.empty()) return;
  std::memmove(buffer_.get() + data_end_, value.data(), value.size());
  data_end_ += value.size();
}

bool SseParser::dispatch(SseEvent& event) {
  last_id_ = id_;
  const bool is_error = has_error_ && !has_data_;
  const bool bare = is_bare();
  const bool has_event = has_data_ || is_error || bare;
  event_other_.swap(other_);
  other_.clear();
  event.other = event_other_;
  if (has_event) {
    if (bare && !is_error) {
      event_other_.reserve(event_other_.size() + kPadding);
      event.other = event.data = event_other_;
      event.type = "bare";
    } else if (is_error) {
      error_.reserve(error_.size() + kPadding);
      repaired_.swap(error_);
      event.data = repaired_;
      event.type = "error";
    } else {
      event.data = repaired({buffer_.get() + data_, data_end_ - data_});
      event.type = "message";
    }
    event.id = last_id_;
  }
  if (has_data_ && !type_.empty()) {
    event_type_.swap(type_);
    event.type = event_type_;
  }
  type_.clear();
  has_data_ = has_error_ = false;
  return has_event;
}

std::string_view SseParser::repaired(std::string_view text) {
  if (utf8::is_valid(text)) return text;
  repaired_ = utf8::repair(text, &replacements_);
  repaired_.reserve(repaired_.size() + kPadding);
  return repaired_;
}

void SseParser::assign(std::string& out, std::string_view text) {
  if (utf8::is_valid(text)) {
    out.assign(text);
  } else {
    out = utf8::repair(text, &replacements_);
  }
}

}  // namespace v0
}  // namespace lian
