#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace lian {
inline namespace v0 {

/// Cuts a byte stream that is one JSON array into its items, each as soon as its last byte is here,
/// whatever the chunks. Looks at strings and brackets only: whether an item is JSON is its reader's
/// to find. A body that is no array is one item, given at its end. Feed a chunk, then call `next`
/// until it returns false. Not thread-safe.
class JsonArrayParser {
 public:
  explicit JsonArrayParser(std::size_t max_item_bytes = 16U << 20U)
      : max_item_bytes_(max_item_bytes) {}

  /// Takes the next bytes of the stream; ends the view of the last item.
  void feed(std::string_view bytes);
  /// The stream has ended properly. An item that is not whole does not count.
  void end() noexcept { ended_ = true; }
  /// The next item; valid until the parser is used again, at least 64 readable bytes behind its
  /// end. Throws LimitError naming "max_item_bytes".
  bool next(std::string_view& item);

  /// Whether the bracket that ends the array has been seen; what follows it is not looked at.
  bool closed() const noexcept { return stage_ == Stage::closed; }
  /// How many invalid UTF-8 sequences have been replaced by U+FFFD so far.
  std::size_t replacements() const noexcept { return replacements_; }

 private:
  enum class Stage { start, between, item, closed, no_array };

  bool find_item();
  bool find_end(std::size_t& end);
  void skip_run() noexcept;
  void check_limit(std::size_t end) const;
  std::string_view repaired(std::string_view item);

  std::size_t max_item_bytes_;
  std::unique_ptr<char[]> buffer_;
  std::size_t capacity_ = 0;  // without the padding
  std::size_t item_ = 0;      // start of what is not yet given
  std::size_t scanned_ = 0;   // up to here the buffer has been looked at
  std::size_t end_ = 0;
  std::size_t depth_ = 0;
  bool in_string_ = false, escaped_ = false, ended_ = false;
  Stage stage_ = Stage::start;
  std::string repaired_;
  std::size_t replacements_ = 0;
};

}  // namespace v0
}  // namespace lian
