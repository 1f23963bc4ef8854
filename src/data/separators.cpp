// The separators of known languages: LangChain's lists as literal text. Added: Markdown's first
// heading level and rules without blank lines around them, Python methods indented by four spaces;
// HTML tags are matched with attributes too.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "lian/core/error.hpp"
#include "lian/data/text_splitter.hpp"

namespace lian {
inline namespace v0 {
namespace {

struct Language {
  std::string_view name;
  std::string_view own;  // its separators, best first, with '|' between them: none contains one
};

// Every list ends with these.
constexpr std::array<std::string_view, 4> common = {"\n\n", "\n", " ", ""};

constexpr std::array<Language, 15> languages = {{
    {"cpp", "\nclass |\nvoid |\nint |\nfloat |\ndouble |\nif |\nfor |\nwhile |\nswitch |\ncase "},
    {"go", "\nfunc |\nvar |\nconst |\ntype |\nif |\nfor |\nswitch |\ncase "},
    {"html",
     "<body|<div|<p|<br|<li|<h1|<h2|<h3|<h4|<h5|<h6|<span|<table|<tr|<td|<th|<ul|<ol|<header|"
     "<footer|<nav|<head|<style|<script|<meta|<title"},
    {"java",
     "\nclass |\npublic |\nprotected |\nprivate |\nstatic |\nif |\nfor |\nwhile |\nswitch "
     "|\ncase "},
    {"js",
     "\nfunction |\nconst |\nlet |\nvar |\nclass |\nif |\nfor |\nwhile |\nswitch |\ncase |"
     "\ndefault "},
    {"latex",
     "\n\\chapter{|\n\\section{|\n\\subsection{|\n\\subsubsection{|\n\\begin{enumerate}|"
     "\n\\begin{itemize}|\n\\begin{description}|\n\\begin{list}|\n\\begin{quote}|"
     "\n\\begin{quotation}|\n\\begin{verse}|\n\\begin{verbatim}|\n\\begin{align}|$$|$"},
    {"markdown", "\n# |\n## |\n### |\n#### |\n##### |\n###### |```\n|\n***\n|\n---\n|\n___\n"},
    {"php", "\nfunction |\nclass |\nif |\nforeach |\nwhile |\ndo |\nswitch |\ncase "},
    {"proto", "\nmessage |\nservice |\nenum |\noption |\nimport |\nsyntax "},
    {"python", "\nclass |\ndef |\n\tdef |\n    def "},
    {"rst", "\n===\n|\n---\n|\n***\n|\n.. "},
    {"ruby", "\ndef |\nclass |\nif |\nunless |\nwhile |\nfor |\ndo |\nbegin |\nrescue "},
    {"rust", "\nfn |\nconst |\nlet |\nif |\nwhile |\nfor |\nloop |\nmatch "},
    {"scala", "\nclass |\nobject |\ndef |\nval |\nvar |\nif |\nfor |\nwhile |\nmatch |\ncase "},
    {"swift", "\nfunc |\nclass |\nstruct |\nenum |\nif |\nfor |\nwhile |\ndo |\nswitch |\ncase "},
}};

std::vector<std::string> list_of(std::string_view own) {
  std::vector<std::string> out;
  while (!own.empty()) {
    const std::size_t end = std::min(own.find('|'), own.size());
    out.emplace_back(own.substr(0, end));
    own.remove_prefix(std::min(end + 1, own.size()));
  }
  out.insert(out.end(), common.begin(), common.end());
  return out;
}

std::string known_names() {
  std::string out;
  for (const Language& language : languages) {
    if (!out.empty()) out += ", ";
    out += language.name;
  }
  return out;
}

}  // namespace

std::vector<std::string> RecursiveCharacterTextSplitter::chinese_separators() {
  return {"\n\n", "\n", "。", "！", "？", "；", "…", "，", "、", "：", " ", ""};
}

std::vector<std::string> RecursiveCharacterTextSplitter::separators_for(std::string_view language) {
  const auto* const found = std::find_if(languages.begin(), languages.end(),
                                         [&](const Language& row) { return row.name == language; });
  if (found != languages.end()) return list_of(found->own);
  throw Error(ErrorKind::config,
              fmt::format("text splitter: no separators for the language \"{}\"; known are {}",
                          language, known_names()));
}

RecursiveCharacterTextSplitter RecursiveCharacterTextSplitter::from_language(
    std::string_view language) {
  RecursiveCharacterTextSplitter out;
  if (language != "chinese") return out.separators(separators_for(language));
  return out.separators(chinese_separators()).keep_separator(KeepSeparator::end);
}

}  // namespace v0
}  // namespace lian
