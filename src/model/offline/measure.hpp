#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace lian {
inline namespace v0 {

/// What a quantity is counted in, as the question has it: "how many boats" boats, "how long" hours,
/// days and so on, "多少只" 只.
struct AskedUnits {
  std::vector<std::string> stems;            ///< English, as `stems_of` writes words
  std::vector<std::string_view> characters;  ///< Chinese; parts of the question or constants
  bool any() const noexcept { return !stems.empty() || !characters.empty(); }
};

/// The units that the question, in lower case, asks for; none when it fixes none. The question must
/// outlive the result.
AskedUnits asked_units(std::string_view question, bool chinese);

/// Whether the sentence, or `stems`, its stems, has a number of one of the units.
bool counts_in(const AskedUnits& units, std::string_view sentence, std::string_view stems);

}  // namespace v0
}  // namespace lian
