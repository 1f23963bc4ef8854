#include "core/lexical_tokens.hpp"

#include <algorithm>

#include "support/catch.hpp"

using lian::lexical_tokens;
using lian::LexicalUse;
using Tokens = std::vector<std::string>;

TEST_CASE("lexical tokens: words are folded and cut at what is not a letter, mark or digit") {
  CHECK(lexical_tokens("", LexicalUse::index).empty());
  CHECK(lexical_tokens(" .,-\t\n", LexicalUse::index).empty());
  CHECK(lexical_tokens("Hello, World_2 x86-64", LexicalUse::index) ==
        Tokens{"hello", "world", "2", "x86", "64"});
  CHECK(lexical_tokens("Straße ÉCOLE e\u0301cole", LexicalUse::query) ==
        Tokens{"strasse", "école", "école"});
  CHECK(lexical_tokens("ﬁne ＡＢＣ１２ ①", LexicalUse::index) == Tokens{"fine", "abc12", "1"});
  CHECK(lexical_tokens("ΣΊΣΥΦΟΣ", LexicalUse::index) ==
        lexical_tokens("σίσυφος", LexicalUse::index));
}

TEST_CASE("lexical tokens: Chinese is indexed by characters and pairs, asked for by pairs") {
  CHECK(lexical_tokens("机器学习", LexicalUse::index) ==
        Tokens{"机", "器", "机器", "学", "器学", "习", "学习"});
  CHECK(lexical_tokens("机器学习", LexicalUse::query) == Tokens{"机器", "器学", "学习"});
  CHECK(lexical_tokens("茶。水，火", LexicalUse::query) == Tokens{"茶", "水", "火"});
  CHECK(lexical_tokens("用GPT4模型", LexicalUse::query) == Tokens{"用", "gpt4", "模型"});
}

TEST_CASE("lexical tokens: kana and Hangul are pairs too, also when decomposed or half width") {
  CHECK(lexical_tokens("カタカナ", LexicalUse::query) == Tokens{"カタ", "タカ", "カナ"});
  CHECK(lexical_tokens("ｶﾀｶﾅ", LexicalUse::query) == Tokens{"カタ", "タカ", "カナ"});
  CHECK(lexical_tokens("か\u3099く", LexicalUse::query) == Tokens{"がく"});
  CHECK(lexical_tokens("한국어", LexicalUse::query) == Tokens{"한국", "국어"});
}

TEST_CASE("lexical tokens: every query token of a text is an index token of it") {
  const std::string text = "机器 learning の本, 茶 ÉCOLE 한 국어 \xF0\xA0\x80\x80\xF0\xA0\x80\x81";
  const Tokens indexed = lexical_tokens(text, LexicalUse::index);
  for (const auto& token : lexical_tokens(text, LexicalUse::query)) {
    CAPTURE(token);
    CHECK(std::find(indexed.begin(), indexed.end(), token) != indexed.end());
  }
}

TEST_CASE("lexical tokens: bytes that are not UTF-8 separate, long words come in parts") {
  CHECK(lexical_tokens("ab\xff"
                       "cd\xe4\xb8",
                       LexicalUse::index) == Tokens{"ab", "cd"});
  CHECK(lexical_tokens(std::string(300, 'x'), LexicalUse::index) ==
        Tokens{std::string(128, 'x'), std::string(128, 'x'), std::string(44, 'x')});
  CHECK(lexical_tokens(std::string("a\0b", 3), LexicalUse::index) == Tokens{"a", "b"});
}
