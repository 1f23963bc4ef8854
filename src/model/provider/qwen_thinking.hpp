#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/codec.hpp"

namespace lian {
inline namespace v0 {

/// Whether the word is among those of a model's name, e.g. "qwen2.5-vl-72b-instruct".
bool qwen_has_word(std::string_view name, std::string_view wanted);

/// What a request says of thinking, in DashScope's words.
struct QwenThinking {
  std::optional<bool> enabled;  // enable_thinking
  int budget = 0;               // thinking_budget, tokens; 0: the model's own
};

/// Of `reasoning_effort` ("none", "minimal", "low", "medium", "high" or a number of tokens) and the
/// model, some of which think in streams alone. `told`: the caller says enable_thinking itself.
/// Throws Error{invalid_request}, UnsupportedError.
QwenThinking qwen_thinking(const ChatRequest& request, bool told,
                           std::vector<std::string>& warnings);

}  // namespace v0
}  // namespace lian
