#include "lian/data/text_splitter.hpp"

#include <fmt/format.h>

#include "data/text_cutter.hpp"
#include "data/text_scan.hpp"
#include "lian/core/error.hpp"

namespace lian {
inline namespace v0 {
namespace {

// Line numbers of rising positions in one text.
class LineCounter {
 public:
  LineCounter(std::string_view text, std::uint64_t first_line) : text_(text), line_(first_line) {}

  std::uint64_t line_at(std::size_t byte) {
    line_ += detail::count_newlines(text_.substr(at_, byte - at_));
    at_ = byte;
    return line_;
  }

 private:
  std::string_view text_;
  std::uint64_t line_;
  std::size_t at_ = 0;
};

std::string text_of(std::string_view source, const detail::SplitChunk& chunk) {
  if (chunk.joined != nullptr) return *chunk.joined;
  return std::string(source.substr(chunk.piece.begin, chunk.piece.end - chunk.piece.begin));
}

}  // namespace

TextLength::~TextLength() = default;
TextSplitter::~TextSplitter() = default;

void TextSplitter::set_size(std::int64_t size) {
  if (size <= 0) {
    throw Error(ErrorKind::config,
                fmt::format("text splitter: chunk_size is {}, it must be greater than 0", size));
  }
  settings_.chunk_size = size;
}

void TextSplitter::set_overlap(std::int64_t overlap) {
  if (overlap < 0) {
    throw Error(
        ErrorKind::config,
        fmt::format("text splitter: chunk_overlap is {}, it must not be negative", overlap));
  }
  settings_.chunk_overlap = overlap;
}

void TextSplitter::check_sizes() const {
  if (settings_.chunk_overlap <= settings_.chunk_size) return;
  throw Error(ErrorKind::config,
              fmt::format("text splitter: chunk_overlap {} is larger than chunk_size {}; set a "
                          "smaller overlap or a larger size",
                          settings_.chunk_overlap, settings_.chunk_size));
}

std::vector<detail::SplitChunk> TextSplitter::chunks(std::string_view text) const {
  check_sizes();
  return detail::cut_text(text, settings_, cut_at(), recursive());
}

std::vector<std::string> TextSplitter::split_text(std::string_view text) const {
  const std::vector<detail::SplitChunk> found = chunks(text);
  std::vector<std::string> out;
  out.reserve(found.size());
  for (const detail::SplitChunk& chunk : found) out.push_back(text_of(text, chunk));
  return out;
}

std::vector<TextPiece> TextSplitter::split_spans(std::string_view text) const {
  const std::vector<detail::SplitChunk> found = chunks(text);
  std::vector<TextPiece> out;
  out.reserve(found.size());
  for (const detail::SplitChunk& chunk : found) out.push_back(chunk.piece);
  return out;
}

Documents TextSplitter::split_documents(const Documents& documents, std::size_t* oversized) const {
  Documents out;
  std::size_t too_long = 0;
  for (const Document& document : documents) append_chunks(document, out, too_long);
  if (oversized != nullptr) *oversized = too_long;
  return out;
}

void TextSplitter::append_chunks(const Document& document, Documents& out,
                                 std::size_t& oversized) const {
  const std::string_view text = document.text;
  const std::vector<detail::SplitChunk> found = chunks(text);
  const bool counts_points = settings_.add_start_index && settings_.unit == LengthUnit::code_points;
  const detail::CodePointIndex points(counts_points ? text : std::string_view());
  const Span parent = document.span.value_or(Span());
  LineCounter lines(text, parent.line_begin);
  out.reserve(out.size() + found.size());
  for (const detail::SplitChunk& chunk : found) {
    const auto [begin, end, is_oversized] = chunk.piece;
    Document part(text_of(text, chunk), document.metadata);
    if (settings_.add_start_index) part.metadata.set("start_index", points.before(begin));
    const std::uint64_t line = lines.line_at(begin);
    const std::uint64_t more = detail::count_newlines(text.substr(begin, end - 1 - begin));
    part.span = Span(parent.byte_begin + begin, parent.byte_begin + end, line, line + more);
    oversized += is_oversized ? 1 : 0;
    out.push_back(std::move(part));
  }
}

CharacterTextSplitter::CharacterTextSplitter() : TextSplitterSetters(KeepSeparator::none) {}

CharacterTextSplitter::CharacterTextSplitter(std::int64_t chunk_size, std::int64_t chunk_overlap)
    : CharacterTextSplitter() {
  set_size(chunk_size);
  set_overlap(chunk_overlap);
  check_sizes();
}

CharacterTextSplitter& CharacterTextSplitter::separator(std::string separator) {
  separators_.front() = std::move(separator);
  return *this;
}

RecursiveCharacterTextSplitter::RecursiveCharacterTextSplitter()
    : TextSplitterSetters(KeepSeparator::start) {}

RecursiveCharacterTextSplitter::RecursiveCharacterTextSplitter(std::int64_t chunk_size,
                                                               std::int64_t chunk_overlap)
    : RecursiveCharacterTextSplitter() {
  set_size(chunk_size);
  set_overlap(chunk_overlap);
  check_sizes();
}

RecursiveCharacterTextSplitter& RecursiveCharacterTextSplitter::separators(
    std::vector<std::string> separators) {
  if (separators.empty()) {
    throw Error(ErrorKind::config,
                "text splitter: the list of separators is empty; give at least one (\"\" cuts "
                "between code points)");
  }
  separators_ = std::move(separators);
  return *this;
}

}  // namespace v0
}  // namespace lian
