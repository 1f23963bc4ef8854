#include "support/corpus.hpp"

#include "support/catch.hpp"

using namespace lian::test;

TEST_CASE("corpus: base64 and hex decode to the bytes that were encoded") {
  std::string bytes;
  for (int count = 0; count < 70; ++count) {
    CHECK(from_base64(to_base64(bytes)) == bytes);
    bytes += static_cast<char>(count * 37);
  }
  CHECK(from_base64("aGk=") == "hi");
  CHECK(from_hex("e4bda0") == "你");
  CHECK_THROWS(from_hex("e4b"));
  CHECK_THROWS(from_base64("a$=="));
}

TEST_CASE("corpus: every file is read") {
  CHECK(read_jsonl("sse_vectors.jsonl").size() == 46);
  CHECK(read_jsonl("http_responses.jsonl").size() == 64);
  CHECK(read_jsonl("template_injection.jsonl").size() == 40);
  CHECK(read_jsonl("filter_injection.jsonl").size() == 27);
  CHECK(read_tsv("retry_after.tsv").size() == 20);
  CHECK(read_tsv("utf8_stress.tsv").size() == 57);
  CHECK(read_tsv("path_traversal.tsv").size() == 34);
  CHECK(read_data("wire/openai_chat/stream.sse").find("data: [DONE]") != std::string::npos);
  CHECK_THROWS(read_data("missing"));
}

TEST_CASE("corpus: escapes of a .tsv field") {
  CHECK(unescape("a\\0b\\t\\n\\r") == std::string("a\0b\t\n\r", 6));
  CHECK(unescape("C:\\Windows") == "C:\\Windows");
  CHECK(unescape("\\") == "\\");
}
