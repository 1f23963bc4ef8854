#pragma once

#include <cstdint>
#include <memory>
#include <type_traits>
#include <utility>

#include "lian/core/export.hpp"
#include "lian/core/function.hpp"
#include "lian/core/json.hpp"
#include "lian/core/message.hpp"

namespace lian {
inline namespace v0 {

/// Settings of `count_tokens_approximately`; chained setters. Regular value.
class LIAN_API TokenEstimate {
 public:
  TokenEstimate() = default;
  /// Code points to a token; default 4.
  TokenEstimate& chars_per_token(double v) { return chars_per_token_ = v, *this; }
  /// Tokens of a Chinese, Japanese or Korean character; default 1. 0.25 counts them as any other.
  TokenEstimate& tokens_per_cjk_char(double v) { return tokens_per_cjk_char_ = v, *this; }
  /// Tokens that a message costs beside what it says; default 3.
  TokenEstimate& extra_tokens_per_message(double v) { return extra_tokens_ = v, *this; }
  /// Tokens of an image; default 85.
  TokenEstimate& tokens_per_image(double v) { return tokens_per_image_ = v, *this; }
  /// Whether the names of speakers count; default true.
  TokenEstimate& count_name(bool v) { return count_name_ = v, *this; }
  /// The tools that go along with the messages, as JSON; default none.
  TokenEstimate& tools(Json v) { return tools_ = std::move(v), *this; }

  double chars_per_token() const noexcept { return chars_per_token_; }
  double tokens_per_cjk_char() const noexcept { return tokens_per_cjk_char_; }
  double extra_tokens_per_message() const noexcept { return extra_tokens_; }
  double tokens_per_image() const noexcept { return tokens_per_image_; }
  bool count_name() const noexcept { return count_name_; }
  const Json& tools() const noexcept { return tools_; }

 private:
  double chars_per_token_ = 4, tokens_per_cjk_char_ = 1, extra_tokens_ = 3, tokens_per_image_ = 85;
  bool count_name_ = true;
  Json tools_;
};

/// About how many tokens the messages are to a model, without asking one (LangChain's
/// count_tokens_approximately): of each message its text, role, name, tool calls and the ids that
/// tool results answer, four code points to a token and rounded up, and three tokens more. Other
/// than there a Chinese, Japanese or Korean character counts as a token of its own. Throws
/// Error{config} for a setting that is not positive.
LIAN_API std::int64_t count_tokens_approximately(const Messages& messages,
                                                 const TokenEstimate& estimate = TokenEstimate());

/// Counts tokens: approximately, or by a function of a program's own that takes `const Messages&`
/// or, called for each, `const Message&`. It is called from any thread. A model's own count is
/// `[model](const Messages& m) { return model.count_tokens(m); }`: one request a call, and trimming
/// calls it several times. Cheap to copy; thread-safe as the function is.
class LIAN_API TokenCounter {
 public:
  /// Approximately.
  TokenCounter() = default;
  TokenCounter(TokenEstimate estimate);
  template <class F>
  requires(!std::is_same_v<F, TokenCounter> &&
           std::is_invocable_r_v<std::int64_t, const F&, const Messages&>) TokenCounter(F function)
      : whole_(std::make_shared<const Whole>(std::move(function))) {}
  template <class F>
  requires(std::is_invocable_r_v<std::int64_t, const F&, const Message&> &&
           !std::is_invocable_r_v<std::int64_t, const F&, const Messages&>) TokenCounter(F function)
      : each_(std::make_shared<const Each>(std::move(function))) {}

  std::int64_t operator()(const Messages& messages) const;
  /// Of the messages from `begin` up to `end`.
  std::int64_t operator()(const Message* begin, const Message* end) const;

 private:
  using Whole = Function<std::int64_t(const Messages&) const>;
  using Each = Function<std::int64_t(const Message&) const>;
  std::shared_ptr<const Whole> whole_;
  std::shared_ptr<const Each> each_;
};

}  // namespace v0
}  // namespace lian
