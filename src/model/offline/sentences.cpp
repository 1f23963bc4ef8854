#include "model/offline/sentences.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "model/offline/word_search.hpp"
#include "model/offline/words.hpp"

namespace lian {
inline namespace v0 {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view blanks = " \t\r\n";

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(blanks);
  if (begin == text.npos) return {};
  return text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
}

bool is_lower(char c) { return c >= 'a' && c <= 'z'; }

constexpr std::array abbreviations = {
    "dr"sv,  "mr"sv,  "mrs"sv,    "ms"sv,   "prof"sv, "st"sv,  "vs"sv,  "etc"sv, "no"sv,  "nos"sv,
    "fig"sv, "vol"sv, "pp"sv,     "al"sv,   "ca"sv,   "cf"sv,  "e.g"sv, "i.e"sv, "jan"sv, "feb"sv,
    "apr"sv, "aug"sv, "sep"sv,    "sept"sv, "oct"sv,  "nov"sv, "dec"sv, "inc"sv, "ltd"sv, "co"sv,
    "jr"sv,  "sr"sv,  "approx"sv, "dept"sv, "est"sv,  "tel"sv, "min"sv, "max"sv, "ed"sv,  "eds"sv};
// These may end a sentence as well: a capital letter behind them decides.
constexpr std::array closing_abbreviations = {"etc"sv, "inc"sv, "ltd"sv, "co"sv,
                                              "no"sv,  "min"sv, "max"sv, "ed"sv};

// Whether the full stop at `at` belongs to a word rather than ending a sentence.
bool is_abbreviation(std::string_view text, std::size_t at, char next) {
  std::size_t begin = at;
  while (begin > 0 && (is_ascii_letter(text[begin - 1]) || text[begin - 1] == '.')) --begin;
  std::string word(text.substr(begin, at - begin));
  if (word.size() == 1 && word[0] != 'I') return !is_lower(word[0]) || is_lower(next);
  word = ascii_lower(word);
  if (!among(abbreviations, word)) return false;
  return !among(closing_abbreviations, word) || is_lower(next) || is_digit(next);
}

// The end behind closing quotes and brackets.
std::size_t skip_closers(std::string_view text, std::size_t at) {
  constexpr std::array closers = {"\""sv, "'"sv,  ")"sv,  "]"sv,  "*"sv,  "”"sv,
                                  "’"sv,  "」"sv, "』"sv, "）"sv, "》"sv, "】"sv};
  for (bool moved = true; moved;) {
    moved = false;
    for (const std::string_view closer : closers) {
      if (!text.substr(at).starts_with(closer)) continue;
      at += closer.size();
      moved = true;
    }
  }
  return at;
}

bool ends_at_stop(std::string_view text, std::size_t at, std::size_t end) {
  if (end == text.size()) return true;
  if (blanks.find(text[end]) == blanks.npos) return false;
  const std::size_t next = text.find_first_not_of(blanks, end);
  if (next == text.npos) return true;
  if (text[at] != '.') return true;
  return !is_lower(text[next]) && !is_abbreviation(text, at, text[next]);
}

// The end of the sentence that begins at `begin`.
std::size_t sentence_end(std::string_view text, std::size_t begin) {
  for (std::size_t at = begin; at < text.size(); at += utf8_length(text[at])) {
    const std::string_view rest = text.substr(at);
    if (rest.starts_with("。") || rest.starts_with("！") || rest.starts_with("？")) {
      return skip_closers(text, at + 3);
    }
    if (text[at] != '.' && text[at] != '!' && text[at] != '?') continue;
    const std::size_t end = skip_closers(text, at + 1);
    if (ends_at_stop(text, at, end)) return end;
  }
  return text.size();
}

// The end of the further levels of a number whose first ends at `at`: "2" of "4.2 ".
std::size_t skip_levels(std::string_view line, std::size_t at) {
  while (at + 1 < line.size() && line[at] == '.' && is_digit(line[at + 1])) {
    ++at;
    while (at < line.size() && is_digit(line[at])) ++at;
  }
  return at;
}

// The length of a list marker with its blanks: "- ", "12. ", "4.2 ", "a) "; 0 without one.
std::size_t marker_length(std::string_view line) {
  const std::size_t begin = line.find_first_not_of(" \t");
  if (begin == line.npos) return 0;
  std::size_t at = begin;
  const std::string_view rest = line.substr(begin);
  constexpr std::array bullets = {"-"sv, "*"sv, "+"sv, "•"sv, "·"sv, "–"sv};
  for (const std::string_view bullet : bullets) {
    if (rest.starts_with(bullet)) at = begin + bullet.size();
  }
  if (at == begin) {
    while (at < line.size() && is_digit(line[at])) ++at;
    if (at == begin && at + 1 < line.size() && is_lower(line[at]) && line[at + 1] == ')') ++at;
    if (at == begin || at - begin > 3 || at >= line.size()) return 0;
    if (line.substr(at).starts_with("、")) return at + 3;
    const std::size_t levels = skip_levels(line, at);
    if (levels == at && line[at] != '.' && line[at] != ')') return 0;
    at = levels == at || (levels < line.size() && (line[levels] == '.' || line[levels] == ')'))
             ? levels + 1
             : levels;
  }
  if (at >= line.size() || (line[at] != ' ' && line[at] != '\t')) return 0;
  const std::size_t text = line.find_first_not_of(" \t", at);
  return text == line.npos ? 0 : text;
}

// Whether a line begins with a number of several levels.
bool holds_level(std::string_view line) {
  std::size_t at = 0;
  while (at < line.size() && is_digit(line[at])) ++at;
  return at > 0 && skip_levels(line, at) > at;
}

std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

bool ends_like_prose(std::string_view line) {
  constexpr std::array ends = {"."sv, "!"sv, ","sv, ";"sv, "。"sv, "！"sv, "，"sv, "；"sv, "、"sv};
  return std::any_of(ends.begin(), ends.end(),
                     [&](std::string_view e) { return line.ends_with(e); });
}

// "一、总则", "第三章 …": a heading by its number when it is short.
bool is_numbered_chinese_heading(std::string_view line) {
  constexpr std::array numerals = {"一"sv, "二"sv, "三"sv, "四"sv, "五"sv,
                                   "六"sv, "七"sv, "八"sv, "九"sv, "十"sv};
  if (characters(line) > 25 || ends_like_prose(line)) return false;
  if (line.starts_with("第")) {
    const std::string_view head = line.substr(0, 15);
    return head.find("章") != head.npos || head.find("节") != head.npos;
  }
  std::size_t at = 0;
  while (at + 3 <= line.size() && among(numerals, line.substr(at, 3))) at += 3;
  return at > 0 && line.substr(at).starts_with("、");
}

// Whether the text is one question.
bool is_question(std::string_view text) {
  return (text.ends_with('?') || text.ends_with("？")) && sentence_end(text, 0) == text.size();
}

// A line such as "CODE OF CONDUCT".
bool is_capitals(std::string_view text) {
  return std::none_of(text.begin(), text.end(), is_lower) &&
         std::count_if(text.begin(), text.end(), is_upper) > 3 && !ends_like_prose(text);
}

// Goes through the lines and gathers what belongs together.
class Splitter {
 public:
  explicit Splitter(std::string_view text) : text_(text) {}

  std::vector<Sentence> split() {
    for (std::size_t at = 0; at < text_.size();) {
      const std::size_t newline = text_.find('\n', at);
      line_ = text_.substr(at, newline == text_.npos ? newline : newline - at);
      take_line(at);
      at += line_.size() + 1;
    }
    flush();
    return std::move(sentences_);
  }

 private:
  struct Heading {
    std::size_t level;
    std::string_view text;
  };

  void take_line(std::size_t at) {
    const std::string_view line = trimmed(line_);
    if (line.starts_with("```") || line.starts_with("~~~")) {
      flush();
      in_code_ = !in_code_;
      return;
    }
    if (in_code_) return emit(line, SentenceKind::code);
    if (line.empty()) return flush();
    if (line.starts_with('|')) return take_row(line);
    if (line.starts_with('#')) return take_heading(line);
    if (take_underline(line)) return;
    if (is_numbered_chinese_heading(line)) return open_heading(2, line);
    if (const std::size_t marker = marker_length(line_); marker != 0) {
      if (holds_level(line)) open_section();
      flush();
      begin_ = at + marker;
      kind_ = SentenceKind::item;
    } else if (begin_ == none) {
      begin_ = at;
      kind_ = SentenceKind::prose;
    }
    end_ = at + line_.size();
    ++lines_;
    if (line.ends_with(':') || line.ends_with("：")) flush();
  }

  void take_row(std::string_view line) {
    flush();
    if (line.find_first_not_of("|-: ") == line.npos) {
      if (!sentences_.empty() && sentences_.back().kind == SentenceKind::row) {
        sentences_.back().kind = SentenceKind::heading;
      }
      return;
    }
    emit(line, SentenceKind::row);
  }

  void take_heading(std::string_view line) {
    flush();
    const std::size_t level = line.find_first_not_of('#');
    if (level == line.npos) return;
    open_heading(level, trimmed(line.substr(level)));
  }

  // The line of "===" or "---" below a heading; or a rule, which says nothing.
  bool take_underline(std::string_view line) {
    if (line.size() < 3) return false;
    if (line.find_first_not_of('=') != line.npos && line.find_first_not_of('-') != line.npos) {
      return false;
    }
    if (begin_ != none && lines_ == 1) {
      const std::string_view title = trimmed(text_.substr(begin_, end_ - begin_));
      begin_ = none;
      open_heading(line[0] == '=' ? 1 : 2, title);
    } else {
      flush();
    }
    return true;
  }

  void open_heading(std::size_t level, std::string_view text) {
    flush();
    while (!headings_.empty() && headings_.back().level >= level) headings_.pop_back();
    emit(text, SentenceKind::heading);
    headings_.push_back({level, text});
  }

  // A short line of its own that does not end like a sentence stands over what follows; so do a
  // question, as the next sentences answer it, and a title in capitals.
  bool is_bare_heading(std::string_view text) const {
    if (lines_ > 2) return false;
    if (is_question(text) || is_capitals(text)) return true;
    if (kind_ == SentenceKind::item || lines_ != 1 || characters(text) > 60) return false;
    if (text.ends_with(':') || text.ends_with("：")) return true;
    return text.find(": ") == text.npos && text.find("：") == text.npos && !ends_like_prose(text);
  }

  // "4. Payments" above "4.1 …" is a heading, not an item.
  void open_section() {
    if (begin_ == none || kind_ != SentenceKind::item || lines_ != 1) return;
    const std::string_view title = trimmed(text_.substr(begin_, end_ - begin_));
    if (characters(title) > 60 || ends_like_prose(title)) return;
    begin_ = none;
    lines_ = 0;
    open_heading(5, title);
  }

  void flush() {
    if (begin_ == none) return;
    const std::string_view unit = trimmed(text_.substr(begin_, end_ - begin_));
    const bool heading = is_bare_heading(unit);
    begin_ = none;
    lines_ = 0;
    if (heading) return open_heading(sentences_.empty() ? 1 : 5, unit);
    for (std::size_t at = 0; at < unit.size();) {
      const std::size_t end = sentence_end(unit, at);
      emit(trimmed(unit.substr(at, end - at)), kind_, unit);
      at = end;
    }
  }

  void emit(std::string_view text, SentenceKind kind) { emit(text, kind, text); }

  void emit(std::string_view text, SentenceKind kind, std::string_view unit) {
    if (text.empty()) return;
    Sentence sentence;
    sentence.text = text;
    sentence.kind = kind;
    for (const Heading& heading : headings_) sentence.headings.push_back(heading.text);
    sentence.unit = unit;
    sentences_.push_back(std::move(sentence));
  }

  static constexpr std::size_t none = std::string_view::npos;

  std::string_view text_, line_;
  std::size_t begin_ = none, end_ = 0, lines_ = 0;
  SentenceKind kind_ = SentenceKind::prose;
  bool in_code_ = false;
  std::vector<Heading> headings_;
  std::vector<Sentence> sentences_;
};

}  // namespace

std::vector<Sentence> split_sentences(std::string_view text) { return Splitter(text).split(); }

}  // namespace v0
}  // namespace lian
