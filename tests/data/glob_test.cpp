#include "data/glob.hpp"

#include "lian/core/error.hpp"
#include "support/catch.hpp"

using lian::detail::check_glob;
using lian::detail::glob_matches;

TEST_CASE("glob: stars and question marks stay within a name") {
  CHECK(glob_matches("*.md", "a.md"));
  CHECK(glob_matches("*.md", ".md"));
  CHECK_FALSE(glob_matches("*.md", "sub/a.md"));
  CHECK_FALSE(glob_matches("*.md", "a.md.txt"));
  CHECK(glob_matches("a*b*c", "aXbXbc"));
  CHECK_FALSE(glob_matches("a*b*c", "aXbX"));
  CHECK(glob_matches("?.txt", "é.txt"));
  CHECK(glob_matches("??.txt", "汉字.txt"));
  CHECK_FALSE(glob_matches("?.txt", "ab.txt"));
  CHECK_FALSE(glob_matches("a?b", "a/b"));
  CHECK(glob_matches("docs/*/x.md", "docs/a/x.md"));
  CHECK_FALSE(glob_matches("docs/*/x.md", "docs/a/b/x.md"));
}

TEST_CASE("glob: a double star is any number of folders") {
  CHECK(glob_matches("**/*.md", "a.md"));
  CHECK(glob_matches("**/*.md", "x/y/a.md"));
  CHECK(glob_matches("docs/**", "docs/a/b.txt"));
  CHECK_FALSE(glob_matches("docs/**", "docs"));
  CHECK(glob_matches("a/**/b/**/c", "a/1/b/b/2/c"));
  CHECK_FALSE(glob_matches("a/**/b/**/c", "a/1/2/c"));
  CHECK(glob_matches("**", "any/thing"));
  CHECK(glob_matches("**/x/*", "x/x/y"));
}

TEST_CASE("glob: brackets are sets of code points") {
  CHECK(glob_matches("[a-c]x", "bx"));
  CHECK_FALSE(glob_matches("[a-c]x", "dx"));
  CHECK(glob_matches("[!a-c]x", "dx"));
  CHECK(glob_matches("[^a-c]x", "dx"));
  CHECK(glob_matches("[一-龥].txt", "汉.txt"));
  CHECK(glob_matches("[]]", "]"));
  CHECK(glob_matches("[[]x]", "[x]"));
  CHECK(glob_matches("[a-]", "-"));
}

TEST_CASE("glob: many stars do not take exponential time") {
  std::string pattern, name(200, 'a');
  for (int i = 0; i < 60; ++i) pattern += "a*";
  CHECK_FALSE(glob_matches(pattern + "b", name));
  std::string folders, wanted;
  for (int i = 0; i < 60; ++i) folders += "a/", wanted += "**/a/";
  CHECK_FALSE(glob_matches(wanted + "b", folders + folders + "c"));
}

TEST_CASE("glob: wrong patterns are refused with the place") {
  CHECK_NOTHROW(check_glob("**/[a-z]*.md"));
  CHECK_THROWS_WITH(check_glob("ab[c"), Catch::Contains("byte 2 of the pattern \"ab[c\""));
  CHECK_THROWS_AS(check_glob("[a/b]"), lian::Error);
  CHECK_THROWS_AS(check_glob(""), lian::Error);
}
