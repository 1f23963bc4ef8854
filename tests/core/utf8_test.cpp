#include "lian/core/utf8.hpp"

#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/data.hpp"

namespace utf8 = lian::utf8;

namespace {

struct Row {
  std::string input, output, why;
  bool valid = false;
  std::size_t replaced = 0;
};

std::string from_hex(const std::string& hex) {
  std::string out;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    out.push_back(static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16)));
  }
  return out;
}

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> out(1);
  for (const char c : text) {
    if (c == separator) {
      out.emplace_back();
    } else {
      out.back().push_back(c);
    }
  }
  return out;
}

std::vector<Row> rows() {
  std::vector<Row> out;
  for (const std::string& line : split(lian::test::read_data("utf8_stress.tsv"), '\n')) {
    if (line.empty() || line.front() == '#') continue;
    const std::vector<std::string> fields = split(line, '\t');
    Row row;
    row.input = from_hex(fields.at(0));
    row.valid = fields.at(1) == "1";
    row.replaced = std::stoul(fields.at(2));
    row.output = from_hex(fields.at(3));
    row.why = fields.at(4);
    out.push_back(row);
  }
  return out;
}

std::string stream(const std::vector<std::string>& pieces, std::size_t* replaced = nullptr) {
  lian::Utf8Repair repair;
  std::string out;
  for (const std::string& piece : pieces) {
    repair.feed(piece, out);
    CHECK(utf8::is_valid(out));
  }
  repair.finish(out);
  if (replaced != nullptr) *replaced = repair.replaced();
  return out;
}

}  // namespace

TEST_CASE("utf8: the stress vectors are judged and repaired right") {
  REQUIRE(rows().size() == 57);
  for (const Row& row : rows()) {
    INFO(row.why);
    CHECK(utf8::is_valid(row.input) == row.valid);
    std::size_t replaced = 0;
    CHECK(utf8::repair(row.input, &replaced) == row.output);
    CHECK(replaced == row.replaced);
  }
}

TEST_CASE("utf8: repair gives the same bytes however the text is cut") {
  for (const Row& row : rows()) {
    INFO(row.why);
    for (std::size_t a = 0; a <= row.input.size(); ++a) {
      for (std::size_t b = a; b <= row.input.size(); ++b) {
        std::size_t replaced = 0;
        CHECK(stream({row.input.substr(0, a), row.input.substr(a, b - a), row.input.substr(b)},
                     &replaced) == row.output);
        CHECK(replaced == row.replaced);
      }
    }
    std::vector<std::string> bytes;
    for (const char c : row.input) bytes.emplace_back(1, c);
    CHECK(stream(bytes) == row.output);
  }
}

TEST_CASE("utf8: the offset of the first bad byte, behind any number of good ones") {
  for (std::size_t before = 0; before < 40; ++before) {
    const std::string good(before, 'a');
    CHECK(utf8::valid_until(good) == before);
    CHECK(utf8::valid_until(good + "\xC3" + good) == before);
    CHECK(utf8::valid_until(good + "链\xFFtext") == before + 3);
    CHECK(utf8::valid_until(good + "链") == before + 3);
  }
}

TEST_CASE("utf8: counting agrees with decoding at every length") {
  const std::string text = "aé链𝄞b中文ascii only for a while…é";
  for (std::size_t size = 0; size <= text.size(); ++size) {
    const std::string part = text.substr(0, utf8::code_point_boundary(text, size));
    std::size_t decoded = 0;
    std::string again;
    for (std::size_t at = 0; at < part.size(); ++decoded) utf8::append(again, utf8::next(part, at));
    CHECK(utf8::count(part) == decoded);
    CHECK(again == part);
  }
}

TEST_CASE("utf8: a boundary never cuts a code point") {
  const std::string text = "a链𝄞";
  const std::size_t expected[] = {0, 1, 1, 1, 4, 4, 4, 4, 8, 8};
  for (std::size_t limit = 0; limit < 10; ++limit) {
    CHECK(utf8::code_point_boundary(text, limit) == expected[limit]);
  }
}

TEST_CASE("utf8: append takes no surrogate and nothing above the last code point") {
  std::string out;
  utf8::append(out, 0xD800);
  utf8::append(out, 0x110000);
  utf8::append(out, 0x10FFFF);
  CHECK(out == "\xEF\xBF\xBD\xEF\xBF\xBD\xF4\x8F\xBF\xBF");
}

TEST_CASE("utf8: CJK letters are told from other text") {
  for (const char32_t c : {U'链', U'あ', U'カ', U'한', U'ㄅ', U'々', U'〇', U'ｶ', U'𠀀', U'豈'}) {
    INFO(static_cast<unsigned>(c));
    CHECK(utf8::is_cjk(c));
  }
  for (const char32_t c : {U'a', U'é', U'。', U'，', U'「', U'・', U'！', U'😀', U'Ａ', U'ж'}) {
    INFO(static_cast<unsigned>(c));
    CHECK_FALSE(utf8::is_cjk(c));
  }
  CHECK(utf8::has_cjk("plain, then 中"));
  CHECK_FALSE(utf8::has_cjk("Zürich – naïve。"));
}

TEST_CASE("utf8: folding makes what search should find equal") {
  CHECK(utf8::fold("Hello World") == "hello world");
  CHECK(utf8::fold("ＡＢＣ１２３") == "abc123");
  CHECK(utf8::fold("Straße") == utf8::fold("STRASSE"));
  CHECK(utf8::fold("e\xCC\x81") == utf8::fold("É"));
  CHECK(utf8::fold("ﬁne") == "fine");
  CHECK(utf8::fold("so\xC2\xAD"
                   "ft") == "soft");
  CHECK(utf8::fold("ｶﾞ") == "ガ");
  CHECK(utf8::fold("中文 链") == "中文 链");
  CHECK(utf8::fold("Ж\xFF") == "ж\xEF\xBF\xBD");
  CHECK(utf8::fold("").empty());
  CHECK(utf8::fold("中文E\xCC\x81 链。ＯＫ X") == "中文é 链。ok x");
  CHECK(utf8::fold("A\xCC\x81"
                   "B") == utf8::fold("Áb"));
}

TEST_CASE("utf8: folding takes long runs of combining marks") {
  std::string marks = "a";
  for (int i = 0; i < 100000; ++i) marks += i % 2 == 0 ? "\xCC\x81" : "\xCC\xA3";
  const std::string folded = utf8::fold(marks);
  CHECK(utf8::is_valid(folded));
  CHECK(folded.size() > 100000);
}
