#pragma once

#include <chrono>
#include <coroutine>
#include <exception>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "lian/core/event.hpp"
#include "lian/core/loop.hpp"
#include "lian/core/run_source.hpp"

namespace lian {
inline namespace v0 {

class Runtime;

/// What flows down through every nested step: stop token, deadline, handlers, tags, metadata,
/// concurrency and remaining tries. Cheap to copy; each `with…` gives a changed copy. A Context made
/// inside a step's plain function (`Context()`, the default of every verb) inherits the context of
/// that step, so that nested blocking calls are cancelled, timed and traced with it. A coroutine
/// takes its context as a parameter and passes it on. Distinct copies may be used from distinct
/// threads.
class LIAN_API Context {
 public:
  Context();
  Context(const Context&) noexcept;
  Context(Context&&) noexcept;
  Context& operator=(const Context&) noexcept;
  Context& operator=(Context&&) noexcept;
  ~Context();
  /// A context that inherits nothing.
  static Context root();

  /// Ends the run with Error{cancelled} when a stop is requested, from any thread.
  Context with_stop(std::stop_token token) const;
  /// Ends the run with Error{timeout} at that time. An earlier deadline already set stays.
  Context with_deadline(Clock::time_point deadline) const;
  Context with_timeout(std::chrono::nanoseconds timeout) const;
  /// Adds a handler that sees the events of the run and of everything below it.
  Context with_handler(std::shared_ptr<Handler> handler) const;
  /// Adds a handler that sees only the run this context is given to, nothing below it (LangChain's
  /// local callbacks). A sequence `a | b` has no run of its own: there it sees each part's.
  Context with_local_handler(std::shared_ptr<Handler> handler) const;
  Context with_tag(std::string tag) const;
  Context with_metadata(std::string_view name, Value value) const;
  /// How many runs `batch` keeps going at once; default 16.
  Context with_concurrency(int runs) const;
  /// The runtime whose loops and connections are used; default `Runtime::shared()`.
  Context with(Runtime& runtime) const;
  /// How many requests one model call may make; default 3. Set to 1 by `with_retry`.
  Context with_tries(int tries) const;
  /// Ids, times and order of runs from there; see lian/testing/recording.hpp.
  Context with_run_source(std::shared_ptr<RunSource> source) const;

  /// One step chosen by another deeper; throws LimitError beyond 25 (LangChain's recursion_limit).
  Context deeper() const;

  bool stop_requested() const noexcept;
  std::optional<Clock::time_point> deadline() const noexcept;
  int concurrency() const noexcept;
  int tries() const noexcept;
  Runtime& runtime() const;
  const std::vector<std::string>& tags() const noexcept;
  const Values& metadata() const noexcept;
  /// The run of the step this context was given to; 0 when nobody watches.
  RunId run_id() const noexcept;

  /// Null unless set.
  RunSource* run_source() const noexcept;

  /// Whether any handler or run source watches. Steps skip all work for events when none does.
  bool observed() const noexcept;
  /// Whether a stop token or a deadline can end the run.
  bool ends() const noexcept;
  /// Throws Error{cancelled} or Error{timeout} when the run is to end.
  void check() const;
  /// Tells the handlers something worth a line, e.g. a mapped setting or a repaired reply.
  void warn(std::string_view step, std::string_view message) const;
  /// Gives an event to every handler; fills in ids, time, tags and metadata.
  void emit(Event event) const;

  struct State;

 private:
  friend class ContextScope;
  friend class AmbientContext;
  friend class Run;
  explicit Context(std::shared_ptr<const State> state) noexcept;
  State& edit();
  void give(Handler& handler, const Event& event) const;
  std::shared_ptr<const State> state_;
};

/// While it lives, contexts made on this thread inherit from `context`.
class LIAN_API AmbientContext {
 public:
  explicit AmbientContext(const Context& context) noexcept;
  ~AmbientContext();
  AmbientContext(const AmbientContext&) = delete;
  AmbientContext& operator=(const AmbientContext&) = delete;

 private:
  const Context* outer_;
};

/// One observed run: tells start when made; the owner tells pieces, end or error. Destroyed before
/// that, because its result is not wanted any more, it tells an error of kind cancelled. Not made
/// when nobody watches.
class LIAN_API Run {
 public:
  Run(Context& context, StepKind kind, std::string name, Payload input);
  ~Run();
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;
  void piece(Payload piece) const;
  void end(Payload output);
  void fail(const std::exception_ptr& failure);
  /// Whether a turn is to be awaited before each event; see RunSource. Only replays say so.
  bool ordered() const noexcept;
  Task<void> turn(EventType next) const;
  static Task<void> turn_to_start(const Context& context, StepKind kind, std::string name,
                                  Payload input);

 private:
  void tell(EventType type, Payload data, const Error* error) const;
  Context context_;
  StepKind kind_;
  std::string name_;
  bool open_ = true;
};

/// Enforces a context's stop token and deadline on everything the coroutine awaits from then on; to
/// be kept until the coroutine ends: `ContextScope scope = co_await enter;` with
/// `auto enter = ContextScope::enter(context);`
class LIAN_API ContextScope {
 public:
  class LIAN_API Enter {
   public:
    explicit Enter(Context& context) noexcept : context_(&context) {}
    bool await_ready() const noexcept { return !context_->ends(); }
    template <class Promise>
      requires std::is_base_of_v<detail::PromiseBase, Promise>
    bool await_suspend(std::coroutine_handle<Promise> handle) {
      scope_ = open(handle.promise().scope);
      return false;
    }
    ContextScope await_resume() noexcept { return ContextScope(std::move(scope_)); }

   private:
    std::shared_ptr<void> open(detail::ScopeRef& scope);
    Context* context_;
    std::shared_ptr<void> scope_;
  };
  /// Marks `context` as enforced, so that steps below do not do it again. Does nothing where the
  /// coroutine already runs under the same enforcement.
  static Enter enter(Context& context) noexcept { return Enter(context); }

 private:
  explicit ContextScope(std::shared_ptr<void> scope) noexcept : scope_(std::move(scope)) {}
  std::shared_ptr<void> scope_;
};

}  // namespace v0
}  // namespace lian
