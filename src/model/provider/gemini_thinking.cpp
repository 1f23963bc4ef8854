#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "model/provider/gemini.hpp"
#include "model/provider/openai_messages.hpp"

namespace lian {
inline namespace v0 {
namespace {

constexpr std::int64_t least_of_pro = 128;  // gemini-2.5-pro always thinks

struct Effort {
  std::string_view word, level;
  std::int64_t budget;
};

// The budgets are those that Google's OpenAI-compatible service gives the words (2026).
constexpr std::array<Effort, 6> kEfforts = {{{"minimal", "MINIMAL", 1024},
                                             {"low", "LOW", 1024},
                                             {"medium", "MEDIUM", 8192},
                                             {"high", "HIGH", 24576},
                                             {"xhigh", "HIGH", 24576},
                                             {"max", "HIGH", 24576}}};

std::string_view last_segment(std::string_view model) {
  return model.substr(model.find_last_of('/') + 1);
}

std::optional<std::int64_t> budget_in(const std::string& effort) {
  if (effort == "auto" || effort == "dynamic") return -1;
  if (effort == "none") return 0;
  std::int64_t tokens = 0;
  const auto read = std::from_chars(effort.data(), effort.data() + effort.size(), tokens);
  if (read.ec != std::errc() || read.ptr != effort.data() + effort.size()) return std::nullopt;
  return tokens;
}

}  // namespace

bool gemini_thinks(std::string_view model) noexcept {
  model = last_segment(model);
  for (const std::string_view older : {"gemini-1", "gemini-2.0", "gemini-pro", "gemma"})
    if (model.starts_with(older)) return false;
  return true;
}

Json gemini_thinking(std::string_view model, const std::string& effort,
                     std::vector<std::string>& warnings) {
  model = last_segment(model);
  Json config = Json::object();
  if (std::optional<std::int64_t> budget = budget_in(effort)) {
    if (*budget == 0 && model.starts_with("gemini-2.5-pro")) {
      budget = least_of_pro;
      warnings.push_back(std::string(model) +
                         " always thinks: reasoning_effort none became its least, 128 tokens");
    }
    if (*budget != 0) config.set("includeThoughts", true);
    return config.set("thinkingBudget", *budget);
  }
  const auto* known = std::find_if(kEfforts.begin(), kEfforts.end(),
                                   [&](const Effort& e) { return e.word == effort; });
  if (known == kEfforts.end())
    refuse_request("reasoning_effort is \"" + effort.substr(0, 100) +
                   "\" but must be none, minimal, low, medium, high, auto or a number of tokens");
  if (known->word == "xhigh" || known->word == "max")
    warnings.push_back("gemini's highest reasoning_effort is high: it stands for " + effort);
  config.set("includeThoughts", true);
  if (model.starts_with("gemini-2.5")) return config.set("thinkingBudget", known->budget);
  return config.set("thinkingLevel", known->level);
}

}  // namespace v0
}  // namespace lian
