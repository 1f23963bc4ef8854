#include "lian/data/html_loader.hpp"

#include "lian/core/error.hpp"
#include "lian/core/utf8.hpp"
#include "support/catch.hpp"
#include "temp_folder.hpp"

using lian::Document;

namespace {

Document page(std::string_view bytes) {
  Document document{std::string(bytes)};
  lian::html_format()->finish(document);
  return document;
}

std::string text(std::string_view bytes) { return page(bytes).text; }

std::string meta(const Document& document, std::string_view name) {
  const lian::Value* value = document.metadata.find(name);
  return value == nullptr ? "none" : *value->text();
}

}  // namespace

TEST_CASE("html: blocks become lines, entities are decoded, white space collapses") {
  CHECK(text("<p>One &amp; <b>two</b>\n  three&nbsp;&eacute;&#x6c49;</p><p>Next<br>line</p>") ==
        "One & two three\u00A0é汉\n\nNext\nline\n");
  CHECK(text("<ul><li>a</li><li>b</li></ul><div>c</div>d") == "a\nb\n\nc\nd\n");
  CHECK(text("<table><tr><td>1</td><td>2</td></tr><tr><td>3</td></tr></table>") == "1 2\n3\n");
  CHECK(text("<pre>  keep\n   this </pre>") == "  keep\n   this\n");
  CHECK(text("a<span>b</span>c <i>d</i>") == "abc d\n");
}

TEST_CASE("html: scripts, styles and navigation are left out") {
  CHECK(text("<head><title>T</title><style>p{}</style></head><body><nav><a>Menu</a></nav>"
             "<script>var x = '<p>no</p>';</script><p>Text</p><noscript>x</noscript></body>") ==
        "Text\n");
  CHECK(text("<nav>only this") == "only this\n");
}

TEST_CASE("html: title and language are metadata") {
  const Document found = page("<html lang=\"zh-CN\"><title> 链 \n 文档 </title><h1>H</h1>");
  CHECK(meta(found, "title") == "链 文档");
  CHECK(meta(found, "lang") == "zh-CN");
  CHECK(meta(found, "encoding") == "none");
  CHECK(meta(page("<h1>Only <b>heading</b></h1>x"), "title") == "Only heading");
}

TEST_CASE("html: the encoding is the one of the mark, the bytes or the page") {
  CHECK(text("<p>汉字é</p>") == "汉字é\n");
  CHECK(text("\xEF\xBB\xBF<p>汉</p>") == "汉\n");
  const Document gbk = page("<meta charset=\"gb2312\"><p>\xBA\xBA\xD7\xD6</p>");
  CHECK(gbk.text == "汉字\n");
  CHECK(meta(gbk, "encoding") == "gb18030");
  CHECK(text("<meta http-equiv=Content-Type content='text/html; charset=Shift_JIS'>\x93\xFA") ==
        "日\n");
  const Document latin = page("<p>caf\xE9 \x80 5</p>");
  CHECK(latin.text == "café € 5\n");
  CHECK(meta(latin, "encoding") == "windows-1252");
  CHECK(text(std::string_view("\xFF\xFE<\0p\0>\0I\x6C", 10)) == "汉\n");
  CHECK(text("<meta charset=utf-8><p>ok \xFF\xFE end</p>") == "ok \uFFFD\uFFFD end\n");
  CHECK(text("<meta charset=klingon><p>\xE9</p>") == "é\n");
}

TEST_CASE("html: long texts in another encoding come through whole") {
  std::string bytes = "<meta charset=gbk>", expected;
  for (int i = 0; i < 20000; ++i) bytes += "\xBA\xBA", expected += "汉";
  CHECK(text(bytes) == expected + "\n");
  std::string euros(30000, '\x80'), euro_text;
  for (int i = 0; i < 30000; ++i) euro_text += "€";
  CHECK(text(euros) == euro_text + "\n");
}

TEST_CASE("html: no bytes make it fail") {
  CHECK(text("").empty());
  CHECK(text("plain < text > here & there &unknown; &#0; &#xD800;").find("there") !=
        std::string::npos);
  CHECK(text("</p></div><<<>>><p <p>x").find('x') != std::string::npos);
  CHECK(text(std::string_view("<p>a\0b</p><p>c", 14)) == "a b\n\nc\n");
  std::string garbage;
  std::uint32_t state = 7;
  for (int round = 0; round < 200; ++round) {
    garbage.clear();
    for (int i = 0; i < 400; ++i) {
      state = state * 1664525U + 1013904223U;
      constexpr std::string_view likely = "<>/!-&;=\"' pdivscrt";
      const bool plain = (state >> 20U) % 3 != 0;
      garbage += plain ? likely[(state >> 24U) % likely.size()] : static_cast<char>(state >> 16U);
    }
    CHECK(lian::utf8::is_valid(text(garbage)));
  }
}

TEST_CASE("html: nothing is lost behind deep nesting, and absurd nesting is refused") {
  std::string deep;
  for (int i = 0; i < 3000; ++i) deep += "<div>";
  CHECK(text(deep + "bottom") == "bottom\n");
  for (int i = 0; i < 20000; ++i) deep += "<div>";
  CHECK_THROWS_AS(text(deep), lian::Error);
}

TEST_CASE("html: hostile pages end, and in proportion to their size") {
  constexpr std::size_t size = 600'000;
  const auto repeated = [](std::string_view part, const std::string& begin = std::string()) {
    std::ostringstream out;  // GCC 12 warns wrongly of a string that grows in place
    out << begin;
    for (std::size_t bytes = begin.size(); bytes < size; bytes += part.size()) out << part;
    return out.str();
  };
  for (const std::string_view part :
       {"<", "<a", "<a b=", "<a b=\"", "<!--", "<!", "<?", "</", "</p>", "&", "&#", "&#x", "<p>",
        "<script>", "<b><i></b></i>", "<title>", "<table><tr><td>"}) {
    CAPTURE(part);
    try {
      const std::string found = text(repeated(part));
      CHECK(lian::utf8::is_valid(found));
    } catch (const lian::Error& error) {
      CHECK(error.kind() == lian::ErrorKind::parse);  // too deep
    }
  }
  // End tags of elements that are not open, behind many that are: each looks through all of them.
  const std::string open = repeated("<div>");
  CHECK_THROWS_WITH(text(repeated("</b>", open.substr(0, 5 * 9000))),
                    Catch::Contains("nest deeper"));
  CHECK(text(repeated("</b>", open.substr(0, 5 * 400) + "seen")) == "seen\n");
  CHECK(text(open.substr(0, 5 * 9000) + "seen") == "seen\n");
}

TEST_CASE("html: entities are not expanded and nothing is read from elsewhere") {
  const std::string bomb =
      "<!DOCTYPE html [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b SYSTEM \"file:///etc/hostname\">]>"
      "<p>&a;&b;end</p>";
  CHECK(text(bomb).find("aaaa\n") == std::string::npos);
  CHECK(text(bomb).find("end") != std::string::npos);
}

TEST_CASE("html loader: a file has its text's span") {
  const lian::test::TempFolder folder;
  const std::string path = folder.write("page.html", "<title>T</title><p>One</p><p>Two</p>");
  const lian::Documents found = lian::HtmlLoader(path).load();
  REQUIRE(found.size() == 1);
  CHECK(found[0].text == "One\n\nTwo\n");
  CHECK(*found[0].span == lian::Span(0, 9, 1, 3));
  lian::DirectoryLoader loader(folder.path());
  loader.formats(lian::FileFormats().add({"html", "htm"}, lian::html_format()));
  CHECK(loader.load().at(0).text == found[0].text);
}
