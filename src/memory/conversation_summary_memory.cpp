#include "lian/memory/conversation_summary_memory.hpp"

#include <algorithm>
#include <mutex>
#include <string_view>

#include "lian/core/async_mutex.hpp"
#include "lian/core/error.hpp"
#include "lian/core/runtime.hpp"
#include "memory/tool_pairs.hpp"
#include "memory/turn_messages.hpp"

namespace lian {
inline namespace v0 {
namespace {

constexpr std::string_view default_prompt =
    R"(You keep a running summary of a conversation. Add what the new lines say to the current summary and reply with the new summary alone. Keep names, numbers, wishes and decisions; leave nothing of the current summary out that still matters. Write in the language of the conversation.

EXAMPLE
Current summary:
Mei plans a trip to Lisbon in May. The AI suggests to go by train.

New lines of conversation:
Human: How long does the train take from Madrid?
AI: About ten hours, with two changes.

New summary:
Mei plans a trip to Lisbon in May. The AI suggests to go by train and says that it takes about ten hours from Madrid, with two changes.
END OF EXAMPLE

Current summary:
{summary}

New lines of conversation:
{new_lines}

New summary:)";

PromptTemplate checked(const std::optional<PromptTemplate>& given) {
  if (!given) return PromptTemplate(default_prompt);
  const std::vector<std::string> names = given->input_variables();
  if (names == std::vector<std::string>{"new_lines", "summary"}) return *given;
  throw Error(ErrorKind::config,
              "the prompt of a memory that summarises must use {summary} and {new_lines}, and "
              "nothing else");
}

}  // namespace

struct SummaryState {
  SummaryState(ChatModel model_in, ChatMessageHistory history_in, MemoryOptions options_in,
               const SummaryOptions& summary_in)
      : model(std::move(model_in)),
        history(std::move(history_in)),
        options(std::move(options_in)),
        prompt(checked(summary_in.prompt())),
        max_token_limit(summary_in.max_token_limit()),
        token_counter(summary_in.token_counter()),
        summary(summary_in.summary()) {}

  Summary now() const {
    const std::lock_guard lock(mutex);
    return summary;
  }
  void set(Summary next) {
    const std::lock_guard lock(mutex);
    summary = std::move(next);
  }
  void forget(const Summary& known) {
    const std::lock_guard lock(mutex);
    if (summary == known) summary = Summary();
  }

  const ChatModel model;
  const ChatMessageHistory history;
  const MemoryOptions options;
  const PromptTemplate prompt;
  const std::int64_t max_token_limit;
  const TokenCounter token_counter;
  const AsyncMutex folding;  // one at a time continues the summary

 private:
  mutable std::mutex mutex;
  Summary summary;
};

namespace {

using State = std::shared_ptr<SummaryState>;

// What the history holds behind the summary. A history with less than was summarised is a new one.
struct Pending {
  Pending() = default;
  Summary summary;
  Messages messages;
};

Task<Pending> read_pending(State state, Context context) {
  Pending pending;
  pending.summary = state->now();
  Task<std::size_t> counting = state->history.asize(context);
  const std::size_t size = co_await std::move(counting);
  if (size < pending.summary.messages) pending.summary = Summary();
  const HistoryPage page = HistoryPage().offset(pending.summary.messages);
  Task<Messages> reading = state->history.amessages(page, std::move(context));
  Messages messages = co_await std::move(reading);
  pending.messages = std::move(messages);
  co_return pending;
}

// The summary continued by the first `count` of the pending messages.
Task<> fold(State state, Pending pending, std::size_t count, Context context) {
  const auto end = pending.messages.begin() + static_cast<std::ptrdiff_t>(count);
  const Messages messages(pending.messages.begin(), end);
  const std::string lines =
      buffer_string(messages, state->options.human_prefix(), state->options.ai_prefix());
  const Values asked = values("summary", pending.summary.text, "new_lines", lines);
  ChatInput input(state->prompt.format(asked));
  Task<AIMessage> asking = state->model.ainvoke(std::move(input), std::move(context));
  const AIMessage reply = co_await std::move(asking);
  std::string text = reply.text();
  if (text.find_first_not_of(" \t\r\n") == text.npos)
    throw Error(ErrorKind::validation, "the model that was to summarise gave no text");
  state->set(Summary(std::move(text), pending.summary.messages + count));
}

Task<> summarize_all(State state, std::size_t step, Context context) {
  auto acquire = state->folding.lock();
  const AsyncMutex::Guard guard = co_await acquire;
  while (true) {
    Task<Pending> reading = read_pending(state, context);
    Pending pending = co_await std::move(reading);
    if (pending.messages.empty()) co_return;
    const std::size_t count =
        step == 0 ? pending.messages.size() : std::min(step, pending.messages.size());
    Task<> folding = fold(state, std::move(pending), count, context);
    co_await std::move(folding);
  }
}

// How many of the oldest messages have to go for the others to fit.
std::size_t surplus(const Messages& messages, const SummaryState& state) {
  const Message* const begin = messages.data();
  const Message* const end = begin + messages.size();
  std::size_t low = 0, high = messages.size();
  while (low < high) {
    const std::size_t middle = low + (high - low) / 2;
    if (state.token_counter(begin + middle, end) <= state.max_token_limit)
      high = middle;
    else
      low = middle + 1;
  }
  return whole_from(messages, low);
}

Task<> prune_surplus(State state, Context context) {
  auto acquire = state->folding.lock();
  const AsyncMutex::Guard guard = co_await acquire;
  Task<Pending> reading = read_pending(state, context);
  Pending pending = co_await std::move(reading);
  const std::size_t count = surplus(pending.messages, *state);
  if (count == 0) co_return;
  Task<> folding = fold(state, std::move(pending), count, std::move(context));
  co_await std::move(folding);
}

// A history that somebody has cleared is noticed before it is as long as before.
Task<> notice_clearing(State state, Context context) {
  const Summary known = state->now();
  Task<std::size_t> counting = state->history.asize(std::move(context));
  const std::size_t size = co_await std::move(counting);
  if (size < known.messages) state->forget(known);
}

Task<> add_turn(State state, Values inputs, Values outputs, Context context) {
  Messages turn = turn_messages(state->options, inputs, outputs, context);
  Task<> noticing = notice_clearing(state, context);
  co_await std::move(noticing);
  Task<> adding = state->history.aadd_messages(std::move(turn), std::move(context));
  co_await std::move(adding);
}

Task<> save_and_summarize(State state, Values inputs, Values outputs, Context context) {
  Task<> adding = add_turn(state, std::move(inputs), std::move(outputs), context);
  co_await std::move(adding);
  Task<> summarizing = summarize_all(state, 0, std::move(context));
  co_await std::move(summarizing);
}

Task<> save_and_prune(State state, Values inputs, Values outputs, Context context) {
  Task<> adding = add_turn(state, std::move(inputs), std::move(outputs), context);
  co_await std::move(adding);
  Task<> pruning = prune_surplus(state, std::move(context));
  co_await std::move(pruning);
}

Messages with_summary(Pending pending) {
  Messages all;
  if (!pending.summary.text.empty()) all.push_back(system(pending.summary.text));
  const Messages rest = without_orphans(std::move(pending.messages));
  all.insert(all.end(), rest.begin(), rest.end());
  return all;
}

Task<Values> load_summary(State state, Context context) {
  Task<Pending> reading = read_pending(state, std::move(context));
  Pending pending = co_await std::move(reading);
  if (state->options.return_messages())
    co_return shown(state->options, with_summary(std::move(pending)));
  std::string text = pending.summary.text;
  if (!text.empty() && !pending.messages.empty()) text += '\n';
  text +=
      buffer_string(pending.messages, state->options.human_prefix(), state->options.ai_prefix());
  Values out;
  out.set(state->options.memory_key(), Value(std::move(text)));
  co_return out;
}

Task<Values> load_buffer(State state, Context context) {
  Task<Pending> reading = read_pending(state, std::move(context));
  Pending pending = co_await std::move(reading);
  co_return shown(state->options, with_summary(std::move(pending)));
}

Task<> forget_all(State state, Context context) {
  auto acquire = state->folding.lock();
  const AsyncMutex::Guard guard = co_await acquire;
  Task<> clearing = state->history.aclear(std::move(context));
  co_await std::move(clearing);
  state->set(Summary());
}

}  // namespace

ConversationSummaryMemory::ConversationSummaryMemory(ChatModel model, ChatMessageHistory history,
                                                     MemoryOptions options, SummaryOptions summary)
    : state_(std::make_shared<SummaryState>(std::move(model), std::move(history),
                                            std::move(options), summary)) {}
ConversationSummaryMemory::~ConversationSummaryMemory() = default;

std::vector<std::string> ConversationSummaryMemory::memory_variables() const {
  return {state_->options.memory_key()};
}
const ChatMessageHistory& ConversationSummaryMemory::chat_memory() const noexcept {
  return state_->history;
}
Summary ConversationSummaryMemory::summary() const { return state_->now(); }

void ConversationSummaryMemory::summarize(std::size_t step, Context context) {
  Runtime& runtime = context.runtime();
  block_on(asummarize(step, std::move(context)), runtime);
}
Task<> ConversationSummaryMemory::asummarize(std::size_t step, Context context) {
  return summarize_all(state_, step, std::move(context));
}
Task<Values> ConversationSummaryMemory::load(Values, Context context) const {
  return load_summary(state_, std::move(context));
}
Task<> ConversationSummaryMemory::save(Values inputs, Values outputs, Context context) {
  return save_and_summarize(state_, std::move(inputs), std::move(outputs), std::move(context));
}
Task<> ConversationSummaryMemory::forget(Context context) {
  return forget_all(state_, std::move(context));
}

ConversationSummaryBufferMemory::ConversationSummaryBufferMemory(ChatModel model,
                                                                 ChatMessageHistory history,
                                                                 MemoryOptions options,
                                                                 SummaryOptions summary)
    : state_(std::make_shared<SummaryState>(std::move(model), std::move(history),
                                            std::move(options), summary)) {}
ConversationSummaryBufferMemory::~ConversationSummaryBufferMemory() = default;

std::vector<std::string> ConversationSummaryBufferMemory::memory_variables() const {
  return {state_->options.memory_key()};
}
const ChatMessageHistory& ConversationSummaryBufferMemory::chat_memory() const noexcept {
  return state_->history;
}
Summary ConversationSummaryBufferMemory::summary() const { return state_->now(); }

void ConversationSummaryBufferMemory::prune(Context context) {
  Runtime& runtime = context.runtime();
  block_on(aprune(std::move(context)), runtime);
}
Task<> ConversationSummaryBufferMemory::aprune(Context context) {
  return prune_surplus(state_, std::move(context));
}
Task<Values> ConversationSummaryBufferMemory::load(Values, Context context) const {
  return load_buffer(state_, std::move(context));
}
Task<> ConversationSummaryBufferMemory::save(Values inputs, Values outputs, Context context) {
  return save_and_prune(state_, std::move(inputs), std::move(outputs), std::move(context));
}
Task<> ConversationSummaryBufferMemory::forget(Context context) {
  return forget_all(state_, std::move(context));
}

}  // namespace v0
}  // namespace lian
