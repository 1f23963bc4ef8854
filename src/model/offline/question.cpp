#include "model/offline/question.hpp"

#include <algorithm>
#include <array>

#include "core/lexical_tokens.hpp"
#include "model/offline/focus.hpp"
#include "model/offline/synonyms.hpp"
#include "model/offline/word_search.hpp"
#include "model/offline/words.hpp"

namespace lian {
inline namespace v0 {
namespace {

using namespace std::string_view_literals;

constexpr double light_weight = 0.35, name_weight = 1.5;
constexpr double synonym_credit = 0.8, related_credit = 0.7;
constexpr double both_characters_credit = 0.5, one_character_credit = 0.2;

// What a number answers; the property, where there is one, must be spoken of.
constexpr std::array asked_properties = {"heavy"sv, "high"sv,   "tall"sv,  "deep"sv, "wide"sv,
                                         "thick"sv, "hot"sv,    "cold"sv,  "warm"sv, "fast"sv,
                                         "loud"sv,  "strong"sv, "large"sv, "big"sv};

// What only makes an English sentence a question.
constexpr std::array english_frames = {"how many"sv,      "how much"sv,     "how long"sv,
                                       "how often"sv,     "how far"sv,      "how old"sv,
                                       "how do i know"sv, "what kind of"sv, "what does it mean"sv};

// Words that only make a Chinese sentence a question or hold it together; longest first.
constexpr std::array chinese_frames = {
    "是什么意思"sv, "是怎么回事"sv, "什么原因"sv, "什么地方"sv, "什么意思"sv, "什么时候"sv,
    "什么时间"sv,   "可不可以"sv,   "多长时间"sv, "怎么回事"sv, "为什么"sv,   "什么人"sv,
    "什么样"sv,     "叫什么"sv,     "哪一天"sv,   "哪一年"sv,   "哪些人"sv,   "多少钱"sv,
    "怎么办"sv,     "怎么样"sv,     "情况下"sv,   "是不是"sv,   "是多少"sv,   "有什么"sv,
    "有哪些"sv,     "有没有"sv,     "的时候"sv,   "能不能"sv,   "一下"sv,     "一直"sv,
    "一般"sv,       "为何"sv,       "为啥"sv,     "主要"sv,     "之后"sv,     "人家"sv,
    "什么"sv,       "他们"sv,       "以后"sv,     "何时"sv,     "你们"sv,     "具体"sv,
    "几个"sv,       "几号"sv,       "几天"sv,     "几次"sv,     "几点"sv,     "几种"sv,
    "分别"sv,       "到底"sv,       "可以"sv,     "哪个"sv,     "哪些"sv,     "哪位"sv,
    "哪儿"sv,       "哪天"sv,       "哪家"sv,     "哪年"sv,     "哪种"sv,     "哪里"sv,
    "回事"sv,       "多久"sv,       "多大"sv,     "多少"sv,     "多重"sv,     "多长"sv,
    "多高"sv,       "大家"sv,       "大概"sv,     "大约"sv,     "如何"sv,     "如果"sv,
    "已经"sv,       "平时"sv,       "应该"sv,     "当时"sv,     "必须"sv,     "怎么"sv,
    "怎样"sv,       "情况"sv,       "我们"sv,     "是否"sv,     "是在"sv,     "是由"sv,
    "曾经"sv,       "现在"sv,       "究竟"sv,     "自己"sv,     "请问"sv,     "还能"sv,
    "这个"sv,       "通常"sv,       "那个"sv,     "需要"sv,     "与"sv,       "也"sv,
    "了"sv,         "从"sv,         "他"sv,       "会"sv,       "你"sv,       "几"sv,
    "去"sv,         "只"sv,         "吗"sv,       "吧"sv,       "呢"sv,       "咋"sv,
    "和"sv,         "哪"sv,         "啥"sv,       "在"sv,       "她"sv,       "对"sv,
    "就"sv,         "往"sv,         "得"sv,       "我"sv,       "才"sv,       "把"sv,
    "是"sv,         "有"sv,         "由"sv,       "的"sv,       "着"sv,       "给"sv,
    "能"sv,         "被"sv,         "要"sv,       "让"sv,       "谁"sv,       "跟"sv,
    "过"sv,         "还"sv,         "这"sv,       "那"sv,       "都"sv,       "里"sv};

bool holds_han(std::string_view text) {
  for (std::size_t at = 0; at < text.size(); at += utf8_length(text[at])) {
    if (starts_with_han(text.substr(at))) return true;
  }
  return false;
}

// Whether a synonym is found by its stems; Chinese and signs are found in the text itself.
bool is_word_entry(std::string_view entry) { return is_ascii_letter(entry.front()); }

bool speaks_of(const std::string& entry, const SearchableText& text) {
  if (entry.front() == ' ') return text.stems.find(entry) != std::string::npos;
  return text.folded.find(entry) != std::string::npos;
}

struct Group {
  std::vector<std::string_view> asking, answering;
};

std::vector<std::string_view> entries_of(std::string_view list) {
  std::vector<std::string_view> entries;
  while (!list.empty()) {
    const std::size_t comma = list.find(',');
    entries.push_back(list.substr(0, comma));
    list.remove_prefix(comma == list.npos ? list.size() : comma + 1);
  }
  return entries;
}

Group read_group(std::string_view group) {
  const std::size_t bar = group.find('|');
  Group result{entries_of(group.substr(0, bar)), {}};
  result.answering = result.asking;
  if (bar == group.npos) return result;
  for (const std::string_view entry : entries_of(group.substr(bar + 1))) {
    result.answering.push_back(entry);
  }
  return result;
}

void add_alternatives(QuestionTerm& term, const Group& group) {
  for (const std::string_view entry : group.answering) {
    term.alternatives.push_back(is_word_entry(entry) ? stems_of(entry) : std::string(entry));
  }
}

class Analyser {
 public:
  explicit Analyser(std::string_view text) : text_(text), rest_(ascii_lower(text)) {
    question_.chinese = holds_han(text);
    question_.stems = stems_of(text);
  }

  Question analyse() {
    const std::string asked = rest_;
    question_.type = answer_type(rest_, question_.chinese);
    question_.units = asked_units(question_.chinese ? text_ : rest_, question_.chinese);
    find_names();
    take_phrases();
    remove(english_frames);
    if (question_.chinese) remove(chinese_frames);
    for_each_lexical_token(rest_, LexicalUse::query,
                           [&](std::string_view token) { take_token(token); });
    mark_focus(asked_thing(asked, question_.chinese));
    return std::move(question_);
  }

 private:
  void mark_focus(std::string_view thing) {
    if (thing.empty()) return;
    const std::string text = question_.chinese ? std::string(thing) : stems_of(thing);
    for (QuestionTerm& term : question_.terms) term.focus = term.focus || term.text.ends_with(text);
  }

  // Capitalised words that do not open the question, and words with digits.
  void find_names() {
    bool opening = true;
    for (std::size_t at = 0; at < text_.size();) {
      if (!is_ascii_letter(text_[at]) && !is_digit(text_[at])) {
        at += utf8_length(text_[at]);
        continue;
      }
      std::size_t end = at;
      while (end < text_.size() && (is_ascii_letter(text_[end]) || is_digit(text_[end]))) ++end;
      const std::string_view word = text_.substr(at, end - at);
      if (holds_digit(word) || (is_upper(word[0]) && !opening && word.size() > 1)) {
        names_.push_back(ascii_lower(word));
      }
      opening = false;
      at = end;
    }
  }

  // Synonyms of several words, or Chinese ones, as one term each; what they cover is used up.
  void take_phrases() {
    for (const std::string_view group_text : synonym_groups()) {
      const Group group = read_group(group_text);
      for (const std::string_view entry : group.asking) {
        const bool chinese = !is_word_entry(entry);
        if (!chinese && entry.find(' ') == entry.npos) continue;
        const std::size_t at = rest_.find(entry);
        if (at == rest_.npos) continue;
        QuestionTerm term;
        term.text = chinese ? std::string(entry) : stems_of(entry);
        add_alternatives(term, group);
        question_.terms.push_back(std::move(term));
        rest_.replace(at, entry.size(), " ");
        break;
      }
    }
  }

  template <std::size_t n>
  void remove(const std::array<std::string_view, n>& frames) {
    for (const std::string_view frame : frames) {
      for (std::size_t at = rest_.find(frame); at != rest_.npos; at = rest_.find(frame)) {
        rest_.replace(at, frame.size(), " ");
      }
    }
  }

  void take_token(std::string_view token) {
    const WordWeight weight = word_weight(token);
    QuestionTerm term;
    term.name = std::find(names_.begin(), names_.end(), token) != names_.end();
    if (weight == WordWeight::none && !term.name) return;
    if (starts_with_han(token)) {
      term.text = token;
      if (token.size() <= 3) term.weight = light_weight;
      term.straddles = !last_.empty() && token.starts_with(last_);
      last_ = token.substr(utf8_length(token.front()));
    } else {
      last_.clear();
      std::string stem(token);
      stem_word(stem);
      term.text = " " + stem + " ";
      if (weight == WordWeight::light || word_weight(stem) == WordWeight::light) {
        term.weight = light_weight;
        term.light = true;
      }
      if (!term.name) add_synonyms(term, token);
      term.asked = rest_.find("how " + std::string(token)) != std::string::npos &&
                   std::find(asked_properties.begin(), asked_properties.end(), token) !=
                       asked_properties.end();
      if (term.asked) term.light = false, term.weight = 1;
    }
    if (term.name) term.weight = name_weight;
    const bool known =
        std::any_of(question_.terms.begin(), question_.terms.end(),
                    [&](const QuestionTerm& other) { return other.text == term.text; });
    if (!known) question_.terms.push_back(std::move(term));
  }

  static void add_synonyms(QuestionTerm& term, std::string_view token) {
    for (const std::string_view group_text : synonym_groups()) {
      const Group group = read_group(group_text);
      const bool asks =
          std::any_of(group.asking.begin(), group.asking.end(), [&](std::string_view entry) {
            return entry == token || (is_word_entry(entry) && stems_of(entry) == term.text);
          });
      if (asks) add_alternatives(term, group);
    }
  }

  std::string_view text_;
  std::string rest_;
  std::string last_;  // the second character of the bigram before
  std::vector<std::string> names_;
  Question question_;
};

constexpr std::array word_endings = {
    ""sv,     "al"sv,   "anc"sv, "ant"sv, "ar"sv,  "ation"sv, "at"sv,   "bl"sv,   "abl"sv,
    "d"sv,    "enc"sv,  "ent"sv, "er"sv,  "est"sv, "ful"sv,   "i"sv,    "ibl"sv,  "ic"sv,
    "ical"sv, "ion"sv,  "ish"sv, "ism"sv, "ist"sv, "iti"sv,   "iv"sv,   "less"sv, "ment"sv,
    "n"sv,    "or"sv,   "ous"sv, "r"sv,   "s"sv,   "ship"sv,  "sion"sv, "st"sv,   "t"sv,
    "th"sv,   "tion"sv, "ur"sv,  "us"sv,  "v"sv,   "ward"sv,  "ator"sv, "eri"sv,  "ori"sv};

// Whether two stems are likely forms of one word, as "visit" and "visitor": alike from the
// beginning for all but a short ending.
bool are_related(std::string_view a, std::string_view b) {
  const std::size_t shorter = std::min(a.size(), b.size()), longer = std::max(a.size(), b.size());
  const auto differing =
      std::mismatch(a.begin(), a.begin() + static_cast<std::ptrdiff_t>(shorter), b.begin());
  const auto common = static_cast<std::size_t>(differing.first - a.begin());
  if (common < 4 || longer > common + 5) return false;
  return among(word_endings, a.substr(common)) && among(word_endings, b.substr(common));
}

bool has_related(std::string_view padded, std::string_view stems) {
  const std::string_view stem = padded.substr(1, padded.size() - 2);
  if (holds_digit(stem)) return false;
  for (std::size_t at = 1; at < stems.size();) {
    const std::size_t end = stems.find(' ', at);
    const std::string_view other = stems.substr(at, end - at);
    if (!holds_digit(other) && are_related(stem, other)) return true;
    at = end + 1;
  }
  return false;
}

// Words that share characters are often related in Chinese.
double match_characters(std::string_view bigram, const std::string& folded) {
  const std::size_t first = utf8_length(bigram.front());
  if (first >= bigram.size() || bigram.size() > 8) return 0;
  const bool one = folded.find(bigram.substr(0, first)) != std::string::npos;
  const bool other = folded.find(bigram.substr(first)) != std::string::npos;
  if (one && other) return both_characters_credit;
  return one || other ? one_character_credit : 0;
}

}  // namespace

Question analyse_question(std::string_view text) { return Analyser(text).analyse(); }

SearchableText::SearchableText(std::string_view text)
    : stems(stems_of(text, &length)), folded(ascii_lower(text)) {}

double match(const QuestionTerm& term, const SearchableText& text) {
  if (speaks_of(term.text, text)) return 1;
  for (const std::string& alternative : term.alternatives) {
    if (speaks_of(alternative, text)) return synonym_credit;
  }
  if (term.name) return 0;
  if (starts_with_han(term.text)) return match_characters(term.text, text.folded);
  return has_related(term.text, text.stems) ? related_credit : 0;
}

}  // namespace v0
}  // namespace lian
