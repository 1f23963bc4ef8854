#pragma once
// The recursive character splitter with the least work: the pieces of a level lie next to each
// other in the text, so that joining them is a view; only finished chunks are copied. It keeps
// separators at the start of a piece, as LangChain does.

#include <string>
#include <string_view>
#include <vector>

namespace bench {

struct ByteLength {
  static std::size_t of(std::string_view text) { return text.size(); }
};

struct CodePointLength {
  static std::size_t of(std::string_view text) {
    std::size_t count = 0;
    for (char byte : text) count += static_cast<signed char>(byte) > -65 ? 1 : 0;
    return count;
  }
};

template <class Length>
class SplitterLimit {
 public:
  SplitterLimit(std::size_t size, std::size_t overlap, std::vector<std::string>& out)
      : size_(size), overlap_(overlap), out_(out) {}

  void split(std::string_view text, std::size_t level = 0) {
    while (level < last && text.find(separators[level]) == std::string_view::npos) ++level;
    const std::vector<Piece> pieces = pieces_of(text, separators[level]);
    std::size_t good = 0;
    for (std::size_t index = 0; index < pieces.size(); ++index) {
      if (pieces[index].length < size_) continue;
      merge(pieces, good, index);
      if (level == last) {
        out_.emplace_back(pieces[index].text);
      } else {
        split(pieces[index].text, level + 1);
      }
      good = index + 1;
    }
    merge(pieces, good, pieces.size());
  }

 private:
  struct Piece {
    std::string_view text;
    std::size_t length;
  };

  static constexpr std::string_view separators[] = {"\n\n", "\n", " ", ""};
  static constexpr std::size_t last = 3;

  static std::size_t piece_end(std::string_view text, std::string_view separator,
                               std::size_t start) {
    if (!separator.empty()) return std::min(text.find(separator, start + 1), text.size());
    std::size_t end = start + 1;
    while (end < text.size() && (text[end] & '\xc0') == '\x80') ++end;
    return end;
  }

  static std::vector<Piece> pieces_of(std::string_view text, std::string_view separator) {
    std::vector<Piece> pieces;
    for (std::size_t start = 0; start < text.size();) {
      const std::size_t end = piece_end(text, separator, start);
      const std::string_view piece = text.substr(start, end - start);
      pieces.push_back({piece, Length::of(piece)});
      start = end;
    }
    return pieces;
  }

  void merge(const std::vector<Piece>& pieces, std::size_t begin, std::size_t end) {
    std::size_t total = 0;
    std::size_t first = begin;
    for (std::size_t index = begin; index < end; ++index) {
      const std::size_t length = pieces[index].length;
      if (total + length > size_ && first < index) {
        emit(pieces[first].text, pieces[index - 1].text);
        while (total > overlap_ || (total + length > size_ && total > 0)) {
          total -= pieces[first++].length;
        }
      }
      total += length;
    }
    if (first < end) emit(pieces[first].text, pieces[end - 1].text);
  }

  static bool is_space(char byte) { return byte == ' ' || (byte >= '\t' && byte <= '\r'); }

  void emit(std::string_view from, std::string_view to) {
    const char* begin = from.data();
    const char* end = to.data() + to.size();
    while (begin < end && is_space(*begin)) ++begin;
    while (end > begin && is_space(end[-1])) --end;
    if (begin < end) out_.emplace_back(begin, end);
  }

  std::size_t size_;
  std::size_t overlap_;
  std::vector<std::string>& out_;
};

}  // namespace bench
