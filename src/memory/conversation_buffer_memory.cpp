#include "lian/memory/conversation_buffer_memory.hpp"

#include <utility>

#include "lian/memory/trim_messages.hpp"
#include "memory/turn_messages.hpp"

namespace lian {
inline namespace v0 {
namespace {

constexpr std::size_t first_page = 64;

std::vector<std::string> key_of(const MemoryOptions& options) { return {options.memory_key()}; }

Task<> save_turn(ChatMessageHistory history, MemoryOptions options, Values inputs, Values outputs,
                 Context context) {
  Messages turn = turn_messages(options, inputs, outputs, context);
  Task<> adding = history.aadd_messages(std::move(turn), std::move(context));
  co_await std::move(adding);
}

Task<Values> load_page(ChatMessageHistory history, MemoryOptions options, HistoryPage page,
                       Context context) {
  Task<Messages> reading = history.amessages(page, std::move(context));
  Messages messages = co_await std::move(reading);
  if (page.newest()) messages = without_orphans(std::move(messages));
  co_return shown(options, std::move(messages));
}

// Reads backwards as far as the limit reaches.
Task<Values> load_tokens(ChatMessageHistory history, MemoryOptions options, std::int64_t limit,
                         TokenCounter counter, Context context) {
  Messages messages;
  for (std::size_t size = first_page;; size *= 2) {
    const HistoryPage page = HistoryPage().newest(true).limit(size);
    Task<Messages> reading = history.amessages(page, context);
    messages = co_await std::move(reading);
    if (messages.size() < size || counter(messages) > limit) break;
  }
  TrimOptions fitting(limit);
  fitting.token_counter(std::move(counter));
  messages = trim_messages(std::move(messages), fitting);
  messages = without_orphans(std::move(messages));
  co_return shown(options, std::move(messages));
}

}  // namespace

ConversationBufferMemory::ConversationBufferMemory(ChatMessageHistory history,
                                                   MemoryOptions options)
    : history_(std::move(history)), options_(std::move(options)) {}

std::vector<std::string> ConversationBufferMemory::memory_variables() const {
  return key_of(options_);
}

Task<Values> ConversationBufferMemory::load(Values, Context context) const {
  return load_page(history_, options_, HistoryPage(), std::move(context));
}

Task<> ConversationBufferMemory::save(Values inputs, Values outputs, Context context) {
  return save_turn(history_, options_, std::move(inputs), std::move(outputs), std::move(context));
}

Task<> ConversationBufferMemory::forget(Context context) {
  return history_.aclear(std::move(context));
}

ConversationBufferWindowMemory::ConversationBufferWindowMemory(int k, ChatMessageHistory history,
                                                               MemoryOptions options)
    : k_(k), history_(std::move(history)), options_(std::move(options)) {}

std::vector<std::string> ConversationBufferWindowMemory::memory_variables() const {
  return key_of(options_);
}

Task<Values> ConversationBufferWindowMemory::load(Values, Context context) const {
  const std::size_t size = k_ > 0 ? 2 * static_cast<std::size_t>(k_) : 0;
  const HistoryPage last = HistoryPage().newest(true).limit(size);
  return load_page(history_, options_, last, std::move(context));
}

Task<> ConversationBufferWindowMemory::save(Values inputs, Values outputs, Context context) {
  return save_turn(history_, options_, std::move(inputs), std::move(outputs), std::move(context));
}

Task<> ConversationBufferWindowMemory::forget(Context context) {
  return history_.aclear(std::move(context));
}

ConversationTokenBufferMemory::ConversationTokenBufferMemory(std::int64_t max_token_limit,
                                                             ChatMessageHistory history,
                                                             MemoryOptions options,
                                                             TokenCounter token_counter)
    : max_token_limit_(max_token_limit),
      history_(std::move(history)),
      options_(std::move(options)),
      token_counter_(std::move(token_counter)) {}

std::vector<std::string> ConversationTokenBufferMemory::memory_variables() const {
  return key_of(options_);
}

Task<Values> ConversationTokenBufferMemory::load(Values, Context context) const {
  return load_tokens(history_, options_, max_token_limit_, token_counter_, std::move(context));
}

Task<> ConversationTokenBufferMemory::save(Values inputs, Values outputs, Context context) {
  return save_turn(history_, options_, std::move(inputs), std::move(outputs), std::move(context));
}

Task<> ConversationTokenBufferMemory::forget(Context context) {
  return history_.aclear(std::move(context));
}

}  // namespace v0
}  // namespace lian
