#include "lian/data/text_splitter.hpp"

#include <algorithm>

#include "lian/core/error.hpp"
#include "lian/core/json.hpp"
#include "support/catch.hpp"
#include "support/data.hpp"

using lian::CharacterTextSplitter;
using lian::Document;
using lian::Documents;
using lian::KeepSeparator;
using lian::LengthUnit;
using lian::RecursiveCharacterTextSplitter;
using lian::Span;
using lian::TextPiece;

namespace {

using Texts = std::vector<std::string>;

Texts texts_of(const lian::Json& array) {
  Texts out;
  for (const lian::Json& item : array.items()) out.emplace_back(item.as_string());
  return out;
}

KeepSeparator keep_of(std::string_view name) {
  if (name == "start") return KeepSeparator::start;
  return name == "end" ? KeepSeparator::end : KeepSeparator::none;
}

template <class Splitter>
Texts run_case(Splitter splitter, const lian::Json& row, std::string_view text) {
  splitter.chunk_size(row["chunk_size"].as_int()).chunk_overlap(row["chunk_overlap"].as_int());
  splitter.keep_separator(keep_of(row["keep_separator"].as_string()));
  splitter.strip_whitespace(row["strip_whitespace"].as_bool());
  const bool bytes = row["length_unit"].as_string() == "bytes";
  splitter.length_unit(bytes ? LengthUnit::bytes : LengthUnit::code_points);
  return splitter.split_text(text);
}

Texts run_case(const lian::Json& row, std::string_view text) {
  const Texts separators = texts_of(row["separators"]);
  if (row["kind"].as_string() == "character") {
    return run_case(CharacterTextSplitter().separator(separators.front()), row, text);
  }
  return run_case(RecursiveCharacterTextSplitter().separators(separators), row, text);
}

std::string error_of(auto&& action) {
  try {
    action();
  } catch (const lian::Error& error) {
    CHECK(error.kind() == lian::ErrorKind::config);
    return error.message();
  }
  return "nothing thrown";
}

std::string_view part(std::string_view text, std::uint64_t begin, std::uint64_t end) {
  return text.substr(begin, end - begin);
}

constexpr std::string_view poem =
    "第一行很短。\n第二行也不长，但是有逗号。\n\nA third line, in English, with words.\r\nFourth "
    "line "
    "😀 ends here.\n\n\n\nLast.";

}  // namespace

TEST_CASE("splitter: gives LangChain's chunks for every row of the table") {
  const lian::Json table = lian::Json::parse(lian::test::read_data("splitter/chunks.json"));
  std::size_t rows = 0;
  for (const lian::Json& row : table["cases"].items()) {
    const lian::Json text = table["texts"].at(row["text"].as_string());
    INFO(row.dump());
    CHECK(run_case(row, text.as_string()) == texts_of(row["chunks"]));
    ++rows;
  }
  CHECK(rows == 390);
}

TEST_CASE("splitter: overlap is whole pieces, never part of one") {
  const auto splitter = RecursiveCharacterTextSplitter(11, 6);
  CHECK(splitter.split_text("one two three four") == Texts{"one two", "two three", "three four"});
  const auto tight = RecursiveCharacterTextSplitter(11, 3);
  CHECK(tight.split_text("one two three four") == Texts{"one two", "three four"});
}

TEST_CASE("splitter: a piece that no separator cuts stays whole and is counted") {
  auto splitter = RecursiveCharacterTextSplitter(5, 0).separators({" "});
  CHECK(splitter.split_text("ab abcdefgh c") == Texts{"ab", " abcdefgh", "c"});
  std::size_t oversized = 0;
  splitter.split_documents({Document("ab abcdefgh c"), Document("abcdefgh")}, &oversized);
  CHECK(oversized == 2);
  CHECK(splitter.split_spans("abcdef") == std::vector{TextPiece(0, 6, true)});
  CHECK(splitter.split_spans("abcde") == std::vector{TextPiece(0, 5, false)});
  CHECK(CharacterTextSplitter(4, 0).split_spans("abcdef\n\nab").front().oversized);
}

TEST_CASE("splitter: empty and blank texts give no chunks") {
  CHECK(RecursiveCharacterTextSplitter().split_text("").empty());
  CHECK(RecursiveCharacterTextSplitter().split_text(" \n\n\t").empty());
  CHECK(RecursiveCharacterTextSplitter().split_documents({Document(), Document("")}).empty());
  CHECK(CharacterTextSplitter().split_text("").empty());
}

TEST_CASE("splitter: wrong sizes are refused with the numbers") {
  CHECK(error_of([] { RecursiveCharacterTextSplitter().chunk_size(0); }) ==
        "text splitter: chunk_size is 0, it must be greater than 0");
  CHECK(error_of([] { RecursiveCharacterTextSplitter().chunk_overlap(-1); }) ==
        "text splitter: chunk_overlap is -1, it must not be negative");
  CHECK(error_of([] {
          CharacterTextSplitter(100, 200);
        }).find("chunk_overlap 200 is larger than chunk_size 100") != std::string::npos);
  const auto small = RecursiveCharacterTextSplitter().chunk_size(100);
  CHECK(error_of([&] { small.split_text("text"); }).find("200 is larger than chunk_size 100") !=
        std::string::npos);
  CHECK_NOTHROW(RecursiveCharacterTextSplitter(100, 100).split_text("text"));
  CHECK(error_of([] { RecursiveCharacterTextSplitter().separators({}); }).find("empty") !=
        std::string::npos);
}

TEST_CASE("splitter: never cuts a UTF-8 sequence, in either unit") {
  const std::string text = "汉字😀é汉字😀éab";
  for (const LengthUnit unit : {LengthUnit::bytes, LengthUnit::code_points}) {
    for (std::int64_t size = 1; size < 8; ++size) {
      auto splitter = RecursiveCharacterTextSplitter(size, 0).length_unit(unit);
      std::string all;
      for (const std::string& chunk : splitter.split_text(text)) {
        CHECK((static_cast<unsigned char>(chunk.front()) & 0xC0U) != 0x80U);
        all += chunk;
      }
      CHECK(all == text);
    }
  }
  CHECK(RecursiveCharacterTextSplitter(2, 0).split_text("汉字汉") == Texts{"汉字", "汉"});
  CHECK(RecursiveCharacterTextSplitter(7, 0).length_unit(LengthUnit::bytes).split_text("汉字汉") ==
        Texts{"汉字", "汉"});
}

TEST_CASE("splitter: measures with a function when given one") {
  const auto words = [](std::string_view text) {
    return 1 + std::count(text.begin() + (text.empty() ? 0 : 1), text.end(), ' ');
  };
  auto splitter = RecursiveCharacterTextSplitter(2, 0).length_function(words);
  CHECK(splitter.split_text("one two three four five") == Texts{"one two", "three four", "five"});
  splitter.length_unit(LengthUnit::bytes).chunk_size(9);
  CHECK(splitter.split_text("one two three") == Texts{"one two", "three"});
}

TEST_CASE("splitter: chunks know their bytes, lines and start index") {
  auto splitter = RecursiveCharacterTextSplitter(24, 10).add_start_index(true);
  Document whole((std::string(poem)));
  whole.metadata.set("source", "poem.txt");
  const Documents chunks = splitter.split_documents({whole});
  REQUIRE(chunks.size() > 4);
  for (const Document& chunk : chunks) {
    const Span span = chunk.span.value();
    CHECK(part(poem, span.byte_begin, span.byte_end) == chunk.text);
    const auto lines_before =
        std::count(poem.begin(), poem.begin() + static_cast<std::ptrdiff_t>(span.byte_begin), '\n');
    CHECK(span.line_begin == 1 + static_cast<std::uint64_t>(lines_before));
    const auto lines_inside = std::count(chunk.text.begin(), chunk.text.end() - 1, '\n');
    CHECK(span.line_end == span.line_begin + static_cast<std::uint64_t>(lines_inside));
    const auto points = std::count_if(
        poem.begin(), poem.begin() + static_cast<std::ptrdiff_t>(span.byte_begin),
        [](char byte) { return (static_cast<unsigned char>(byte) & 0xC0U) != 0x80U; });
    CHECK(chunk.metadata.at("start_index") == lian::Value(points));
    CHECK(chunk.source() == "poem.txt");
  }
  CHECK(chunks.back().text == "Last.");
  CHECK(chunks.back().span->line_begin == 9);
}

TEST_CASE("splitter: start index counts bytes when lengths do") {
  auto splitter = RecursiveCharacterTextSplitter(8, 0).length_unit(LengthUnit::bytes);
  const Documents chunks = splitter.add_start_index(true).split_documents({Document("汉字 abc")});
  REQUIRE(chunks.size() == 2);
  CHECK(chunks[1].text == "abc");
  CHECK(chunks[1].metadata.at("start_index") == lian::Value(7));
}

TEST_CASE("splitter: spans lie within the parent's") {
  Document block("second\nthird line");
  block.span = Span(1000, 1017, 40, 41);
  const Documents chunks = RecursiveCharacterTextSplitter(8, 0).split_documents({block});
  REQUIRE(chunks.size() == 3);
  CHECK(*chunks[0].span == Span(1000, 1006, 40, 40));
  CHECK(*chunks[1].span == Span(1007, 1012, 41, 41));
  CHECK(*chunks[2].span == Span(1013, 1017, 41, 41));
}

TEST_CASE("splitter: repeated text gets its true place, not the first one") {
  auto splitter = RecursiveCharacterTextSplitter(4, 0).add_start_index(true);
  const Documents chunks = splitter.split_documents({Document("abc abc abc")});
  REQUIRE(chunks.size() == 3);
  for (std::size_t i = 0; i < 3; ++i)
    CHECK(chunks[i].metadata.at("start_index") == lian::Value(4 * i));
}

TEST_CASE("splitter: a dropped separator run is written once, its span covers it") {
  const CharacterTextSplitter splitter(20, 0);
  const Documents chunks = splitter.split_documents({Document("a\n\n\n\nb\n\nc")});
  REQUIRE(chunks.size() == 1);
  CHECK(chunks[0].text == "a\n\nb\n\nc");
  CHECK(*chunks[0].span == Span(0, 9, 1, 7));
}

TEST_CASE("splitter: Chinese sentences keep their punctuation") {
  auto splitter = RecursiveCharacterTextSplitter::from_language("chinese");
  splitter.chunk_size(12).chunk_overlap(0);
  CHECK(splitter.split_text("你好吗？我很好。今天天气不错，我们出去走走吧！") ==
        Texts{"你好吗？我很好。", "今天天气不错，", "我们出去走走吧！"});
}

TEST_CASE("splitter: knows the separators of languages and names them when asked for another") {
  auto splitter = RecursiveCharacterTextSplitter::from_language("markdown");
  splitter.chunk_size(30).chunk_overlap(0);
  CHECK(splitter.split_text("# One\n\nfirst body text\n## Two\n\nsecond body text") ==
        Texts{"# One\n\nfirst body text", "## Two\n\nsecond body text"});
  CHECK(RecursiveCharacterTextSplitter::separators_for("cpp").front() == "\nclass ");
  using Strings = std::vector<std::string>;
  CHECK(RecursiveCharacterTextSplitter::separators_for("python") ==
        Strings({"\nclass ", "\ndef ", "\n\tdef ", "\n\n", "\n", " ", ""}));
  const Strings html = RecursiveCharacterTextSplitter::separators_for("html");
  CHECK(Strings(html.end() - 2, html.end()) == Strings({"<title", ""}));
  const Strings latex = RecursiveCharacterTextSplitter::separators_for("latex");
  CHECK(Strings(latex.end() - 4, latex.end()) == Strings({"$$", "$", " ", ""}));
  CHECK(RecursiveCharacterTextSplitter::separators_for("c") ==
        RecursiveCharacterTextSplitter::separators_for("cpp"));
  CHECK(error_of([] {
          RecursiveCharacterTextSplitter::separators_for("malbolge");
        }).find("\"malbolge\"; known are c, cobol, cpp") != std::string::npos);
}

TEST_CASE("splitter: long runs without separators and runs of separators come through") {
  const std::string run(5000, 'x');
  const Texts chunks = RecursiveCharacterTextSplitter(1000, 0).split_text(run);
  CHECK(chunks == Texts(5, std::string(1000, 'x')));
  const std::string lines(1000, '\n');
  const Texts kept =
      RecursiveCharacterTextSplitter(64, 0).strip_whitespace(false).split_text(lines + "a" + lines);
  std::string all;
  for (const std::string& chunk : kept) all += chunk;
  CHECK(all == lines + "a" + lines);
}
