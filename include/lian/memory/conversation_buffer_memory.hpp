#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "lian/memory/chat_message_history.hpp"
#include "lian/memory/memory.hpp"
#include "lian/memory/token_counter.hpp"

namespace lian {
inline namespace v0 {

/// Remembers the whole conversation, as text "Human: …\nAI: …" or as messages.
class LIAN_API ConversationBufferMemory final : public Memory {
 public:
  explicit ConversationBufferMemory(ChatMessageHistory history = ChatMessageHistory(),
                                    MemoryOptions options = MemoryOptions());
  std::vector<std::string> memory_variables() const override;
  const ChatMessageHistory& chat_memory() const noexcept { return history_; }

 private:
  Task<Values> load(Values inputs, Context context) const override;
  Task<> save(Values inputs, Values outputs, Context context) override;
  Task<> forget(Context context) override;
  ChatMessageHistory history_;
  MemoryOptions options_;
};

/// Remembers the last turns: the last 2 k messages, without tool results whose call lies before
/// them. The history keeps all.
class LIAN_API ConversationBufferWindowMemory final : public Memory {
 public:
  /// `k` of 0 or below shows nothing.
  explicit ConversationBufferWindowMemory(int k = 5,
                                          ChatMessageHistory history = ChatMessageHistory(),
                                          MemoryOptions options = MemoryOptions());
  std::vector<std::string> memory_variables() const override;
  const ChatMessageHistory& chat_memory() const noexcept { return history_; }

 private:
  Task<Values> load(Values inputs, Context context) const override;
  Task<> save(Values inputs, Values outputs, Context context) override;
  Task<> forget(Context context) override;
  int k_;
  ChatMessageHistory history_;
  MemoryOptions options_;
};

/// Remembers the newest messages that fit into a number of tokens; tool calls and their results
/// stay together. The history keeps all.
class LIAN_API ConversationTokenBufferMemory final : public Memory {
 public:
  explicit ConversationTokenBufferMemory(std::int64_t max_token_limit = 2000,
                                         ChatMessageHistory history = ChatMessageHistory(),
                                         MemoryOptions options = MemoryOptions(),
                                         TokenCounter token_counter = TokenCounter());
  std::vector<std::string> memory_variables() const override;
  const ChatMessageHistory& chat_memory() const noexcept { return history_; }

 private:
  Task<Values> load(Values inputs, Context context) const override;
  Task<> save(Values inputs, Values outputs, Context context) override;
  Task<> forget(Context context) override;
  std::int64_t max_token_limit_;
  ChatMessageHistory history_;
  MemoryOptions options_;
  TokenCounter token_counter_;
};

}  // namespace v0
}  // namespace lian
