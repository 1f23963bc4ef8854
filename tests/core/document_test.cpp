#include "lian/core/document.hpp"

#include "lian/core/error.hpp"
#include "support/catch.hpp"

using lian::Document;
using lian::Json;

TEST_CASE("document: its JSON gives it back") {
  Document document("第一行", {{"source", "a/b.md"}, {"page", 3}, {"tags", Json::array({"x", 1})}});
  document.id = "doc-1";
  document.span = lian::Span(10, 19, 2, 3);
  CHECK(document_from_json(to_json(document)) == document);
  CHECK(document.source() == "a/b.md");
  CHECK(to_json(Document("x")).dump() == R"({"text":"x"})");
  CHECK(Document().source().empty());
}

TEST_CASE("document: bad JSON names the place") {
  const auto read = [](const char* text) { return lian::document_from_json(Json::parse(text)); };
  CHECK_THROWS_WITH(read("[]"), "document: expected object, got array");
  CHECK_THROWS_WITH(read("{}"), "document.text: missing");
  CHECK_THROWS_WITH(read(R"({"text":1})"), "document.text: expected string, got integer");
  CHECK_THROWS_WITH(read(R"({"text":"x","page":1})"),
                    "document.page: a document has no such field");
  CHECK_THROWS_WITH(read(R"({"text":"x","span":{"byte_begin":"0"}})"),
                    "document.span.byte_begin: expected an integer from 0");
}

TEST_CASE("document: format_documents joins by a blank line") {
  CHECK(lian::format_documents({Document("a"), Document(""), Document("b")}) == "a\n\n\n\nb");
  CHECK(lian::format_documents({}).empty());
}
