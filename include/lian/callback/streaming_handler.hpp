#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lian/callback/callback_handler.hpp"
#include "lian/core/function.hpp"

namespace lian {
inline namespace v0 {

/// Writes the text of chat models as it comes (LangChain's StreamingStdOutCallbackHandler). Only
/// streamed runs have pieces. Thread-safe; models that stream at once are written as they come.
class LIAN_API StreamingHandler final : public CallbackHandler {
 public:
  using Write = Function<void(std::string_view text)>;
  /// To standard output, flushed at each piece.
  StreamingHandler();
  /// `write` is called under a lock.
  explicit StreamingHandler(Write write);
  ~StreamingHandler() override;
  void on_llm_new_token(std::string_view token, const Event& event) override;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Settings of a FinalAnswerStreamingHandler; chained setters. Regular value.
class LIAN_API FinalAnswerOptions {
 public:
  FinalAnswerOptions() = default;
  /// What stands before the answer. Default "Final", "Answer", ":".
  FinalAnswerOptions& answer_prefix_tokens(std::vector<std::string> v) {
    return prefix_ = std::move(v), *this;
  }
  /// White space around the prefix's tokens does not count. Default true.
  FinalAnswerOptions& strip_tokens(bool v) { return strip_ = v, *this; }
  /// Also writes the prefix. Default false.
  FinalAnswerOptions& stream_prefix(bool v) { return stream_prefix_ = v, *this; }

  const std::vector<std::string>& answer_prefix_tokens() const noexcept { return prefix_; }
  bool strip_tokens() const noexcept { return strip_; }
  bool stream_prefix() const noexcept { return stream_prefix_; }

 private:
  std::vector<std::string> prefix_ = {"Final", "Answer", ":"};
  bool strip_ = true, stream_prefix_ = false;
};

/// Writes only the final answer of an agent that thinks in text: what stands behind the prefix in
/// each streamed reply (LangChain's FinalStreamingStdOutCallbackHandler). The prefix is found
/// however the provider cuts the text. Thread-safe.
class LIAN_API FinalAnswerStreamingHandler final : public CallbackHandler {
 public:
  /// To standard output. Throws Error{config} when the prefix is empty.
  explicit FinalAnswerStreamingHandler(FinalAnswerOptions options = FinalAnswerOptions());
  FinalAnswerStreamingHandler(FinalAnswerOptions options, StreamingHandler::Write write);
  ~FinalAnswerStreamingHandler() override;
  void on_llm_start(const Event& event) override;
  void on_llm_new_token(std::string_view token, const Event& event) override;
  void on_llm_end(const Event& event) override;
  void on_llm_error(const Error& error, const Event& event) override;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace v0
}  // namespace lian
