#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lian/core/export.hpp"
#include "lian/core/values.hpp"

namespace lian {
inline namespace v0 {

/// Where a document's text lies in its source: bytes [byte_begin, byte_end), lines
/// [line_begin, line_end] counted from 1. Offsets are those of the source after decompression.
struct Span {
  Span() = default;
  Span(std::uint64_t byte_begin_in, std::uint64_t byte_end_in, std::uint64_t line_begin_in,
       std::uint64_t line_end_in)
      : byte_begin(byte_begin_in),
        byte_end(byte_end_in),
        line_begin(line_begin_in),
        line_end(line_end_in) {}
  std::uint64_t byte_begin = 0, byte_end = 0, line_begin = 1, line_end = 1;
  friend bool operator==(const Span&, const Span&) = default;
};

/// A text with what is known about it. Regular value. `metadata["source"]` names where it is from
/// (for files the path as given); a chunk's "start_index" counts in the splitter's unit.
class LIAN_API Document {
 public:
  Document();
  explicit Document(std::string text, Values metadata = {});
  Document(const Document&);
  Document(Document&&) noexcept;
  Document& operator=(const Document&);
  Document& operator=(Document&&) noexcept;
  ~Document();

  std::string text;
  Values metadata;
  std::string id;            ///< optional
  std::optional<Span> span;  ///< set by loaders and splitters

  /// metadata["source"] as text, or "".
  std::string_view source() const noexcept;
  friend LIAN_API bool operator==(const Document& a, const Document& b);
};

using Documents = std::vector<Document>;

/// A document with how well it matched; higher is better unless the store says otherwise.
struct ScoredDocument {
  ScoredDocument() = default;
  ScoredDocument(Document document_in, double score_in)
      : document(std::move(document_in)), score(score_in) {}
  Document document;
  double score = 0;
};

/// The texts joined by a blank line, for a prompt's context (LangChain's format_docs).
LIAN_API std::string format_documents(const Documents& documents);

/// {"text", "metadata", "id", "span"}; what is empty is left out.
LIAN_API Json to_json(const Document& document);
/// Throws Error{validation} for a missing text, a wrong type or an unknown field.
LIAN_API Document document_from_json(const Json& json);

}  // namespace v0
}  // namespace lian
