/// Text gathered from a page: white space collapsed, lines and blank lines between blocks.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

namespace lian {
inline namespace v0 {
namespace detail {

class PageText {
 public:
  /// Text inside a line: runs of white space become one space.
  void add(std::string_view text) {
    for (const char c : text) {
      if (c == ' ' || c == '\n' || c == '\t' || c == '\r' || c == '\f') {
        space_ = true;
      } else {
        begin_text();
        out_ += c;
      }
    }
  }

  /// Text as it stands, of `pre`.
  void add_verbatim(std::string_view text) {
    if (text.empty()) return;
    begin_text();
    out_ += text;
  }

  /// Ends the line; with 2, leaves a blank line. Does not add up.
  void break_lines(int count) { breaks_ = std::max(breaks_, count); }
  void add_space() { space_ = true; }

  /// The text; ends with a line end unless empty.
  std::string take() {
    const std::size_t last = out_.find_last_not_of(" \t\r\n");
    out_.resize(last == out_.npos ? 0 : last + 1);
    if (!out_.empty()) out_ += '\n';
    return std::exchange(out_, {});
  }

 private:
  void begin_text() {
    const bool line_starts = out_.empty() || out_.back() == '\n';
    if (breaks_ > 0) {
      if (!out_.empty()) out_.append(static_cast<std::size_t>(breaks_), '\n');
    } else if (space_ && !line_starts) {
      out_ += ' ';
    }
    breaks_ = 0;
    space_ = false;
  }

  std::string out_;
  int breaks_ = 0;
  bool space_ = false;
};

}  // namespace detail
}  // namespace v0
}  // namespace lian
