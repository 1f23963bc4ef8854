#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace lian {
inline namespace v0 {

/// Cuts a byte stream into the lines of newline-delimited JSON, whatever the chunks. Lines end by
/// LF or CRLF; blank lines are left out; a byte order mark at the start is dropped. Feed a chunk,
/// then call `next` until it returns false. Not thread-safe.
class NdjsonParser {
 public:
  explicit NdjsonParser(std::size_t max_line_bytes = 16U << 20U)
      : max_line_bytes_(max_line_bytes) {}

  /// Takes the next bytes of the stream; ends the view of the last line.
  void feed(std::string_view bytes);
  /// The stream has ended properly: a last line without an end counts as a line.
  void end() noexcept { ended_ = true; }
  /// The next line; valid until the parser is used again, at least 64 readable bytes behind its
  /// end. Throws LimitError naming "max_line_bytes".
  bool next(std::string_view& line);

  /// How many invalid UTF-8 sequences have been replaced by U+FFFD so far.
  std::size_t replacements() const noexcept { return replacements_; }
  /// Whether bytes wait that no line end has made a line yet.
  bool pending() const noexcept { return line_ != end_; }

 private:
  bool take_line(std::string_view& line);

  std::size_t max_line_bytes_;
  std::unique_ptr<char[]> buffer_;
  std::size_t capacity_ = 0;  // without the padding
  std::size_t line_ = 0;      // start of the first line not yet taken
  std::size_t scanned_ = 0;   // up to here there is no line end
  std::size_t end_ = 0;
  bool ended_ = false;
  bool first_line_ = true;
  std::string repaired_;
  std::size_t replacements_ = 0;
};

}  // namespace v0
}  // namespace lian
