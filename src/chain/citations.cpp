#include "chain/citations.hpp"

#include <algorithm>
#include <charconv>
#include <set>
#include <utility>

#include "core/lexical_tokens.hpp"

namespace lian {
inline namespace v0 {

namespace {

constexpr std::string_view not_found_english = "Not in the documents.";
constexpr std::string_view not_found_chinese = "文档中没有答案。";
constexpr std::size_t shortest_exact_quote = 8;  // bytes; less is found anywhere

struct Range {
  std::size_t begin = 0, end = 0;
  std::size_t size() const { return end - begin; }
};

struct Marker {
  std::size_t number = 0, begin = 0, end = 0;
};

// The next "[n]" or "[n, m]" behind `from`; each number of a list is a marker of its own.
std::vector<Marker> markers(std::string_view text) {
  std::vector<Marker> out;
  for (std::size_t open = text.find('['); open != text.npos; open = text.find('[', open + 1)) {
    std::vector<Marker> list;
    std::size_t at = open + 1;
    while (at < text.size()) {
      std::size_t number = 0;
      const auto [end, error] = std::from_chars(text.data() + at, text.data() + text.size(), number);
      if (error != std::errc()) break;
      list.push_back({number, open, 0});
      at = static_cast<std::size_t>(end - text.data());
      if (at < text.size() && text[at] == ',') ++at;
      while (at < text.size() && text[at] == ' ') ++at;
      if (at < text.size() && text[at] == ']') break;
    }
    if (list.empty() || at >= text.size() || text[at] != ']') continue;
    for (Marker& marker : list) {
      marker.end = at + 1;
      out.push_back(marker);
    }
  }
  return out;
}

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

Range trimmed(std::string_view text, Range range) {
  while (range.size() > 0 && is_blank(text[range.begin])) ++range.begin;
  while (range.size() > 0 && is_blank(text[range.end - 1])) --range.end;
  return range;
}

// Quotation marks around a passage are the model's, not the source's.
std::string_view without_quotes(std::string_view text) {
  constexpr std::string_view marks[] = {"\"", "“", "”", "「", "」", "『", "』", "'", "`"};
  bool again = true;
  while (again) {
    again = false;
    for (const std::string_view mark : marks) {
      if (text.starts_with(mark)) text.remove_prefix(mark.size()), again = true;
      if (text.ends_with(mark)) text.remove_suffix(mark.size()), again = true;
    }
  }
  return text;
}

std::size_t sentence_mark(std::string_view text, std::size_t at) {
  constexpr std::string_view wide[] = {"。", "！", "？", "；"};
  for (const std::string_view mark : wide)
    if (text.substr(at).starts_with(mark)) return mark.size();
  const char c = text[at];
  if (c != '.' && c != '!' && c != '?') return 0;
  return at + 1 == text.size() || is_blank(text[at + 1]) ? 1 : 0;
}

// Sentences and lines of a text, blanks around them left out.
std::vector<Range> sentences(std::string_view text) {
  std::vector<Range> out;
  std::size_t begin = 0;
  const auto close = [&](std::size_t end) {
    const Range range = trimmed(text, {begin, end});
    if (range.size() > 0) out.push_back(range);
    begin = end;
  };
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t mark = text[at] == '\n' ? 1 : sentence_mark(text, at);
    at += mark == 0 ? 1 : mark;
    if (mark > 0) close(at);
  }
  close(text.size());
  return out;
}

std::set<std::string> words(std::string_view text) {
  std::vector<std::string> list = lexical_tokens(text, LexicalUse::index);
  return {std::make_move_iterator(list.begin()), std::make_move_iterator(list.end())};
}

// The part of what was said that the document says word for word: all of it, else its last sentences.
Range exact(std::string_view document, std::string_view said) {
  const std::vector<Range> parts = sentences(said);
  for (std::size_t first = 0; first < parts.size(); ++first) {
    const std::string_view tail = without_quotes(
        said.substr(parts[first].begin, parts.back().end - parts[first].begin));
    if (tail.size() < shortest_exact_quote) break;
    const std::size_t at = document.find(tail);
    if (at != document.npos) return {at, at + tail.size()};
  }
  return {};
}

Range nearest(std::string_view document, std::string_view said) {
  const std::set<std::string> wanted = words(said);
  Range best{0, document.size()};
  std::size_t most = 0;
  for (const Range sentence : sentences(document)) {
    std::size_t shared = 0;
    for (const std::string& word : words(document.substr(sentence.begin, sentence.size())))
      shared += wanted.count(word);
    if (shared <= most) continue;
    most = shared;
    best = sentence;
  }
  return trimmed(document, best);
}

Citation cite(std::size_t number, const Document& document, std::string_view said) {
  const std::string_view text = document.text;
  Range range = exact(text, said);
  if (range.size() == 0) range = nearest(text, said);
  Citation citation;
  citation.number = number;
  citation.source = document.source();
  citation.quote = text.substr(range.begin, range.size());
  const Span whole = document.span.value_or(Span(0, text.size(), 1, 1));
  const auto lines = [&](std::size_t begin, std::size_t end) {
    return static_cast<std::uint64_t>(
        std::count(text.begin() + static_cast<std::ptrdiff_t>(begin),
                   text.begin() + static_cast<std::ptrdiff_t>(end), '\n'));
  };
  citation.span.byte_begin = whole.byte_begin + range.begin;
  citation.span.byte_end = whole.byte_begin + range.end;
  citation.span.line_begin = whole.line_begin + lines(0, range.begin);
  citation.span.line_end = citation.span.line_begin + lines(range.begin, range.end);
  return citation;
}

bool contains_folded(std::string_view text, std::string_view lower) {
  const auto same = [](char a, char b) {
    return (a >= 'A' && a <= 'Z' ? static_cast<char>(a + 32) : a) == b;
  };
  return std::search(text.begin(), text.end(), lower.begin(), lower.end(), same) != text.end();
}

}  // namespace

std::vector<Citation> find_citations(std::string_view text, const Documents& context) {
  std::vector<Citation> out;
  std::string_view said;
  std::size_t open = text.npos, close = 0;  // of the bracket looked at last
  for (const Marker& marker : markers(text)) {
    if (marker.begin != open) {
      // "… [1][2]" and "… [1, 2]" cite both for the same words.
      const Range between = trimmed(text, {close, marker.begin});
      if (between.size() > 0) said = text.substr(between.begin, between.size());
      open = marker.begin;
      close = marker.end;
    }
    if (marker.number < 1 || marker.number > context.size()) continue;
    Citation citation = cite(marker.number, context[marker.number - 1], said);
    if (std::find(out.begin(), out.end(), citation) == out.end())
      out.push_back(std::move(citation));
  }
  std::stable_sort(out.begin(), out.end(), [](const Citation& a, const Citation& b) {
    return std::pair(a.number, a.span.byte_begin) < std::pair(b.number, b.span.byte_begin);
  });
  return out;
}

bool says_not_found(std::string_view text) {
  return contains_folded(text, "not in the documents") ||
         text.find(not_found_chinese.substr(0, not_found_chinese.size() - 3)) != text.npos;
}

std::string_view not_found_text(std::string_view question) {
  const bool chinese = std::any_of(question.begin(), question.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte >= 0xE4 && byte <= 0xE9;  // the lead bytes of CJK Unified Ideographs
  });
  return chinese ? not_found_chinese : not_found_english;
}

}  // namespace v0
}  // namespace lian
