// The separators of known languages: the lists of LangChain's Python splitters. Where those are
// patterns, in Markdown and reStructuredText, literal text stands for them.
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
  std::string_view own;    // its separators, best first, with '|' between them: none contains one
  std::size_t common = 4;  // how many of the common ones end its list
};

constexpr std::array<std::string_view, 4> common = {"\n\n", "\n", " ", ""};

constexpr std::string_view cpp =
    "\nclass |\nvoid |\nint |\nfloat |\ndouble |\nif |\nfor |\nwhile |\nswitch |\ncase ";

constexpr std::array<Language, 24> languages = {{
    {"c", cpp},
    {"cobol",
     "\nIDENTIFICATION DIVISION.|\nENVIRONMENT DIVISION.|\nDATA DIVISION.|\nPROCEDURE DIVISION.|"
     "\nWORKING-STORAGE SECTION.|\nLINKAGE SECTION.|\nFILE SECTION.|\nINPUT-OUTPUT SECTION.|"
     "\nOPEN |\nCLOSE |\nREAD |\nWRITE |\nIF |\nELSE |\nMOVE |\nPERFORM |\nUNTIL |\nVARYING |"
     "\nACCEPT |\nDISPLAY |\nSTOP RUN.",
     3},
    {"cpp", cpp},
    {"csharp",
     "\ninterface |\nenum |\nimplements |\ndelegate |\nevent |\nclass |\nabstract |\npublic |"
     "\nprotected |\nprivate |\nstatic |\nreturn |\nif |\ncontinue |\nfor |\nforeach |\nwhile |"
     "\nswitch |\nbreak |\ncase |\nelse |\ntry |\nthrow |\nfinally |\ncatch "},
    {"elixir",
     "\ndef |\ndefp |\ndefmodule |\ndefprotocol |\ndefmacro |\ndefmacrop |\nif |\nunless |\nwhile |"
     "\ncase |\ncond |\nwith |\nfor |\ndo "},
    {"go", "\nfunc |\nvar |\nconst |\ntype |\nif |\nfor |\nswitch |\ncase "},
    {"html",
     "<body|<div|<p|<br|<li|<h1|<h2|<h3|<h4|<h5|<h6|<span|<table|<tr|<td|<th|<ul|<ol|<header|"
     "<footer|<nav|<head|<style|<script|<meta|<title",
     1},
    {"java",
     "\nclass |\npublic |\nprotected |\nprivate |\nstatic |\nif |\nfor |\nwhile |\nswitch "
     "|\ncase "},
    {"js",
     "\nfunction |\nconst |\nlet |\nvar |\nclass |\nif |\nfor |\nwhile |\nswitch |\ncase |"
     "\ndefault "},
    {"kotlin",
     "\nclass |\npublic |\nprotected |\nprivate |\ninternal |\ncompanion |\nfun |\nval |\nvar "
     "|\nif |"
     "\nfor |\nwhile |\nwhen |\ncase |\nelse "},
    {"latex",
     "\n\\chapter{|\n\\section{|\n\\subsection{|\n\\subsubsection{|\n\\begin{enumerate}|"
     "\n\\begin{itemize}|\n\\begin{description}|\n\\begin{list}|\n\\begin{quote}|"
     "\n\\begin{quotation}|\n\\begin{verse}|\n\\begin{verbatim}|\n\\begin{align}|$$|$",
     2},
    {"lua", "\nlocal |\nfunction |\nif |\nfor |\nwhile |\nrepeat "},
    {"markdown", "\n# |\n## |\n### |\n#### |\n##### |\n###### |```\n|\n***\n|\n---\n|\n___\n"},
    {"php", "\nfunction |\nclass |\nif |\nforeach |\nwhile |\ndo |\nswitch |\ncase "},
    {"powershell",
     "\nfunction |\nparam |\nif |\nforeach |\nfor |\nwhile |\nswitch |\nclass |\ntry |\ncatch |"
     "\nfinally "},
    {"proto", "\nmessage |\nservice |\nenum |\noption |\nimport |\nsyntax "},
    {"python", "\nclass |\ndef |\n\tdef "},
    {"rst", "\n===\n|\n---\n|\n***\n|\n.. "},
    {"ruby", "\ndef |\nclass |\nif |\nunless |\nwhile |\nfor |\ndo |\nbegin |\nrescue "},
    {"rust", "\nfn |\nconst |\nlet |\nif |\nwhile |\nfor |\nloop |\nmatch "},
    {"scala", "\nclass |\nobject |\ndef |\nval |\nvar |\nif |\nfor |\nwhile |\nmatch |\ncase "},
    {"sol",
     "\npragma |\nusing |\ncontract |\ninterface |\nlibrary |\nconstructor |\ntype |\nfunction |"
     "\nevent |\nmodifier |\nerror |\nstruct |\nenum |\nif |\nfor |\nwhile |\ndo while |"
     "\nassembly "},
    {"swift", "\nfunc |\nclass |\nstruct |\nenum |\nif |\nfor |\nwhile |\ndo |\nswitch |\ncase "},
    {"ts",
     "\nenum |\ninterface |\nnamespace |\ntype |\nclass |\nfunction |\nconst |\nlet |\nvar |\nif |"
     "\nfor |\nwhile |\nswitch |\ncase |\ndefault "},
}};

std::vector<std::string> list_of(const Language& language) {
  std::vector<std::string> out;
  std::string_view own = language.own;
  while (!own.empty()) {
    const std::size_t end = std::min(own.find('|'), own.size());
    out.emplace_back(own.substr(0, end));
    own.remove_prefix(std::min(end + 1, own.size()));
  }
  out.insert(out.end(), common.end() - language.common, common.end());
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
  if (found != languages.end()) return list_of(*found);
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
