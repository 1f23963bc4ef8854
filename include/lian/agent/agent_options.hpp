#pragma once

#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "lian/agent/tool.hpp"
#include "lian/core/coroutine_warnings.hpp"
#include "lian/core/usage.hpp"

LIAN_COROUTINES_BEGIN

namespace lian {
inline namespace v0 {

/// What a person decides of a call that needs approval: let it run as it is (default), run it with
/// other arguments, or not at all. Regular value.
class LIAN_API ToolDecision {
 public:
  enum class Kind { approve, edit, reject };
  ToolDecision() = default;
  static ToolDecision approve() { return ToolDecision(); }
  /// `arguments`: JSON text, checked as the model's own.
  static ToolDecision edit(std::string arguments);
  /// The model is told so, and why.
  static ToolDecision reject(std::string reason = {});

  Kind kind() const noexcept { return kind_; }
  const std::string& text() const noexcept { return text_; }  ///< the arguments or the reason

 private:
  Kind kind_ = Kind::approve;
  std::string text_;
};
using ToolDecisions = std::vector<ToolDecision>;

/// How a run that reaches a limit ends: with a sentence that says so, or with one more call of the
/// model, which answers from what it has.
enum class EarlyStopping { force, generate };

/// Settings of an agent; chained setters. Regular value. A limit that is not set does not hold; one
/// below 1 is Error{config} when the agent is made.
class LIAN_API AgentOptions {
 public:
  using Approval =
      Function<Task<ToolDecisions>(std::vector<ToolCall> pending, Context context) const>;
  using ParsingError = Function<std::string(const Error& error) const>;

  AgentOptions() = default;
  /// What the model is told before everything else. A ReAct agent's holds {tools} and {tool_names}
  /// (see react_prompt).
  AgentOptions& prompt(std::string v) { return prompt_ = std::move(v), *this; }
  /// Calls of the model with the tools they ask for; default 15.
  AgentOptions& max_iterations(int v) { return max_iterations_ = v, *this; }
  /// Ends what runs, model and tools, at that time after the start.
  AgentOptions& max_execution_time(std::chrono::nanoseconds v) { return max_time_ = v, *this; }
  /// Tokens of all replies and their prompts. The reply that crosses the limit counts; neither a
  /// tool nor the model is called after it.
  AgentOptions& max_tokens(std::int64_t v) { return max_tokens_ = v, *this; }
  /// As max_tokens, in the money that `price` says.
  AgentOptions& max_cost(double v, TokenPrice price) {
    return max_cost_ = v, price_ = price, *this;
  }
  /// Calls of tools in all; those beyond it are not made.
  AgentOptions& max_tool_calls(int v) { return max_tool_calls_ = v, *this; }
  /// Default force. generate makes its one call beyond max_iterations and max_tool_calls; time,
  /// tokens and cost are limits for it, too.
  AgentOptions& early_stopping_method(EarlyStopping v) { return early_stopping_ = v, *this; }
  /// How many of the last replies with tool calls the model is shown again; default all.
  AgentOptions& trim_intermediate_steps(int v) { return trim_ = v, *this; }
  /// Failures of tools and wrong arguments go back to the model (default), or end the run.
  AgentOptions& handle_tool_errors(bool v) { return handle_tool_errors_ = v, *this; }
  /// Replies that cannot be read go back to the model with what was wrong (default), with this
  /// text, or with what the function makes of the error; or they end the run with ParseError.
  template <std::same_as<bool> T>  // no function that converts to bool
  AgentOptions& handle_parsing_errors(T v) {
    handle_parsing_errors_ = v;
    parsing_error_ = nullptr;
    return *this;
  }
  AgentOptions& handle_parsing_errors(const char* text) {
    return handle_parsing_errors(std::string(text));
  }
  AgentOptions& handle_parsing_errors(std::string text);
  AgentOptions& handle_parsing_errors(ParsingError text);
  /// Asked before calls of tools that need it (ToolOptions::needs_approval): one question for all
  /// of a reply, one decision a call, in order. A coroutine, or a function, which must not block
  /// for longer than the program's other conversations can wait.
  template <class F>
  AgentOptions& approval(F function) {
    using Calls = std::vector<ToolCall>;
    constexpr bool later = std::is_invocable_r_v<Task<ToolDecisions>, const F&, Calls, Context>;
    constexpr bool at_once = std::is_invocable_r_v<ToolDecisions, const F&, Calls, Context>;
    constexpr bool decides = later || at_once;
    static_assert(
        decides,
        "lian: an approval takes (std::vector<ToolCall>, Context) and gives ToolDecisions "
        "or Task<ToolDecisions>, and is callable when const");
    if constexpr (later)
      return set_approval(Approval(std::move(function)));
    else if constexpr (at_once)
      return set_approval(Approval(Decide<F>(std::move(function))));
    else
      return *this;
  }
  /// The agent's name in events; default "agent".
  AgentOptions& name(std::string v) { return name_ = std::move(v), *this; }

  const std::string& prompt() const noexcept { return prompt_; }
  int max_iterations() const noexcept { return max_iterations_; }
  const std::optional<std::chrono::nanoseconds>& max_execution_time() const noexcept {
    return max_time_;
  }
  const std::optional<std::int64_t>& max_tokens() const noexcept { return max_tokens_; }
  const std::optional<double>& max_cost() const noexcept { return max_cost_; }
  const TokenPrice& price() const noexcept { return price_; }
  const std::optional<int>& max_tool_calls() const noexcept { return max_tool_calls_; }
  EarlyStopping early_stopping_method() const noexcept { return early_stopping_; }
  const std::optional<int>& trim_intermediate_steps() const noexcept { return trim_; }
  bool handle_tool_errors() const noexcept { return handle_tool_errors_; }
  bool handle_parsing_errors() const noexcept { return handle_parsing_errors_; }
  /// Null: the error's own message.
  const std::shared_ptr<const ParsingError>& parsing_error() const noexcept {
    return parsing_error_;
  }
  const std::shared_ptr<const Approval>& approval() const noexcept { return approval_; }
  const std::string& name() const noexcept { return name_; }

 private:
  AgentOptions& set_approval(Approval approval);

  // A plain function as a coroutine.
  template <class F>
  class Decide {
   public:
    explicit Decide(F function) : function_(std::move(function)) {}
    Task<ToolDecisions> operator()(std::vector<ToolCall> pending, Context context) const {
      return ready(function_(std::move(pending), std::move(context)));
    }

   private:
    static Task<ToolDecisions> ready(ToolDecisions decisions) { co_return decisions; }
    F function_;
  };

  std::string prompt_, name_ = "agent";
  int max_iterations_ = 15;
  std::optional<std::chrono::nanoseconds> max_time_;
  std::optional<std::int64_t> max_tokens_;
  std::optional<double> max_cost_;
  TokenPrice price_;
  std::optional<int> max_tool_calls_, trim_;
  EarlyStopping early_stopping_ = EarlyStopping::force;
  bool handle_tool_errors_ = true, handle_parsing_errors_ = true;
  std::shared_ptr<const ParsingError> parsing_error_;
  std::shared_ptr<const Approval> approval_;
};

}  // namespace v0
}  // namespace lian

LIAN_COROUTINES_END
