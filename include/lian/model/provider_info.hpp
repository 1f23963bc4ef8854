#pragma once

#include <optional>
#include <string>
#include <vector>

#include "lian/core/export.hpp"

namespace lian {
inline namespace v0 {

/// The numbers a provider takes for a setting. Regular value.
struct LIAN_API Range {
  constexpr Range() = default;
  constexpr Range(double low_in, double high_in, bool low_open_in = false,
                  bool high_open_in = false)
      : low(low_in), high(high_in), low_open(low_open_in), high_open(high_open_in) {}
  bool contains(double value) const noexcept;
  /// E.g. "between 0 (excluded) and 1".
  std::string text() const;

  double low = 0, high = 1;
  bool low_open = false, high_open = false;
  friend bool operator==(const Range&, const Range&) = default;
};

/// What a provider's chat protocol can carry. A request that asks for more is refused with
/// UnsupportedError before a byte is sent; a number outside its range with Error{invalid_request}.
/// `ChatOptions().lenient(true)` turns both into warnings. Regular value.
struct ChatAbilities {
  constexpr ChatAbilities() = default;

  bool streaming = true;
  bool system = true;  ///< system messages, wherever the protocol puts them
  bool tools = true;
  bool tool_choice_none = true, tool_choice_required = true, tool_choice_named = true;
  bool parallel_tool_calls = true;  ///< the switch; calls may come in parallel without it
  bool several_tool_calls = true;   ///< a reply may hold more than one call
  bool images = true, audio = true, files = true;
  bool json_object = true, json_schema = true;
  bool reasoning_effort = true;
  bool max_tokens = true, seed = true, logprobs = true, logit_bias = true, user = true;
  bool presence_penalty = true, frequency_penalty = true;
  int max_alternatives = 128;  ///< of `n`; 1: the setting is not offered
  int max_stop = 4;            ///< stop sequences; 0: none
  std::optional<Range> temperature = Range(0, 2);
  /// What temperature 0 becomes, with a warning, where the range leaves 0 out.
  double least_temperature = 0.01;
  std::optional<Range> top_p = Range(0, 1);
  friend bool operator==(const ChatAbilities&, const ChatAbilities&) = default;
};

/// What lian knows of a provider. Regular value.
struct ProviderInfo {
  ProviderInfo() = default;
  std::string name;   ///< "claude", as in "claude:MODEL"
  std::string title;  ///< "Anthropic Claude"
  std::vector<std::string> aliases;
  std::string base_url;  ///< default; empty where one must be given
  std::vector<std::string> key_variables, url_variables;
  /// Environment variables of further settings, e.g. a secret key.
  std::vector<std::string> option_variables;
  bool needs_key = true;
  bool chat = false, embeddings = false, text = false, lists_models = false;
  std::string example_model;
  ChatAbilities abilities;  ///< of a usual model; meaningless unless `chat`
};

}  // namespace v0
}  // namespace lian
