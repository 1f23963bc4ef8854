#include "model/offline/words.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

namespace lian {
inline namespace v0 {
namespace {

using namespace std::string_view_literals;

constexpr std::array silent_words = {
    "a"sv,       "about"sv,  "am"sv,     "an"sv,    "and"sv,   "any"sv,    "are"sv,   "aren"sv,
    "as"sv,      "at"sv,     "be"sv,     "been"sv,  "being"sv, "both"sv,   "but"sv,   "by"sv,
    "can"sv,     "cannot"sv, "could"sv,  "d"sv,     "did"sv,   "didn"sv,   "do"sv,    "does"sv,
    "doesn"sv,   "don"sv,    "either"sv, "else"sv,  "for"sv,   "from"sv,   "had"sv,   "has"sv,
    "have"sv,    "having"sv, "he"sv,     "her"sv,   "here"sv,  "hers"sv,   "him"sv,   "his"sv,
    "how"sv,     "i"sv,      "if"sv,     "in"sv,    "into"sv,  "is"sv,     "isn"sv,   "it"sv,
    "its"sv,     "just"sv,   "ll"sv,     "m"sv,     "may"sv,   "me"sv,     "might"sv, "my"sv,
    "no"sv,      "nor"sv,    "not"sv,    "of"sv,    "on"sv,    "or"sv,     "our"sv,   "ours"sv,
    "please"sv,  "re"sv,     "s"sv,      "shall"sv, "she"sv,   "should"sv, "so"sv,    "some"sv,
    "t"sv,       "than"sv,   "that"sv,   "the"sv,   "their"sv, "them"sv,   "then"sv,  "there"sv,
    "these"sv,   "they"sv,   "this"sv,   "those"sv, "to"sv,    "too"sv,    "us"sv,    "ve"sv,
    "very"sv,    "was"sv,    "wasn"sv,   "we"sv,    "were"sv,  "what"sv,   "when"sv,  "where"sv,
    "whether"sv, "which"sv,  "while"sv,  "who"sv,   "whom"sv,  "whose"sv,  "why"sv,   "will"sv,
    "with"sv,    "won"sv,    "would"sv,  "yes"sv,   "you"sv,   "your"sv,   "yours"sv};

constexpr std::array light_words = {
    "above"sv,     "actually"sv,  "after"sv,         "all"sv,      "allow"sv,
    "almost"sv,    "already"sv,   "also"sv,          "always"sv,   "anybody"sv,
    "anyone"sv,    "anything"sv,  "approximately"sv, "around"sv,   "available"sv,
    "bad"sv,       "because"sv,   "become"sv,        "before"sv,   "belong"sv,
    "below"sv,     "between"sv,   "big"sv,           "called"sv,   "case"sv,
    "certain"sv,   "come"sv,      "correct"sv,       "current"sv,  "different"sv,
    "down"sv,      "during"sv,    "each"sv,          "else"sv,     "enough"sv,
    "ever"sv,      "every"sv,     "everybody"sv,     "everyone"sv, "everything"sv,
    "exact"sv,     "exactly"sv,   "far"sv,           "final"sv,    "find"sv,
    "general"sv,   "get"sv,       "give"sv,          "go"sv,       "good"sv,
    "great"sv,     "happen"sv,    "happens"sv,       "instead"sv,  "kind"sv,
    "know"sv,      "last"sv,      "latest"sv,        "let"sv,      "like"sv,
    "little"sv,    "long"sv,      "look"sv,          "main"sv,     "make"sv,
    "many"sv,      "mean"sv,      "more"sv,          "much"sv,     "must"sv,
    "need"sv,      "new"sv,       "next"sv,          "nice"sv,     "normal"sv,
    "normally"sv,  "nothing"sv,   "off"sv,           "often"sv,    "old"sv,
    "one"sv,       "only"sv,      "other"sv,         "out"sv,      "over"sv,
    "own"sv,       "people"sv,    "per"sv,           "person"sv,   "possible"sv,
    "proper"sv,    "put"sv,       "real"sv,          "really"sv,   "recently"sv,
    "regular"sv,   "right"sv,     "roughly"sv,       "safe"sv,     "say"sv,
    "seem"sv,      "set"sv,       "since"sv,         "small"sv,    "somebody"sv,
    "someone"sv,   "something"sv, "specific"sv,      "still"sv,    "such"sv,
    "take"sv,      "tell"sv,      "thing"sv,         "through"sv,  "time"sv,
    "today"sv,     "together"sv,  "total"sv,         "try"sv,      "typical"sv,
    "typically"sv, "under"sv,     "until"sv,         "up"sv,       "use"sv,
    "usual"sv,     "usually"sv,   "want"sv,          "way"sv,      "whole"sv,
    "within"sv,    "without"sv,   "work"sv};

// Sorted, for binary search.
constexpr std::u32string_view silent_characters =
    U"个为么之也了于些什从他们会但何你使其再几到又及可向吗吧呢和哪啊在多她它"
    U"对将就并很怎您我所把是有来某每由的能被要让该谁还这那都里";

struct Form {
  std::string_view form, base;
};

constexpr std::array irregular_forms = {Form{"became"sv, "become"sv},
                                        Form{"began"sv, "begin"sv},
                                        Form{"begun"sv, "begin"sv},
                                        Form{"bitten"sv, "bite"sv},
                                        Form{"bore"sv, "bear"sv},
                                        Form{"bought"sv, "buy"sv},
                                        Form{"bound"sv, "bind"sv},
                                        Form{"broke"sv, "break"sv},
                                        Form{"broken"sv, "break"sv},
                                        Form{"brought"sv, "bring"sv},
                                        Form{"built"sv, "build"sv},
                                        Form{"burnt"sv, "burn"sv},
                                        Form{"came"sv, "come"sv},
                                        Form{"caught"sv, "catch"sv},
                                        Form{"children"sv, "child"sv},
                                        Form{"chose"sv, "choose"sv},
                                        Form{"chosen"sv, "choose"sv},
                                        Form{"dealt"sv, "deal"sv},
                                        Form{"died"sv, "die"sv},
                                        Form{"dies"sv, "die"sv},
                                        Form{"drawn"sv, "draw"sv},
                                        Form{"drew"sv, "draw"sv},
                                        Form{"driven"sv, "drive"sv},
                                        Form{"drove"sv, "drive"sv},
                                        Form{"dug"sv, "dig"sv},
                                        Form{"dying"sv, "die"sv},
                                        Form{"eaten"sv, "eat"sv},
                                        Form{"fallen"sv, "fall"sv},
                                        Form{"fed"sv, "feed"sv},
                                        Form{"feet"sv, "foot"sv},
                                        Form{"fell"sv, "fall"sv},
                                        Form{"felt"sv, "feel"sv},
                                        Form{"flew"sv, "fly"sv},
                                        Form{"flown"sv, "fly"sv},
                                        Form{"forbidden"sv, "forbid"sv},
                                        Form{"forgot"sv, "forget"sv},
                                        Form{"forgotten"sv, "forget"sv},
                                        Form{"fought"sv, "fight"sv},
                                        Form{"froze"sv, "freeze"sv},
                                        Form{"frozen"sv, "freeze"sv},
                                        Form{"gave"sv, "give"sv},
                                        Form{"geese"sv, "goose"sv},
                                        Form{"given"sv, "give"sv},
                                        Form{"grew"sv, "grow"sv},
                                        Form{"grown"sv, "grow"sv},
                                        Form{"halves"sv, "half"sv},
                                        Form{"heard"sv, "hear"sv},
                                        Form{"held"sv, "hold"sv},
                                        Form{"hidden"sv, "hide"sv},
                                        Form{"hung"sv, "hang"sv},
                                        Form{"kept"sv, "keep"sv},
                                        Form{"knew"sv, "know"sv},
                                        Form{"knives"sv, "knife"sv},
                                        Form{"known"sv, "know"sv},
                                        Form{"laid"sv, "lay"sv},
                                        Form{"learnt"sv, "learn"sv},
                                        Form{"leaves"sv, "leave"sv},
                                        Form{"led"sv, "lead"sv},
                                        Form{"lent"sv, "lend"sv},
                                        Form{"lives"sv, "life"sv},
                                        Form{"lost"sv, "lose"sv},
                                        Form{"lying"sv, "lie"sv},
                                        Form{"made"sv, "make"sv},
                                        Form{"meant"sv, "mean"sv},
                                        Form{"men"sv, "man"sv},
                                        Form{"met"sv, "meet"sv},
                                        Form{"mice"sv, "mouse"sv},
                                        Form{"paid"sv, "pay"sv},
                                        Form{"ran"sv, "run"sv},
                                        Form{"rose"sv, "rise"sv},
                                        Form{"said"sv, "say"sv},
                                        Form{"sang"sv, "sing"sv},
                                        Form{"sank"sv, "sink"sv},
                                        Form{"sat"sv, "sit"sv},
                                        Form{"seen"sv, "see"sv},
                                        Form{"sent"sv, "send"sv},
                                        Form{"shelves"sv, "shelf"sv},
                                        Form{"shook"sv, "shake"sv},
                                        Form{"shown"sv, "show"sv},
                                        Form{"slept"sv, "sleep"sv},
                                        Form{"sold"sv, "sell"sv},
                                        Form{"sought"sv, "seek"sv},
                                        Form{"spent"sv, "spend"sv},
                                        Form{"spoke"sv, "speak"sv},
                                        Form{"spoken"sv, "speak"sv},
                                        Form{"stolen"sv, "steal"sv},
                                        Form{"stood"sv, "stand"sv},
                                        Form{"struck"sv, "strike"sv},
                                        Form{"stuck"sv, "stick"sv},
                                        Form{"sunk"sv, "sink"sv},
                                        Form{"swam"sv, "swim"sv},
                                        Form{"swept"sv, "sweep"sv},
                                        Form{"taken"sv, "take"sv},
                                        Form{"taught"sv, "teach"sv},
                                        Form{"teeth"sv, "tooth"sv},
                                        Form{"threw"sv, "throw"sv},
                                        Form{"thrown"sv, "throw"sv},
                                        Form{"tied"sv, "tie"sv},
                                        Form{"told"sv, "tell"sv},
                                        Form{"took"sv, "take"sv},
                                        Form{"understood"sv, "understand"sv},
                                        Form{"went"sv, "go"sv},
                                        Form{"wives"sv, "wife"sv},
                                        Form{"woke"sv, "wake"sv},
                                        Form{"women"sv, "woman"sv},
                                        Form{"won"sv, "win"sv},
                                        Form{"wore"sv, "wear"sv},
                                        Form{"worn"sv, "wear"sv},
                                        Form{"written"sv, "write"sv},
                                        Form{"wrote"sv, "write"sv}};

struct WordFacts {
  std::string_view word, base;
  WordWeight weight = WordWeight::full;
};

constexpr std::size_t slot_count = 1024;

constexpr std::size_t slot_of(std::string_view word) {
  std::uint32_t hash = 0x811C9DC5;
  for (const char c : word) hash = (hash ^ static_cast<unsigned char>(c)) * 0x01000193;
  return (hash ^ (hash >> 15)) % slot_count;
}

constexpr std::size_t find_slot(const std::array<WordFacts, slot_count>& slots,
                                std::string_view word) {
  std::size_t slot = slot_of(word);
  while (!slots[slot].word.empty() && slots[slot].word != word) slot = (slot + 1) % slot_count;
  return slot;
}

// The tables above by hash: every word of every text is looked up.
constexpr std::array<WordFacts, slot_count> known_words = [] {
  std::array<WordFacts, slot_count> slots{};
  const auto entry = [&](std::string_view word) -> WordFacts& {
    WordFacts& facts = slots[find_slot(slots, word)];
    facts.word = word;
    return facts;
  };
  for (const std::string_view word : silent_words) entry(word).weight = WordWeight::none;
  for (const std::string_view word : light_words) entry(word).weight = WordWeight::light;
  for (const Form& form : irregular_forms) entry(form.form).base = form.base;
  return slots;
}();

const WordFacts& facts_of(std::string_view word) {
  return known_words[find_slot(known_words, word)];
}

bool is_silent_character(std::string_view character) {
  if (character.size() != 3) return false;
  const auto low = [&](std::size_t i) { return static_cast<char32_t>(character[i] & 0x3F); };
  const char32_t point = static_cast<char32_t>(character[0] & 0x0F) << 12 | low(1) << 6 | low(2);
  return std::binary_search(silent_characters.begin(), silent_characters.end(), point);
}

bool ends_with_cut(std::string& word, std::string_view ending, std::size_t least) {
  if (!word.ends_with(ending) || word.size() < ending.size() + least) return false;
  word.resize(word.size() - ending.size());
  return true;
}

bool has_vowel(std::string_view word) { return word.find_first_of("aeiouy") != word.npos; }

void fold_plural(std::string& word) {
  if (word.size() < 4 || !word.ends_with('s')) return;
  if (word.ends_with("ss") || word.ends_with("us") || word.ends_with("is")) return;
  if (word.ends_with("ies") && word.size() > 4) {
    word.replace(word.size() - 3, 3, "y");
  } else if (word.ends_with("sses") || word.ends_with("shes") || word.ends_with("ches") ||
             word.ends_with("xes")) {
    word.resize(word.size() - 2);
  } else {
    word.pop_back();
  }
}

// "running" is "run", "rolling" stays "roll": Porter keeps l, s and z doubled.
void undouble(std::string& word) {
  if (word.size() < 4) return;
  const char last = word.back();
  if (last != word[word.size() - 2]) return;
  if ("lszaeiou"sv.find(last) == std::string_view::npos) word.pop_back();
}

void cut_verb_ending(std::string& word) {
  std::string stem = word;
  if (ends_with_cut(stem, "ied", 3)) {
    word = stem + "y";
    return;
  }
  if (!ends_with_cut(stem, "ing", 3) && !ends_with_cut(stem, "ed", 3)) return;
  if (!has_vowel(stem)) return;
  word = std::move(stem);
  undouble(word);
}

}  // namespace

WordWeight word_weight(std::string_view word) noexcept {
  if (starts_with_han(word)) return is_silent_character(word) ? WordWeight::none : WordWeight::full;
  return facts_of(word).weight;
}

void stem_word(std::string& word) {
  if (word.size() < 3) return;
  for (const char c : word) {
    if (c < 'a' || c > 'z') return;
  }
  if (const std::string_view base = facts_of(word).base; !base.empty()) word.assign(base);
  fold_plural(word);
  cut_verb_ending(word);
  if (!ends_with_cut(word, "ness", 3) && !ends_with_cut(word, "ment", 4)) {
    ends_with_cut(word, "ly", 4);
  }
  if (word.size() > 3 && word.ends_with('e')) word.pop_back();
  if (word.size() > 3 && word.ends_with('y')) word.back() = 'i';
}

std::size_t utf8_length(char lead) noexcept {
  const auto byte = static_cast<unsigned char>(lead);
  if (byte >= 0xF0) return 4;
  if (byte >= 0xE0) return 3;
  return byte >= 0xC0 ? 2 : 1;
}

bool starts_with_han(std::string_view text) noexcept {
  // U+3400 to U+9FFF, three bytes each, and the planes of rare characters.
  if (text.size() < 3) return false;
  const auto first = static_cast<unsigned char>(text[0]);
  const auto second = static_cast<unsigned char>(text[1]);
  if (first == 0xE3) return second >= 0x90;
  return (first >= 0xE4 && first <= 0xE9) || (first == 0xF0 && second >= 0xA0);
}

}  // namespace v0
}  // namespace lian
