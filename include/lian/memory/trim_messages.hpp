#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "lian/core/function_step.hpp"
#include "lian/memory/token_counter.hpp"

namespace lian {
inline namespace v0 {

/// Which end of a conversation is kept.
enum class TrimStrategy { first, last };

/// Settings of `trim_messages`; chained setters. Regular value.
class LIAN_API TrimOptions {
 public:
  using TextSplitter = Function<std::vector<std::string>(const std::string&) const>;

  explicit TrimOptions(std::int64_t max_tokens) : max_tokens_(max_tokens) {}
  /// Default last: the newest messages are kept.
  TrimOptions& strategy(TrimStrategy v) { return strategy_ = v, *this; }
  /// Default: approximately.
  TrimOptions& token_counter(TokenCounter v) { return token_counter_ = std::move(v), *this; }
  /// Keeps of the message at the cut the parts that still fit, or else of its text; default false.
  TrimOptions& allow_partial(bool v) { return allow_partial_ = v, *this; }
  /// Keeps a system (or developer) message that stands first; with `last` only. Default false.
  TrimOptions& include_system(bool v) { return include_system_ = v, *this; }
  /// What is kept, but for the system message, begins with a message of one of these roles; with
  /// `last` only.
  TrimOptions& start_on(std::vector<Role> v) { return start_on_ = std::move(v), *this; }
  /// What is kept ends with a message of one of these roles. With `last`, what lies behind goes
  /// before anything is counted.
  TrimOptions& end_on(std::vector<Role> v) { return end_on_ = std::move(v), *this; }
  /// Cuts a text where it may be parted, so that the parts joined are the text; default: behind
  /// each line's end.
  TrimOptions& text_splitter(TextSplitter v) {
    return text_splitter_ = std::make_shared<const TextSplitter>(std::move(v)), *this;
  }

  std::int64_t max_tokens() const noexcept { return max_tokens_; }
  TrimStrategy strategy() const noexcept { return strategy_; }
  const TokenCounter& token_counter() const noexcept { return token_counter_; }
  bool allow_partial() const noexcept { return allow_partial_; }
  bool include_system() const noexcept { return include_system_; }
  const std::vector<Role>& start_on() const noexcept { return start_on_; }
  const std::vector<Role>& end_on() const noexcept { return end_on_; }
  std::vector<std::string> split(const std::string& text) const;

 private:
  std::int64_t max_tokens_;
  TrimStrategy strategy_ = TrimStrategy::last;
  TokenCounter token_counter_;
  bool allow_partial_ = false, include_system_ = false;
  std::vector<Role> start_on_, end_on_;
  std::shared_ptr<const TextSplitter> text_splitter_;
};

/// The messages that fit into a number of tokens (LangChain's trim_messages). The last ones, or the
/// first, whole unless parts are allowed. Other than there, a tool call and its results stay
/// together: when one of them is cut off, the others go, too, and a message that holds a call or a
/// result is never kept in part. Throws Error{config} for `start_on` or `include_system` with
/// `first`, and what the counter throws.
LIAN_API Messages trim_messages(Messages messages, const TrimOptions& options);
/// The same as a step: `prompt | trim_messages(TrimOptions(4000)) | model`.
LIAN_API Runnable<Messages, Messages> trim_messages(TrimOptions options);

}  // namespace v0
}  // namespace lian
