#include "lian/core/document.hpp"

#include "core/field_reader.hpp"
#include "lian/core/error.hpp"

namespace lian {
inline namespace v0 {

Document::Document() = default;
Document::Document(std::string text_in, Values metadata_in)
    : text(std::move(text_in)), metadata(std::move(metadata_in)) {}
Document::Document(const Document&) = default;
Document::Document(Document&&) noexcept = default;
Document& Document::operator=(const Document&) = default;
Document& Document::operator=(Document&&) noexcept = default;
Document::~Document() = default;

std::string_view Document::source() const noexcept {
  const Value* value = metadata.find("source");
  if (value == nullptr || value->text() == nullptr) return {};
  return *value->text();
}

bool operator==(const Document& a, const Document& b) {
  return a.text == b.text && a.metadata == b.metadata && a.id == b.id && a.span == b.span;
}

std::string format_documents(const Documents& documents) {
  std::string out;
  for (const Document& document : documents) {
    if (&document != &documents.front()) out += "\n\n";
    out += document.text;
  }
  return out;
}

Json to_json(const Document& document) {
  Json out = Json::object({{"text", document.text}});
  if (!document.metadata.empty()) out.set("metadata", document.metadata.to_json());
  if (!document.id.empty()) out.set("id", document.id);
  if (document.span) {
    const Span& span = *document.span;
    out.set("span", Json::object({{"byte_begin", span.byte_begin},
                                  {"byte_end", span.byte_end},
                                  {"line_begin", span.line_begin},
                                  {"line_end", span.line_end}}));
  }
  return out;
}

namespace {

Span span_from_json(FieldReader fields) {
  const auto count = [&fields](std::string_view name) {
    const Json value = fields.json(name);
    if (!value.is_integer()) fields.fail(name, "expected an integer from 0");
    return value.as_uint();
  };
  Span span;
  span.byte_begin = count("byte_begin");
  span.byte_end = count("byte_end");
  span.line_begin = count("line_begin");
  span.line_end = count("line_end");
  return span;
}

}  // namespace

Document document_from_json(const Json& json) {
  FieldReader fields(json, "document");
  Document document(fields.required_text("text"));
  if (const Json metadata = fields.json("metadata"); !metadata.is_null()) {
    document.metadata = Values::from_json(metadata);
  }
  document.id = fields.text("id");
  if (const Json span = fields.json("span"); !span.is_null()) {
    document.span = span_from_json(FieldReader(span, "document.span"));
  }
  const Json unknown = fields.rest();
  if (!unknown.empty()) fields.fail(unknown.keys().front(), "a document has no such field");
  return document;
}

}  // namespace v0
}  // namespace lian
