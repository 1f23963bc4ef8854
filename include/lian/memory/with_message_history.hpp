#pragma once

#include <concepts>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "lian/core/coroutine_warnings.hpp"
#include "lian/core/function.hpp"
#include "lian/core/runnable.hpp"
#include "lian/memory/chat_message_history.hpp"
#include "lian/model/chat_request.hpp"

LIAN_COROUTINES_BEGIN

namespace lian {
inline namespace v0 {

/// Settings of `with_message_history`; chained setters. Regular value.
class LIAN_API MessageHistoryOptions {
 public:
  MessageHistoryOptions() = default;
  /// Of Values: where the new message stands; default: the only one, else "input".
  MessageHistoryOptions& input_messages_key(std::string v) { return input_ = std::move(v), *this; }
  /// Of Values: where the reply stands; default: the only one, else "output".
  MessageHistoryOptions& output_messages_key(std::string v) {
    return output_ = std::move(v), *this;
  }
  /// Of Values: where the earlier messages go; default: in front of the new message, in its place.
  MessageHistoryOptions& history_messages_key(std::string v) {
    return history_ = std::move(v), *this;
  }
  /// The metadata of the Context that names the session; default "session_id".
  MessageHistoryOptions& session_key(std::string v) { return session_ = std::move(v), *this; }

  const std::string& input_messages_key() const noexcept { return input_; }
  const std::string& output_messages_key() const noexcept { return output_; }
  const std::string& history_messages_key() const noexcept { return history_; }
  const std::string& session_key() const noexcept { return session_; }

 private:
  std::string input_, output_, history_, session_ = "session_id";
};

/// Finds the history of a session by its name: a store's session of that name, one history for all
/// calls (no name needed), or what a function gives, `ChatMessageHistory(const std::string&)`,
/// called from any thread. Cheap to copy.
class LIAN_API SessionHistories {
 public:
  using Find = Function<ChatMessageHistory(const std::string&) const>;

  SessionHistories(ChatMessageHistory history);
  SessionHistories(std::shared_ptr<ChatHistoryStore> store);
  template <std::derived_from<ChatHistoryStore> Store>
  SessionHistories(std::shared_ptr<Store> store)
      : SessionHistories(std::shared_ptr<ChatHistoryStore>(std::move(store))) {}
  template <class F>
  requires std::is_invocable_r_v<ChatMessageHistory, const F&, const std::string&> SessionHistories(
      F find)
      : find_(std::make_shared<const Find>(std::move(find))) {}

  /// The history of the context's session. Throws Error{config} when it names none.
  ChatMessageHistory find(const Context& context, const std::string& session_key) const;

 private:
  std::optional<ChatMessageHistory> one_;
  std::shared_ptr<const Find> find_;
};

namespace detail {

/// One turn of a session, from what was said before to what is saved. Lives in the coroutine that
/// runs the turn.
class LIAN_API HistoryTurn {
 public:
  HistoryTurn(const SessionHistories& histories, const MessageHistoryOptions& options,
              Context context);
  HistoryTurn(const HistoryTurn&) = delete;
  HistoryTurn& operator=(const HistoryTurn&) = delete;
  ~HistoryTurn();

  /// Waits until no other turn of the session runs, and loads its messages.
  Task<> begin();
  /// The input with the session's messages; remembers what is new in it.
  ChatInput with_past(ChatInput in);
  Messages with_past(Messages in);
  Values with_past(Values in);
  /// What the run inside is given.
  const Context& context() const noexcept { return context_; }
  /// Saves what was new and the reply.
  Task<> save(const std::string& reply);
  Task<> save(const Message& reply);
  Task<> save(const Messages& reply);
  Task<> save(const Values& reply);

 private:
  bool within_itself() const;

  const MessageHistoryOptions& options_;
  Context context_;
  ChatMessageHistory history_;
  std::shared_ptr<const AsyncMutex> turn_;
  AsyncMutex::Guard guard_;
  Messages past_, fresh_;
};

template <class In>
inline constexpr bool takes_history =
    std::is_same_v<In, ChatInput> || std::is_same_v<In, Messages> || std::is_same_v<In, Values>;
template <class Out>
inline constexpr bool gives_reply =
    std::is_same_v<Out, std::string> || std::is_base_of_v<Message, Out> ||
    std::is_same_v<Out, Messages> || std::is_same_v<Out, Values>;

template <class In, class Out>
class HistoryStep final : public Step<In, Out> {
 public:
  HistoryStep(std::shared_ptr<const Step<In, Out>> step, SessionHistories histories,
              MessageHistoryOptions options)
      : step_(std::move(step)), histories_(std::move(histories)), options_(std::move(options)) {}

  Task<Out> run(In in, Context context) const override {
    HistoryTurn turn(histories_, options_, std::move(context));
    Task<> beginning = turn.begin();
    co_await std::move(beginning);
    Task<Out> running = run_inner(step_.get(), turn.with_past(std::move(in)), turn.context());
    Out out = co_await std::move(running);
    Task<> saving = turn.save(out);
    co_await std::move(saving);
    co_return out;
  }

  Stream<Piece<Out>> transform(Stream<Piece<In>> in, Context context) const override {
    Task<In> joining = join<In>(std::move(in));
    In whole = co_await std::move(joining);
    HistoryTurn turn(histories_, options_, std::move(context));
    Task<> beginning = turn.begin();
    co_await std::move(beginning);
    Stream<Piece<In>> asked = split_stream<In>(turn.with_past(std::move(whole)));
    Stream<Piece<Out>> pieces = transform_inner(*step_, std::move(asked), turn.context());
    std::optional<Out> value;
    while (Piece<Out>* piece = co_await pieces.next()) {
      Piece<Out> copy = *piece;
      Pieces<Out>::join(value, std::move(copy));
      co_yield *piece;
    }
    const Out out = Pieces<Out>::finish(std::move(value));
    Task<> saving = turn.save(out);
    co_await std::move(saving);
  }
  bool streams() const noexcept override { return step_->streams(); }
  std::string name() const override { return "with_message_history"; }
  StepKind kind() const noexcept override { return StepKind::chain; }
  void describe(std::vector<StepInfo>& lines, int depth) const override {
    lines.emplace_back(name(), kind(), streams(), depth);
    step_->describe(lines, depth + 1);
  }

 private:
  std::shared_ptr<const Step<In, Out>> step_;
  SessionHistories histories_;
  MessageHistoryOptions options_;
};

}  // namespace detail

/// The step with a memory of its sessions (LangChain's RunnableWithMessageHistory). Before a run
/// the session's messages are put to the input; after it, when it has succeeded or its stream has
/// ended, the new messages and the reply are added to the session, all or none. Which session is
/// said by the context of each call:
///
///     auto chat = with_message_history(prompt | model, store,
///                                      MessageHistoryOptions().history_messages_key("history"));
///     chat.invoke({{"input", "Hello"}}, Context().with_metadata("session_id", "anna"));
///
/// It takes ChatInput, Messages or Values and gives text, a message, messages or Values. A run that
/// fails, and a stream that fails or is dropped before its end, adds nothing.
///
/// Turns of one session that go through one store object run one after another, in the order in
/// which they were called: each sees all that those before it said. A turn that begins inside of
/// another of its session, as by a tool, does not wait. A turn of a stream ends with the stream:
/// who holds one half-read must not await another turn of its session in the same coroutine.
/// Between processes turns are not ordered, but what each adds stays together. Throws Error{config}
/// when the context names no session, Error{validation} for Values without what was asked for, and
/// what the history throws; thread-safe.
template <StepHandle R>
auto with_message_history(const R& runnable, SessionHistories histories,
                          MessageHistoryOptions options = MessageHistoryOptions()) {
  using In = typename RunnableOf<R>::In;
  using Out = typename RunnableOf<R>::Out;
  static_assert(detail::takes_history<In>,
                "lian: a step with a message history takes ChatInput, Messages or Values");
  static_assert(detail::gives_reply<Out>,
                "lian: a step with a message history gives text, a message, messages or Values");
  if constexpr (detail::takes_history<In> && detail::gives_reply<Out>)
    return Runnable<In, Out>(std::make_shared<detail::HistoryStep<In, Out>>(
        detail::runnable_of(runnable).step(), std::move(histories), std::move(options)));
  else
    return detail::broken();
}

}  // namespace v0
}  // namespace lian

LIAN_COROUTINES_END
