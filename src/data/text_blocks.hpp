/// A text file as consecutive blocks of valid UTF-8 with their place in the file.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "data/byte_source.hpp"
#include "lian/core/document.hpp"

namespace lian {
inline namespace v0 {
namespace detail {

/// UTF-16 code units, in bytes cut anywhere, as UTF-8.
class Utf16Decoder {
 public:
  explicit Utf16Decoder(bool big_endian) noexcept : big_endian_(big_endian) {}
  /// Appends what is complete; false at an unpaired surrogate, with `offset()` at it.
  bool feed(std::string_view bytes, std::string& out);
  /// Whether the text may end here.
  bool complete() const noexcept { return !have_byte_ && high_ == 0; }
  /// Bytes decoded so far; after a failure, where the bad unit begins.
  std::uint64_t offset() const noexcept { return high_ != 0 ? offset_ - 2 : offset_; }

 private:
  bool take_unit(char32_t unit, std::string& out);

  bool big_endian_, have_byte_ = false;
  unsigned char byte_ = 0;
  char32_t high_ = 0;
  std::uint64_t offset_ = 0;
};

/// Reads ahead by one block; holds no more than that and what it hands out. Cuts behind the last
/// line end that fits a block, or between code points where a line is longer.
class TextBlocks {
 public:
  /// Looks at the first bytes: throws LoadError{binary} for a NUL byte that is not UTF-16's.
  TextBlocks(std::string path, std::unique_ptr<ByteSource> bytes, std::size_t block_bytes);

  /// Fills text and span of `out`; false at the end. An empty file is one empty block. Throws
  /// LoadError{not_text} naming the byte where the file is not in its encoding.
  bool next(Document& out);
  /// "utf-8", "utf-16le" or "utf-16be".
  std::string_view encoding() const noexcept;

 private:
  void detect(std::string_view head);
  void fill();
  void fill_from_utf16(std::size_t wanted);
  std::size_t cut_point() const noexcept;
  void check_utf8(std::string_view text) const;
  [[noreturn]] void not_text(std::uint64_t offset, std::string_view encoding) const;

  std::string path_;
  std::unique_ptr<ByteSource> bytes_;
  std::size_t block_bytes_;
  std::unique_ptr<Utf16Decoder> utf16_;
  bool big_endian_ = false, at_end_ = false, first_ = true;
  std::string buffer_;                   // decoded, not yet handed out
  std::uint64_t offset_ = 0, line_ = 1;  // of the first byte of buffer_
};

}  // namespace detail
}  // namespace v0
}  // namespace lian
