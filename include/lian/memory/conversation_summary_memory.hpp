#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "lian/memory/chat_message_history.hpp"
#include "lian/memory/memory.hpp"
#include "lian/memory/token_counter.hpp"
#include "lian/model/chat_model.hpp"
#include "lian/model/prompt.hpp"

namespace lian {
inline namespace v0 {

/// What a summary says, and of how many messages from the history's beginning.
struct Summary {
  Summary() = default;
  Summary(std::string text_in, std::size_t messages_in)
      : text(std::move(text_in)), messages(messages_in) {}
  std::string text;
  std::size_t messages = 0;
  friend bool operator==(const Summary&, const Summary&) = default;
};

/// Settings of the memories that summarise; chained setters. Regular value.
class LIAN_API SummaryOptions {
 public:
  SummaryOptions() = default;
  /// What the model is asked; must use {summary} and {new_lines}. Default: in English, to continue
  /// the summary in the conversation's language.
  SummaryOptions& prompt(PromptTemplate v) { return prompt_ = std::move(v), *this; }
  /// Where to go on from, as an earlier run of the program left it; default: nothing summarised.
  SummaryOptions& summary(Summary v) { return summary_ = std::move(v), *this; }
  /// Of ConversationSummaryBufferMemory: how many tokens of messages stay as they are; default
  /// 2000.
  SummaryOptions& max_token_limit(std::int64_t v) { return max_token_limit_ = v, *this; }
  /// Of ConversationSummaryBufferMemory: default approximately.
  SummaryOptions& token_counter(TokenCounter v) { return token_counter_ = std::move(v), *this; }

  const std::optional<PromptTemplate>& prompt() const noexcept { return prompt_; }
  const Summary& summary() const noexcept { return summary_; }
  std::int64_t max_token_limit() const noexcept { return max_token_limit_; }
  const TokenCounter& token_counter() const noexcept { return token_counter_; }

 private:
  std::optional<PromptTemplate> prompt_;
  Summary summary_;
  std::int64_t max_token_limit_ = 2000;
  TokenCounter token_counter_;
};

/// Remembers a summary, which a model continues after each turn. When the model fails,
/// `save_context` throws what it throws, but the messages are in the history already (do not save
/// them again): they are shown as they are behind the summary, and the next save takes them in.
/// The history keeps all messages.
class LIAN_API ConversationSummaryMemory final : public Memory {
 public:
  /// Throws Error{config} for a prompt without {summary} or {new_lines}.
  explicit ConversationSummaryMemory(ChatModel model,
                                     ChatMessageHistory history = ChatMessageHistory(),
                                     MemoryOptions options = MemoryOptions(),
                                     SummaryOptions summary = SummaryOptions());
  ~ConversationSummaryMemory() override;

  std::vector<std::string> memory_variables() const override;
  const ChatMessageHistory& chat_memory() const noexcept;
  Summary summary() const;
  /// Takes in what the history holds and the summary does not, `step` messages a call of the model
  /// (LangChain's from_messages).
  void summarize(std::size_t step = 2, Context context = Context());
  Task<> asummarize(std::size_t step = 2, Context context = Context());

 private:
  Task<Values> load(Values inputs, Context context) const override;
  Task<> save(Values inputs, Values outputs, Context context) override;
  Task<> forget(Context context) override;
  std::shared_ptr<struct SummaryState> state_;
};

/// Remembers the newest messages as they are, up to a number of tokens, and a summary of those
/// before, shown as a message of the system's in front. After a save that brings the messages above
/// the limit the oldest are taken into the summary by one call of the model; tool calls and their
/// results go together. When the model fails: as ConversationSummaryMemory.
class LIAN_API ConversationSummaryBufferMemory final : public Memory {
 public:
  /// Throws Error{config} for a prompt without {summary} or {new_lines}.
  explicit ConversationSummaryBufferMemory(ChatModel model,
                                           ChatMessageHistory history = ChatMessageHistory(),
                                           MemoryOptions options = MemoryOptions(),
                                           SummaryOptions summary = SummaryOptions());
  ~ConversationSummaryBufferMemory() override;

  std::vector<std::string> memory_variables() const override;
  const ChatMessageHistory& chat_memory() const noexcept;
  std::string moving_summary_buffer() const { return summary().text; }
  Summary summary() const;
  /// Takes the oldest messages into the summary until the others fit.
  void prune(Context context = Context());
  Task<> aprune(Context context = Context());

 private:
  Task<Values> load(Values inputs, Context context) const override;
  Task<> save(Values inputs, Values outputs, Context context) override;
  Task<> forget(Context context) override;
  std::shared_ptr<struct SummaryState> state_;
};

}  // namespace v0
}  // namespace lian
