#include "chain/citations.hpp"

#include <string>
#include <string_view>

#include "support/catch.hpp"
#include "support/scripted.hpp"

using lian::Citation;
using lian::Documents;
using lian::find_citations;
using lian::test::document;

namespace {

const std::string kettle = "# Kettle\nIt holds 1.7 litres. It weighs 1.1 kg.\nThe cord is short.\n";
const std::string rules = "第一条 上班时间为九点。\n第二条 迟到三次扣一天工资。午休两小时。\n";

Documents two() {
  Documents documents;
  documents.push_back(document(kettle, "kettle.md", 100, 11));
  documents.push_back(document(rules, "rules.md"));
  return documents;
}

std::string bytes_at(const Citation& citation, std::string_view text, std::uint64_t begin) {
  return std::string(text.substr(citation.span.byte_begin - begin,
                                 citation.span.byte_end - citation.span.byte_begin));
}

}  // namespace

TEST_CASE("citations: the quote is the source's bytes, with offsets and lines") {
  const auto citations = find_citations("It weighs 1.1 kg. [1]", two());
  REQUIRE(citations.size() == 1);
  CHECK(citations[0].number == 1);
  CHECK(citations[0].source == "kettle.md");
  CHECK(citations[0].quote == "It weighs 1.1 kg.");
  CHECK(citations[0].span.byte_begin == 100 + kettle.find("It weighs"));
  CHECK(bytes_at(citations[0], kettle, 100) == citations[0].quote);
  CHECK(citations[0].span.line_begin == 12);
  CHECK(citations[0].span.line_end == 12);
}

TEST_CASE("citations: a quote over lines covers them") {
  const auto citations = find_citations("\"It weighs 1.1 kg.\nThe cord is short.\" [1]", two());
  REQUIRE(citations.size() == 1);
  CHECK(citations[0].quote == "It weighs 1.1 kg.\nThe cord is short.");
  CHECK(citations[0].span.line_begin == 12);
  CHECK(citations[0].span.line_end == 13);
}

TEST_CASE("citations: [1][2], [1] [2] and [1, 2] cite both for the same words") {
  Documents documents;
  documents.push_back(document("Alpha.\nThe cord is short.\n", "a.txt"));
  documents.push_back(document("Beta.\nThe cord is short.\n", "b.txt"));
  for (const char* const marks : {"[1][2]", "[1] [2]", "[1, 2]", "[1,2]"}) {
    INFO(marks);
    const std::string text = std::string("The cord is short. ") + marks + " Buy a longer one.";
    const auto citations = find_citations(text, documents);
    REQUIRE(citations.size() == 2);
    CHECK(citations[0].source == "a.txt");
    CHECK(citations[0].quote == "The cord is short.");
    CHECK(citations[1].source == "b.txt");
    CHECK(citations[1].quote == "The cord is short.");
  }
}

TEST_CASE("citations: each statement is found by its own words") {
  const auto citations =
      find_citations("The kettle takes 1.7 litres [1]. Its cord is rather short [1].", two());
  REQUIRE(citations.size() == 2);
  CHECK(citations[0].quote == "It holds 1.7 litres.");
  CHECK(citations[1].quote == "The cord is short.");
}

TEST_CASE("citations: equal ones are told once, in the order of their numbers") {
  const auto citations = find_citations(
      "午休两小时。[2] The cord is short. [1] The cord is short. [1]", two());
  REQUIRE(citations.size() == 2);
  CHECK(citations[0].number == 1);
  CHECK(citations[1].number == 2);
}

TEST_CASE("citations: Chinese sentences, whole and in quotation marks") {
  for (const char* const text :
       {"第二条 迟到三次扣一天工资。[2]", "规定是“迟到三次扣一天工资。”[2]", "迟到三次会扣掉一天的工资 [2]。"}) {
    INFO(text);
    const auto citations = find_citations(text, two());
    REQUIRE(citations.size() == 1);
    CHECK_THAT(citations[0].quote, Catch::Matchers::ContainsSubstring("迟到三次扣一天工资"));
    CHECK(citations[0].quote.find("午休") == std::string::npos);
    CHECK(bytes_at(citations[0], rules, 0) == citations[0].quote);
    CHECK(citations[0].span.line_begin == 2);
  }
}

TEST_CASE("citations: numbers without a document and other brackets are none") {
  CHECK(find_citations("See [3], [0], [], [x], [1 and a[i], [99999999999999999999].", two()).empty());
  CHECK(find_citations("", two()).empty());
  CHECK(find_citations("It weighs 1.1 kg. [1]", Documents()).empty());
}

TEST_CASE("citations: what resembles nothing stands for the whole document") {
  const auto citations = find_citations("[1]", two());
  REQUIRE(citations.size() == 1);
  CHECK(citations[0].quote == kettle.substr(0, kettle.size() - 1));
}

TEST_CASE("citations: without a span they count in the document") {
  Documents documents{lian::Document("One.\nTwo is more than one.")};
  const auto citations = find_citations("Two is more than one. [1]", documents);
  REQUIRE(citations.size() == 1);
  CHECK(citations[0].span == lian::Span(5, 26, 2, 2));
}

TEST_CASE("citations: knows a text that says it is not there") {
  CHECK(lian::says_not_found("Not in the documents."));
  CHECK(lian::says_not_found("I am afraid that is NOT IN THE DOCUMENTS"));
  CHECK(lian::says_not_found("文档中没有答案。"));
  CHECK_FALSE(lian::says_not_found("It is in the documents."));
  CHECK(lian::not_found_text("Where?") == "Not in the documents.");
  CHECK(lian::not_found_text("在哪里?") == "文档中没有答案。");
}

TEST_CASE("citations: shown a line a number, lines gathered") {
  lian::Answer answer;
  answer.text = "It weighs 1.1 kg. [1] The cord is short. [1] 午休两小时。[2]";
  answer.citations = find_citations(answer.text, two());
  CHECK(lian::format_citations(answer) == "[1] kettle.md:12,13\n[2] rules.md:2");
  CHECK(lian::format_citations(answer, true) ==
        "[1] kettle.md:12,13\n    It weighs 1.1 kg.\n    The cord is short.\n"
        "[2] rules.md:2\n    午休两小时。");
  CHECK(lian::format_answer(answer) == answer.text + "\n\n[1] kettle.md:12,13\n[2] rules.md:2");
  CHECK(lian::to_json(answer)["citations"][0]["byte_begin"].as_int() ==
        static_cast<std::int64_t>(100 + kettle.find("It weighs")));
}
