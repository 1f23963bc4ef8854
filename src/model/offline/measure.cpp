#include "model/offline/measure.hpp"

#include <algorithm>
#include <array>

#include "model/offline/answer_type.hpp"
#include "model/offline/word_search.hpp"
#include "model/offline/words.hpp"

namespace lian {
inline namespace v0 {
namespace {

using namespace std::string_view_literals;

// What the question says, and the units of its answer, with ',' between them.
struct Measure {
  std::string_view asked, units;
};

constexpr std::string_view durations = "second,minute,hour,day,night,week,fortnight,month,year";
constexpr std::string_view lengths =
    "metre,meter,kilometre,kilometer,km,m,cm,mm,centimetre,millimetre,mile,foot,feet,inch,yard";

constexpr std::array english_measures = {
    Measure{"how long", durations},
    Measure{"how long", lengths},
    Measure{"how quickly", durations},
    Measure{"how soon", durations},
    Measure{"deadline", durations},
    Measure{"how old", "year,month,aged"},
    Measure{"what age", "year,month,aged"},
    Measure{"how deep", lengths},
    Measure{"how high", lengths},
    Measure{"how tall", lengths},
    Measure{"how wide", lengths},
    Measure{"how thick", lengths},
    Measure{"how far", lengths},
    Measure{"how heavy", "kg,g,kilogram,gram,ton,tonne,pound,lb"},
    Measure{"weight", "kg,g,kilogram,gram,ton,tonne,pound,lb"},
    Measure{"voltage", "v,volt,kv"},
    Measure{"how hot", "degree,c,celsius"},
    Measure{"how cold", "degree,c,celsius"},
    Measure{"temperature", "degree,c,celsius"}};

constexpr std::string_view chinese_durations = "年,月,周,天,日,夜,时,小时,分钟,秒,星期,学期,季度";
constexpr std::string_view chinese_lengths = "米,公里,千米,厘米,毫米,里,尺,丈";

constexpr std::array chinese_measures = {Measure{"多久"sv, chinese_durations},
                                         Measure{"多长时间"sv, chinese_durations},
                                         Measure{"期限"sv, chinese_durations},
                                         Measure{"哪一年"sv, "年"sv},
                                         Measure{"哪年"sv, "年"sv},
                                         Measure{"多大年纪"sv, "岁,周岁"sv},
                                         Measure{"年龄"sv, "岁,周岁"sv},
                                         Measure{"多重"sv, "克,千克,公斤,斤,吨,两"sv},
                                         Measure{"多高"sv, chinese_lengths},
                                         Measure{"多深"sv, chinese_lengths},
                                         Measure{"多宽"sv, chinese_lengths},
                                         Measure{"多厚"sv, chinese_lengths},
                                         Measure{"多远"sv, chinese_lengths},
                                         Measure{"温度"sv, "度,℃,摄氏度"sv}};

constexpr std::array numerals = {"一"sv, "二"sv, "三"sv, "四"sv, "五"sv, "六"sv, "七"sv,
                                 "八"sv, "九"sv, "十"sv, "百"sv, "千"sv, "万"sv, "亿"sv,
                                 "两"sv, "零"sv, "〇"sv, "半"sv, "０"sv, "１"sv, "２"sv,
                                 "３"sv, "４"sv, "５"sv, "６"sv, "７"sv, "８"sv, "９"sv};
// May stand between a number and what it counts.
constexpr std::array number_tails = {"个"sv, "多"sv, "余"sv, "来"sv, "名"sv, " "sv};

template <class Add>
void for_each_unit(std::string_view units, Add add) {
  while (!units.empty()) {
    const std::size_t comma = units.find(',');
    add(units.substr(0, comma));
    units.remove_prefix(comma == units.npos ? units.size() : comma + 1);
  }
}

// "how many spare keys": "spare" and "keys".
void take_counted_words(std::string_view question, AskedUnits& units) {
  constexpr std::string_view asked = "how many ";
  const std::size_t begin = question.find(asked);
  if (begin == question.npos) return;
  std::string_view rest = question.substr(begin + asked.size());
  for (int words = 0; words < 2; ++words) {
    std::size_t end = 0;
    while (end < rest.size() && is_ascii_letter(rest[end])) ++end;
    const std::string_view word = rest.substr(0, end);
    if (word.empty() || word_weight(word) == WordWeight::none) return;
    units.stems.push_back(stems_of(word));
    rest.remove_prefix(end < rest.size() && rest[end] == ' ' ? end + 1 : rest.size());
  }
}

// The character behind "多少" or "几", or behind a "个" there.
void take_counted_characters(std::string_view question, AskedUnits& units) {
  for (const std::string_view asked : {"多少"sv, "几"sv}) {
    const std::size_t begin = question.find(asked);
    if (begin == question.npos) continue;
    std::string_view rest = question.substr(begin + asked.size());
    if (rest.starts_with("个")) rest.remove_prefix("个"sv.size());
    if (rest.empty() || !starts_with_han(rest) || rest.starts_with("钱")) continue;
    units.characters.push_back(rest.substr(0, utf8_length(rest.front())));
  }
}

// Where the character before `at` begins.
std::size_t before(std::string_view text, std::size_t at) {
  do --at;
  while (at > 0 && (static_cast<unsigned char>(text[at]) & 0xC0U) == 0x80U);
  return at;
}

bool ends_with_number(std::string_view text) {
  for (int tails = 0; !text.empty(); ++tails) {
    const std::size_t last = before(text, text.size());
    const std::string_view character = text.substr(last);
    if (is_digit(character.front()) || among(numerals, character)) return true;
    if (tails > 1 || !among(number_tails, character)) return false;
    text = text.substr(0, last);
  }
  return false;
}

bool counts_characters(std::string_view unit, std::string_view sentence) {
  for (std::size_t at = sentence.find(unit); at != sentence.npos;
       at = sentence.find(unit, at + unit.size())) {
    if (ends_with_number(sentence.substr(0, at))) return true;
  }
  return false;
}

// A number at most two words before the unit: "three working days".
bool counts_stems(const std::vector<std::string>& units, std::string_view stems) {
  constexpr int reach = 2;
  int since_number = reach + 1;
  for (std::size_t at = 1; at < stems.size();) {
    const std::size_t end = stems.find(' ', at);
    const std::string_view padded = stems.substr(at - 1, end - at + 2);
    at = end + 1;
    const bool unit = std::find(units.begin(), units.end(), padded) != units.end();
    if (unit && since_number < reach) return true;
    since_number = is_number(padded) ? 0 : since_number + 1;
  }
  return false;
}

}  // namespace

AskedUnits asked_units(std::string_view question, bool chinese) {
  AskedUnits units;
  if (chinese) {
    for (const Measure& measure : chinese_measures) {
      if (question.find(measure.asked) == question.npos) continue;
      for_each_unit(measure.units, [&](std::string_view u) { units.characters.push_back(u); });
    }
    take_counted_characters(question, units);
    return units;
  }
  for (const Measure& measure : english_measures) {
    if (question.find(measure.asked) == question.npos) continue;
    for_each_unit(measure.units, [&](std::string_view u) { units.stems.push_back(stems_of(u)); });
  }
  take_counted_words(question, units);
  return units;
}

bool counts_in(const AskedUnits& units, std::string_view sentence, std::string_view stems) {
  for (const std::string_view unit : units.characters) {
    if (counts_characters(unit, sentence)) return true;
  }
  return !units.stems.empty() && counts_stems(units.stems, stems);
}

}  // namespace v0
}  // namespace lian
