#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "lian/core/document.hpp"
#include "lian/core/export.hpp"

namespace lian {
inline namespace v0 {

/// What chunk sizes, overlaps and start indices count.
enum class LengthUnit { code_points, bytes };

/// Where a separator goes when the text is cut at it.
enum class KeepSeparator {
  none,   ///< dropped at the cut, put back between the pieces of one chunk
  start,  ///< begins the piece on its right
  end,    ///< ends the piece on its left
};

/// A chunk as the bytes [begin, end) of the text it was cut from.
struct TextPiece {
  TextPiece() = default;
  TextPiece(std::size_t begin_in, std::size_t end_in, bool oversized_in = false)
      : begin(begin_in), end(end_in), oversized(oversized_in) {}
  std::size_t begin = 0, end = 0;
  bool oversized = false;  ///< longer than the chunk size: no separator was left to cut it at
  friend bool operator==(const TextPiece&, const TextPiece&) = default;
};

/// Measures a text for a splitter, e.g. in tokens. Called from every thread that splits.
class LIAN_API TextLength {
 public:
  virtual ~TextLength();
  virtual std::size_t measure(std::string_view text) const = 0;
};

namespace detail {
/// A callable as a TextLength.
template <class Callable>
class CallableLength final : public TextLength {
 public:
  explicit CallableLength(Callable callable) : callable_(std::move(callable)) {}
  std::size_t measure(std::string_view text) const override {
    return static_cast<std::size_t>(callable_(text));
  }

 private:
  Callable callable_;
};

/// What every splitter can be told.
struct SplitterSettings {
  std::int64_t chunk_size = 4000, chunk_overlap = 200;
  LengthUnit unit = LengthUnit::code_points;
  std::shared_ptr<const TextLength> length;
  KeepSeparator keep_separator = KeepSeparator::none;
  bool strip_whitespace = true, add_start_index = false;
};

/// A chunk and, where it is not the source's bytes, its text.
struct SplitChunk {
  TextPiece piece;
  std::unique_ptr<const std::string> joined;
};
}  // namespace detail

/// Cuts texts into overlapping chunks of bounded length, with the meaning of LangChain's splitters:
/// pieces are gathered while they fit `chunk_size`; the next chunk starts with as many whole pieces
/// of the last one as fit `chunk_overlap`. Defaults: 4000 and 200 code points, white space stripped
/// from chunks, empty chunks dropped. Texts are UTF-8; a sequence is never cut. A splitter is a
/// value; the verbs may be called from many threads at once.
class LIAN_API TextSplitter {
 public:
  virtual ~TextSplitter();

  /// The chunks of `text`. Throws Error{config} when chunk_overlap exceeds chunk_size.
  std::vector<std::string> split_text(std::string_view text) const;
  /// The chunks as positions in `text`. With KeepSeparator::none a run of separators inside a chunk
  /// counts once in `split_text`; only then does a chunk's text differ from the bytes it covers.
  std::vector<TextPiece> split_spans(std::string_view text) const;
  /// One document a chunk, in order: metadata copied, `span` set to the chunk's bytes and lines
  /// (within the parent's span when it has one; lines end at \n). A document without text gives
  /// none. `oversized`, when given, receives the number of chunks longer than chunk_size.
  Documents split_documents(const Documents& documents, std::size_t* oversized = nullptr) const;

  std::int64_t chunk_size() const noexcept { return settings_.chunk_size; }
  std::int64_t chunk_overlap() const noexcept { return settings_.chunk_overlap; }

 protected:
  explicit TextSplitter(KeepSeparator keep_separator) { settings_.keep_separator = keep_separator; }
  TextSplitter(const TextSplitter&) = default;
  TextSplitter(TextSplitter&&) noexcept = default;
  TextSplitter& operator=(const TextSplitter&) = default;
  TextSplitter& operator=(TextSplitter&&) noexcept = default;

  void set_size(std::int64_t size);
  void set_overlap(std::int64_t overlap);
  void check_sizes() const;

  detail::SplitterSettings settings_;

 private:
  /// The separators to try, best first, and whether pieces that are too long are cut again.
  virtual const std::vector<std::string>& cut_at() const noexcept = 0;
  virtual bool recursive() const noexcept = 0;
  std::vector<detail::SplitChunk> chunks(std::string_view text) const;
  void append_chunks(const Document& document, Documents& out, std::size_t& oversized) const;
};

/// The setters of a splitter, giving back the splitter itself.
template <class Self>
class TextSplitterSetters : public TextSplitter {
 public:
  using TextSplitter::chunk_overlap;
  using TextSplitter::chunk_size;

  /// The longest a chunk may be, in the length unit. Throws Error{config} unless > 0.
  Self& chunk_size(std::int64_t size) { return set_size(size), self(); }
  /// How much of a chunk the next one repeats at most. Throws Error{config} when negative.
  Self& chunk_overlap(std::int64_t overlap) { return set_overlap(overlap), self(); }
  /// What lengths and start indices count. Default: code points.
  Self& length_unit(LengthUnit unit) {
    settings_.length.reset();
    return settings_.unit = unit, self();
  }
  /// Measures with `callable(std::string_view)`, e.g. a token counter; it must be safe to call from
  /// several threads. Start indices then count code points.
  template <class Callable>
  Self& length_function(Callable callable) {
    using Length = detail::CallableLength<std::decay_t<Callable>>;
    settings_.length = std::make_shared<const Length>(std::move(callable));
    settings_.unit = LengthUnit::code_points;
    return self();
  }
  Self& keep_separator(KeepSeparator keep) { return settings_.keep_separator = keep, self(); }
  /// Whether white space (Unicode's) is taken off both ends of a chunk. Default: true.
  Self& strip_whitespace(bool strip) { return settings_.strip_whitespace = strip, self(); }
  /// Whether chunks carry metadata "start_index", their true place in the document's text.
  Self& add_start_index(bool add) { return settings_.add_start_index = add, self(); }

 private:
  friend Self;
  using TextSplitter::TextSplitter;
  Self& self() { return static_cast<Self&>(*this); }
};

/// Cuts at one separator only (default: the blank line); a longer piece stays whole.
class LIAN_API CharacterTextSplitter final : public TextSplitterSetters<CharacterTextSplitter> {
 public:
  CharacterTextSplitter();
  /// Throws Error{config} unless size > 0 and 0 <= overlap <= size.
  CharacterTextSplitter(std::int64_t chunk_size, std::int64_t chunk_overlap);

  /// "" cuts between code points.
  CharacterTextSplitter& separator(std::string separator);

 private:
  const std::vector<std::string>& cut_at() const noexcept override { return separators_; }
  bool recursive() const noexcept override { return false; }

  std::vector<std::string> separators_{"\n\n"};
};

/// Cuts at the first separator of a list that occurs, and what is still too long at the ones after
/// it: by default at blank lines, then lines, then words, then code points. Separators are kept at
/// the start of pieces by default.
class LIAN_API RecursiveCharacterTextSplitter final
    : public TextSplitterSetters<RecursiveCharacterTextSplitter> {
 public:
  RecursiveCharacterTextSplitter();
  /// Throws Error{config} unless size > 0 and 0 <= overlap <= size.
  RecursiveCharacterTextSplitter(std::int64_t chunk_size, std::int64_t chunk_overlap);

  /// Best first; "" cuts between code points and ends the list. Throws Error{config} when empty.
  RecursiveCharacterTextSplitter& separators(std::vector<std::string> separators);

  /// Paragraphs, lines, Chinese sentence ends and clauses, then words and code points. Meant for
  /// KeepSeparator::end, so that punctuation stays with its sentence.
  static std::vector<std::string> chinese_separators();
  /// LangChain's separators for source text: "c", "cobol", "cpp", "csharp", "elixir", "go", "html",
  /// "java", "js", "kotlin", "latex", "lua", "markdown", "php", "powershell", "proto", "python",
  /// "rst", "ruby", "rust", "scala", "sol", "swift", "ts". Throws Error{config} with the known names
  /// for another one.
  static std::vector<std::string> separators_for(std::string_view language);
  /// A splitter with those separators; "chinese" is a language here too.
  static RecursiveCharacterTextSplitter from_language(std::string_view language);

 private:
  const std::vector<std::string>& cut_at() const noexcept override { return separators_; }
  bool recursive() const noexcept override { return true; }

  std::vector<std::string> separators_{"\n\n", "\n", " ", ""};
};

}  // namespace v0
}  // namespace lian
