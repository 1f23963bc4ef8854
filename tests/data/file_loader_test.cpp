#include <sys/stat.h>
#include <zlib.h>

#include <algorithm>
#include <filesystem>

#include "data/content_hash.hpp"
#include "lian/data/loader.hpp"
#include "support/catch.hpp"
#include "temp_folder.hpp"

using lian::Document;
using lian::Documents;
using lian::LoadLimits;
using lian::LoadProblem;
using lian::LoadReport;
using lian::LoadReports;
using lian::Span;
using lian::TextLoader;
using lian::test::TempFolder;

namespace {

Document load_one(const std::string& path) {
  Documents found = TextLoader(path).load();
  REQUIRE(found.size() == 1);
  return found.front();
}

LoadReport report_of(const std::string& path, LoadLimits limits = LoadLimits()) {
  TextLoader loader(path);
  loader.limits(limits);
  LoadReports reports;
  loader.load(&reports);
  REQUIRE(reports.size() == 1);
  return reports.front();
}

std::string gzip(std::string_view bytes) {
  std::string out(compressBound(static_cast<uLong>(bytes.size())) + 64, '\0');
  z_stream stream = {};
  REQUIRE(deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  std::string in(bytes);
  stream.next_in = reinterpret_cast<Bytef*>(in.data());
  stream.avail_in = static_cast<uInt>(in.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  REQUIRE(deflate(&stream, Z_FINISH) == Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

std::string utf16(std::u16string_view text, bool big_endian) {
  std::string out;
  for (const char16_t unit : text) {
    const char high = static_cast<char>(unit >> 8), low = static_cast<char>(unit & 0xFF);
    out += big_endian ? high : low;
    out += big_endian ? low : high;
  }
  return out;
}

// Checks that blocks are consecutive, whole in their lines and bytes, and add up to `text`.
void check_blocks(const Documents& blocks, std::string_view text) {
  std::string all;
  for (const Document& block : blocks) {
    const Span span = block.span.value();
    CHECK(span.byte_begin == all.size());
    CHECK(span.line_begin ==
          1 + static_cast<std::uint64_t>(std::count(all.begin(), all.end(), '\n')));
    all += block.text;
    CHECK(span.byte_end == all.size());
    const bool ended = !all.empty() && all.back() == '\n';
    const auto lines = static_cast<std::uint64_t>(std::count(all.begin(), all.end(), '\n'));
    CHECK(span.line_end == lines + (ended ? 0 : 1));
  }
  CHECK(all == text);
}

}  // namespace

TEST_CASE("text loader: text, place and metadata of a file") {
  const TempFolder folder;
  const std::string path = folder.write("a.txt", "one\r\ntwo\n三");
  const Document document = load_one(path);
  CHECK(document.text == "one\r\ntwo\n三");
  CHECK(*document.span == Span(0, 12, 1, 3));
  CHECK(document.source() == path);
  CHECK(*document.metadata.at("relative_path").text() == "a.txt");
  CHECK(document.metadata.at("size") == lian::Value(12));
  CHECK(document.metadata.at("mtime_ns") != lian::Value(0));
  CHECK(*load_one(folder.write("b.txt", "one\ntwo\n")).span == Span(0, 8, 1, 2));
  CHECK(*load_one(folder.write("empty.txt", "")).span == Span(0, 0, 1, 1));
}

TEST_CASE("text loader: a byte order mark is dropped, offsets count it") {
  const TempFolder folder;
  const Document document = load_one(folder.write("bom.txt", "\xEF\xBB\xBFhello"));
  CHECK(document.text == "hello");
  CHECK(*document.span == Span(3, 8, 1, 1));
}

TEST_CASE("text loader: UTF-16 with a byte order mark is decoded") {
  const TempFolder folder;
  for (const bool big : {false, true}) {
    const std::u16string text = u"\uFEFFhi 汉字 😀\nsecond";
    const Document document = load_one(folder.write("u.txt", utf16(text, big)));
    CHECK(document.text == "hi 汉字 😀\nsecond");
    CHECK(*document.metadata.at("encoding").text() == (big ? "utf-16be" : "utf-16le"));
    CHECK(document.span->line_end == 2);
  }
  const std::u16string many(100000, u'字');
  CHECK(load_one(folder.write("long.txt", utf16(u"\uFEFF" + many, false))).text.size() == 300000);
}

TEST_CASE("text loader: broken UTF-16 is reported with its byte") {
  const TempFolder folder;
  const std::u16string lone{u'\xFEFF', u'a', u'\xD83D', u'b'};
  CHECK(report_of(folder.write("lone.txt", utf16(lone, true))).message ==
        "is not utf-16be at byte 4; convert the file to UTF-8");
  const LoadReport odd = report_of(folder.write("odd.txt", utf16(u"\uFEFFab", false) + "c"));
  CHECK(odd.kind == LoadProblem::not_text);
  CHECK_THAT(odd.message, Catch::Contains("byte 6"));
}

TEST_CASE("text loader: bytes that are no UTF-8 are reported with their offset") {
  const TempFolder folder;
  const std::string path = folder.write("latin1.txt", "caf\xE9 noir");
  const LoadReport report = report_of(path);
  CHECK(report == LoadReport(path, LoadProblem::not_text,
                             "is not utf-8 at byte 3; convert the file to UTF-8"));
  CHECK_FALSE(report.skipped());
  CHECK_THROWS_WITH(TextLoader(path).load(), Catch::Contains(path + " is not utf-8 at byte 3"));
  CHECK(report_of(folder.write("cut.txt", "ab\xE6\xB1")).message.find("byte 2") !=
        std::string::npos);
  const std::string bom = folder.write("bom.txt", "\xEF\xBB\xBFok\xFF");
  CHECK_THAT(report_of(bom).message, Catch::Contains("at byte 5"));
}

TEST_CASE("text loader: binary files, folders, pipes and missing files are told apart") {
  const TempFolder folder;
  const LoadReport binary = report_of(folder.write("x.bin", std::string_view("ab\0c", 4)));
  CHECK(binary.kind == LoadProblem::binary);
  CHECK(binary.skipped());
  const LoadReport missing = report_of(folder.path("nothing.txt"));
  CHECK(missing.kind == LoadProblem::unreadable);
  CHECK_THAT(missing.message, Catch::Contains("No such file"));
  std::filesystem::create_directory(folder.path("dir.txt"));
  CHECK(report_of(folder.path("dir.txt")).message == "is a folder, not a file");
  REQUIRE(mkfifo(folder.path("pipe.txt").c_str(), 0600) == 0);
  CHECK(report_of(folder.path("pipe.txt")).kind == LoadProblem::not_regular);
}

TEST_CASE("text loader: errors without reports carry the report") {
  const TempFolder folder;
  try {
    TextLoader(folder.path("nothing.txt")).load();
    FAIL("nothing thrown");
  } catch (const lian::LoadError& error) {
    CHECK(error.kind() == lian::ErrorKind::storage);
    CHECK(error.report.path == folder.path("nothing.txt"));
  }
}

TEST_CASE("text loader: gzip files are unpacked, broken ones reported") {
  const TempFolder folder;
  const std::string text = "line one\nline two\n";
  const Document document = load_one(folder.write("a.txt.gz", gzip(text)));
  CHECK(document.text == text);
  CHECK(*document.span == Span(0, text.size(), 1, 2));
  CHECK(load_one(folder.write("two.gz", gzip("first ") + gzip("second"))).text == "first second");
  const std::string long_text(50000, 'q');
  std::string packed = gzip(long_text);
  packed.resize(packed.size() - 12);
  const LoadReport cut = report_of(folder.write("cut.gz", packed));
  CHECK(cut.kind == LoadProblem::damaged);
  packed = gzip(text);
  packed[packed.size() - 6] = static_cast<char>(packed[packed.size() - 6] ^ 0x55);
  CHECK(report_of(folder.write("sum.gz", packed)).kind == LoadProblem::damaged);
}

TEST_CASE("text loader: a gzip bomb stops at the limit") {
  const TempFolder folder;
  const std::string path = folder.write("bomb.gz", gzip(std::string(1 << 20, 'a')));
  const LoadReport report = report_of(path, LoadLimits().unpacked_bytes(100000));
  CHECK(report.kind == LoadProblem::too_large);
  CHECK_THAT(report.message, Catch::Contains("100000"));
}

TEST_CASE("text loader: long files come in blocks cut at line ends with exact offsets") {
  const TempFolder folder;
  std::string text;
  for (int i = 0; i < 400; ++i)
    text += "第" + std::to_string(i) + "行 line\r\n" +
            std::string(static_cast<std::size_t>(i) % 7, 'x') + "\n";
  const std::string path = folder.write("long.txt", text);
  for (const std::uint64_t size : {64U, 65U, 100U, 1000U, 9000U}) {
    TextLoader loader(path);
    const Documents blocks = loader.limits(LoadLimits().block_bytes(size)).load();
    CHECK(blocks.size() >= text.size() / size);
    check_blocks(blocks, text);
    for (const Document& block : blocks) {
      CHECK(block.text.size() <= size);
      CHECK(block.text.back() == '\n');
      CHECK(block.source() == path);
    }
  }
}

TEST_CASE("text loader: a line longer than a block is cut between code points") {
  const TempFolder folder;
  std::string text = "a";
  for (int i = 0; i < 3000; ++i) text += i % 3 == 0 ? "😀" : "汉";
  const std::string path = folder.write("line.txt", text);
  for (const std::uint64_t size : {64U, 65U, 66U, 67U, 8192U}) {
    TextLoader loader(path);
    const Documents blocks = loader.limits(LoadLimits().block_bytes(size)).load();
    check_blocks(blocks, text);
    for (const Document& block : blocks) {
      CHECK(block.text.size() <= size);
      CHECK((static_cast<unsigned char>(block.text.front()) & 0xC0U) != 0x80U);
      CHECK(block.span->line_begin == 1);
    }
  }
}

TEST_CASE("text loader: the default block is 8 MiB") {
  const TempFolder folder;
  const std::size_t block = 8U << 20;
  std::string text(block - 1, 'a');
  text += "汉字\nrest";
  const Documents blocks = TextLoader(folder.write("big.txt", text)).load();
  REQUIRE(blocks.size() == 2);
  CHECK(blocks[0].text.size() == block - 1);
  CHECK(*blocks[1].span == Span(block - 1, text.size(), 1, 2));
}

TEST_CASE("text loader: a bad byte in a later block says what was loaded before it") {
  const TempFolder folder;
  std::string text(63, 'a');
  text += "\nbb\xFF";
  LoadReports reports;
  TextLoader loader(folder.write("late.txt", text));
  const Documents blocks = loader.limits(LoadLimits().block_bytes(64)).load(&reports);
  CHECK(blocks.size() == 1);
  REQUIRE(reports.size() == 1);
  CHECK(reports[0].message ==
        "is not utf-8 at byte 66; its text before byte 64 was loaded; convert the file to UTF-8");
}

TEST_CASE("markdown loader: the title is the first heading") {
  const TempFolder folder;
  const auto title = [&](std::string_view text) {
    const Documents found = lian::MarkdownLoader(folder.write("m.md", text)).load();
    CHECK(found.at(0).text == text);
    const lian::Value* value = found.at(0).metadata.find("title");
    return value == nullptr ? std::string("none") : *value->text();
  };
  CHECK(title("intro\n\n## The *Title* ##\n# Later") == "The *Title*");
  CHECK(title("---\ntitle: x\n# no\n---\n# 标题\n") == "标题");
  CHECK(title("```sh\n# comment\n```\nReal\n====\n") == "Real");
  CHECK(title("#hashtag\n####### seven\n#\n# C#\r\n") == "C#");
  CHECK(title("---\nno end\n# In") == "In");
  CHECK(title("plain") == "none");
}

TEST_CASE("content hash: SHA-256 of texts and files") {
  const TempFolder folder;
  const std::string abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
  CHECK(lian::detail::content_hash("abc") == abc);
  CHECK(lian::detail::file_content_hash(folder.write("abc.txt", "abc")) == abc);
  CHECK_THROWS_AS(lian::detail::file_content_hash(folder.path("none")), lian::LoadError);
}
