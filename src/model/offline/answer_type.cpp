#include "model/offline/answer_type.hpp"

#include <algorithm>
#include <array>
#include <string>

#include "model/offline/word_search.hpp"

namespace lian {
inline namespace v0 {
namespace {

using namespace std::string_view_literals;

constexpr std::array quantity_questions = {
    " how many"sv, " how much"sv, " how long"sv,  " how often"sv, " how far"sv,  " how old"sv,
    " how big"sv,  " how tall"sv, " how heavy"sv, " how high"sv,  " how deep"sv, " how wide"sv,
    " how fast"sv, " how hot"sv,  " how cold"sv,  " how thick"sv, " how loud"sv, " how large"sv};

constexpr std::array number_words = {
    "one"sv,     "two"sv,     "thre"sv,     "four"sv,     "fiv"sv,    "six"sv,      "seven"sv,
    "eight"sv,   "nin"sv,     "ten"sv,      "eleven"sv,   "twelv"sv,  "fifteen"sv,  "twenti"sv,
    "thirti"sv,  "forti"sv,   "fifti"sv,    "sixti"sv,    "hundr"sv,  "thousand"sv, "million"sv,
    "half"sv,    "onc"sv,     "twic"sv,     "fre"sv,      "free"sv,   "singl"sv,    "doubl"sv,
    "dozen"sv,   "sixteen"sv, "fourteen"sv, "thirteen"sv, "eighti"sv, "nineti"sv,   "eighteen"sv,
    "unlimit"sv, "second"sv,  "third"sv,    "fourth"sv,   "fifth"sv};

constexpr std::array time_words = {
    "januari"sv,  "februari"sv,  "march"sv,     "april"sv,   "may"sv,      "june"sv,     "jun"sv,
    "juli"sv,     "august"sv,    "september"sv, "october"sv, "november"sv, "december"sv, "mondai"sv,
    "tuesdai"sv,  "wednesdai"sv, "thursdai"sv,  "fridai"sv,  "saturdai"sv, "sundai"sv,   "easter"sv,
    "christma"sv, "spring"sv,    "summer"sv,    "autumn"sv,  "winter"sv,   "morn"sv,     "noon"sv,
    "midnight"sv, "day"sv,       "week"sv,      "month"sv,   "year"sv,     "before"sv,   "befor"sv,
    "after"sv,    "when"sv,      "until"sv,     "during"sv,  "centuri"sv,  "hour"sv,     "minut"sv,
    "alwai"sv,    "immediat"sv,  "weekli"sv,    "daili"sv};

constexpr std::array price_questions = {" cost"sv, " price"sv, " fee"sv,     "多少钱"sv, "价格"sv,
                                        "售价"sv,  "费用"sv,   "收费多少"sv, "票价"sv,   "价钱"sv};

constexpr std::array currencies = {"$"sv, "€"sv, "£"sv, "¥"sv, "￥"sv, "元"sv, "块钱"sv, "免费"sv};

constexpr std::array currency_words = {"eur"sv,   "euro"sv, "usd"sv,   "dollar"sv, "pound"sv,
                                       "cent"sv,  "rmb"sv,  "yuan"sv,  "gbp"sv,    "chf"sv,
                                       "franc"sv, "yen"sv,  "penni"sv, "fre"sv};

constexpr std::array reason_words = {"because"sv,  "becaus"sv, "due"sv,  "reason"sv,
                                     "sinc"sv,     "caus"sv,   "thus"sv, "so"sv,
                                     "therefor"sv, "to"sv,     "for"sv,  "as"sv};

constexpr std::array chinese_reasons = {"因"sv,   "由于"sv, "所以"sv,   "以免"sv, "以防"sv,
                                        "防止"sv, "为了"sv, "为的是"sv, "导致"sv, "使"sv};

constexpr std::array chinese_numbers = {"一"sv, "二"sv, "三"sv, "四"sv, "五"sv,   "六"sv,
                                        "七"sv, "八"sv, "九"sv, "十"sv, "百"sv,   "千"sv,
                                        "万"sv, "半"sv, "两"sv, "零"sv, "免费"sv, "〇"sv};

constexpr std::array chinese_times = {"年"sv, "月"sv, "日"sv, "天"sv, "周"sv, "点"sv,
                                      "时"sv, "前"sv, "后"sv, "节"sv, "早"sv, "晚"sv};

constexpr std::array colour_words = {
    "red"sv,  "green"sv,   "blu"sv,     "yellow"sv,   "black"sv,      "whit"sv,
    "grei"sv, "grai"sv,    "gray"sv,    "grey"sv,     "brown"sv,      "orang"sv,
    "pink"sv, "purpl"sv,   "violet"sv,  "silver"sv,   "gold"sv,       "golden"sv,
    "beig"sv, "crimson"sv, "scarlet"sv, "turquois"sv, "transparent"sv};

constexpr std::array chinese_colours = {"红"sv,   "绿"sv,   "蓝"sv,   "黄"sv,   "黑"sv,  "白"sv,
                                        "灰"sv,   "紫"sv,   "橙"sv,   "粉"sv,   "棕"sv,  "褐"sv,
                                        "银色"sv, "金色"sv, "米色"sv, "青色"sv, "透明"sv};

AnswerType english_type(std::string_view question) {
  const std::string words = " " + std::string(question);
  const auto asks = [&](std::string_view phrase) { return words.find(phrase) != words.npos; };
  if (holds_any(price_questions, words)) return AnswerType::price;
  if (holds_any(quantity_questions, words)) return AnswerType::quantity;
  if (asks(" when ") || asks(" which day") || asks(" what day") || asks(" which year") ||
      asks(" what year") || asks(" what time") || asks(" what date")) {
    return AnswerType::time;
  }
  if (asks(" what colour") || asks(" what color") || asks(" which colour")) {
    return AnswerType::colour;
  }
  if (asks(" who ") || asks(" whom ") || asks(" whose ")) return AnswerType::person;
  return asks(" why ") ? AnswerType::reason : AnswerType::any;
}

AnswerType chinese_type(std::string_view question) {
  constexpr std::array times = {"什么时候"sv, "何时"sv, "哪年"sv,   "哪一年"sv, "哪天"sv,
                                "几号"sv,     "几点"sv, "哪一天"sv, "几月"sv,   "什么时间"sv};
  constexpr std::array quantities = {"多少"sv, "多久"sv, "多长"sv, "多大"sv, "多高"sv,
                                     "多重"sv, "几"sv,   "多远"sv, "多快"sv};
  constexpr std::array reasons = {"为什么"sv, "原因"sv, "为何"sv};
  if (holds_any(price_questions, question)) return AnswerType::price;
  if (holds_any(times, question)) return AnswerType::time;
  if (holds_any(reasons, question)) return AnswerType::reason;
  if (question.find("颜色") != question.npos) return AnswerType::colour;
  return holds_any(quantities, question) ? AnswerType::quantity : AnswerType::any;
}

// A number the question does not itself name: "K2" is none, nor "1666" when it was asked about.
bool holds_new_number(std::string_view question_stems, std::string_view stems) {
  for (std::size_t at = stems.find(' '); at + 1 < stems.size(); at = stems.find(' ', at + 1)) {
    if (!is_digit(stems[at + 1])) continue;
    const std::string_view padded = stems.substr(at, stems.find(' ', at + 1) + 1 - at);
    if (question_stems.find(padded) == question_stems.npos) return true;
  }
  return false;
}

// A capitalised word inside the sentence that the question does not name.
bool holds_new_name(std::string_view question_stems, std::string_view sentence) {
  for (std::size_t at = 1; at < sentence.size(); ++at) {
    if (!is_upper(sentence[at]) || is_ascii_letter(sentence[at - 1])) continue;
    std::size_t end = at;
    while (end < sentence.size() && is_ascii_letter(sentence[end])) ++end;
    const std::string name = stems_of(sentence.substr(at, end - at));
    if (question_stems.find(name) == question_stems.npos) return true;
  }
  return false;
}

}  // namespace

AnswerType answer_type(std::string_view question, bool chinese) {
  return chinese ? chinese_type(question) : english_type(question);
}

bool is_number(std::string_view padded_stem) {
  const std::string_view stem = padded_stem.substr(1, padded_stem.size() - 2);
  return holds_digit(stem) || among(number_words, stem);
}

bool fits(AnswerType type, std::string_view question_stems, std::string_view sentence,
          std::string_view stems) {
  switch (type) {
    case AnswerType::any:
      return true;
    case AnswerType::reason:
      return holds_stem(reason_words, stems) || holds_any(chinese_reasons, sentence);
    case AnswerType::price:
      return holds_stem(currency_words, stems) || holds_any(currencies, sentence);
    case AnswerType::quantity:
      return holds_new_number(question_stems, stems) || holds_stem(number_words, stems) ||
             holds_any(chinese_numbers, sentence);
    case AnswerType::time:
      return holds_new_number(question_stems, stems) || holds_stem(time_words, stems) ||
             holds_any(chinese_times, sentence);
    case AnswerType::colour:
      return holds_stem(colour_words, stems) || holds_any(chinese_colours, sentence);
    case AnswerType::person:
      return holds_new_name(question_stems, sentence) ||
             std::none_of(sentence.begin(), sentence.end(), is_ascii_letter);
  }
  return true;
}

}  // namespace v0
}  // namespace lian
