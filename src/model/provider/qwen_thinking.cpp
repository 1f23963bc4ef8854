#include "model/provider/qwen_thinking.hpp"

#include <algorithm>
#include <charconv>
#include <string_view>

#include "lian/core/error.hpp"
#include "model/provider/openai_messages.hpp"

namespace lian {
inline namespace v0 {

namespace {

// Open Qwen3 models that think unless told otherwise: "qwen3-8b", "qwen3-235b-a22b". Those that
// never think or always do say so in their name.
bool thinks_by_itself(std::string_view model) {
  if (!model.starts_with("qwen3-") || model.size() < 7) return false;
  if (model[6] < '0' || model[6] > '9') return false;
  return !qwen_has_word(model, "instruct") && !qwen_has_word(model, "thinking");
}

QwenThinking thinking_of(std::string_view effort) {
  QwenThinking thinking;
  if (effort.empty()) return thinking;
  thinking.enabled = effort != "none";
  if (effort == "minimal") thinking.budget = 512;
  if (effort == "low") thinking.budget = 2048;
  if (effort == "medium") thinking.budget = 8192;
  const char* end = effort.data() + effort.size();
  const bool is_number = std::from_chars(effort.data(), end, thinking.budget).ptr == end;
  const bool is_whole = effort == "high" || effort == "xhigh" || effort == "max";
  if (thinking.budget < 0 || (!is_number && !is_whole && thinking.budget == 0 && *thinking.enabled))
    refuse_request("reasoning_effort is \"" + std::string(effort) +
                   "\" but must be none, minimal, low, medium, high, or a number of tokens");
  return thinking;
}

bool refuse_unstreamed(const ChatOptions& options, std::vector<std::string>& warnings) {
  if (!options.lenient())
    throw UnsupportedError(options.model() +
                               " thinks in streams alone: use stream(), or reasoning_effort "
                               "\"none\"; nothing was sent",
                           "reasoning_effort");
  warnings.push_back(options.model() + " thinks in streams alone: it was told not to think");
  return false;
}

}  // namespace

bool qwen_has_word(std::string_view name, std::string_view wanted) {
  while (!name.empty()) {
    const std::size_t end = std::min(name.find('-'), name.size());
    if (name.substr(0, end) == wanted) return true;
    name.remove_prefix(std::min(end + 1, name.size()));
  }
  return false;
}

QwenThinking qwen_thinking(const ChatRequest& request, bool told,
                           std::vector<std::string>& warnings) {
  const ChatOptions& options = request.options;
  QwenThinking thinking = thinking_of(options.reasoning_effort());
  const bool streams_only = !request.stream && thinks_by_itself(options.model());
  if (streams_only && thinking.enabled.value_or(false))
    thinking.enabled = refuse_unstreamed(options, warnings);
  if (streams_only && !thinking.enabled && !told) {
    thinking.enabled = false;
    warnings.push_back(options.model() +
                       " thinks in streams alone: enable_thinking false was sent");
  }
  if (!thinking.enabled.value_or(false)) thinking.budget = 0;
  if (thinking.budget > 0)
    warnings.push_back("qwen has no reasoning_effort: a thinking_budget of " +
                       std::to_string(thinking.budget) + " tokens was sent");
  return thinking;
}

}  // namespace v0
}  // namespace lian
