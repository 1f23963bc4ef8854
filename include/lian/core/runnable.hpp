#pragma once

#include <concepts>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "lian/core/coroutine_warnings.hpp"
#include "lian/core/group.hpp"
#include "lian/core/piece_range.hpp"
#include "lian/core/result.hpp"
#include "lian/core/runtime.hpp"
#include "lian/core/step.hpp"

LIAN_COROUTINES_BEGIN

namespace lian {
inline namespace v0 {

namespace detail {

template <class In, class Out>
Task<Out> run_verb(std::shared_ptr<const Step<In, Out>> step, In in, Context context) {
  ContextScope::Enter enter(context);
  ContextScope scope = co_await enter;
  try {
    Task<Out> task = run_root(*step, std::move(in), std::move(context));
    co_return co_await std::move(task);
  } catch (Error& error) {
    name_error(error, *step);
    throw;
  }
}

template <class In, class Out>
Stream<Piece<Out>> enforced_stream(const Step<In, Out>* step, Stream<Piece<In>> in,
                                   Context context) {
  ContextScope::Enter enter(context);
  ContextScope scope = co_await enter;
  Stream<Piece<Out>> out =
      labelled(*step, transform_root(*step, std::move(in), std::move(context)), false);
  while (Piece<Out>* piece = co_await out.next()) co_yield *piece;
}

template <class In, class Out>
Stream<Piece<Out>> stream_verb(const std::shared_ptr<const Step<In, Out>>& step,
                               Stream<Piece<In>> in, Context context) {
  Stream<Piece<Out>> out =
      context.ends() ? enforced_stream(step.get(), std::move(in), std::move(context))
                     : labelled(*step, transform_root(*step, std::move(in), std::move(context)),
                                false);
  out.keep(step);
  return out;
}

// `next`, `inputs`, `outputs` and `group` live in the frame that owns the child.
template <class In, class Out>
GroupChild batch_worker(Group* group, std::shared_ptr<const Step<In, Out>> step,
                        std::vector<In>* inputs, std::vector<std::optional<Result<Out>>>* outputs,
                        std::size_t* next, Context context, bool stop_at_error) {
  while (*next < inputs->size() && !group->failed()) {
    const std::size_t index = (*next)++;
    std::exception_ptr error;
    try {
      Task<Out> task = run_verb(step, std::move((*inputs)[index]), context);
      (*outputs)[index].emplace(co_await std::move(task));
    } catch (...) {
      error = std::current_exception();
    }
    if (!error) continue;
    if (stop_at_error) group->fail(error);
    (*outputs)[index].emplace(error);
  }
}

template <class In, class Out>
Task<std::vector<Result<Out>>> batch_verb(std::shared_ptr<const Step<In, Out>> step,
                                          std::vector<In> inputs, Context context,
                                          bool stop_at_error) {
  ContextScope::Enter enter(context);
  ContextScope enforced = co_await enter;
  ChildScope child;
  ScopeRef scope = co_await child;
  std::vector<std::optional<Result<Out>>> outputs(inputs.size());
  std::size_t next = 0;
  Group group(std::move(scope));
  const auto workers =
      std::min(inputs.size(), static_cast<std::size_t>(context.concurrency()));
  for (std::size_t i = 0; i < workers; ++i)
    group.start(batch_worker(&group, step, &inputs, &outputs, &next, context, stop_at_error));
  co_await group.all();
  std::vector<Result<Out>> results;
  results.reserve(outputs.size());
  for (auto& output : outputs) results.push_back(std::move(*output));
  co_return results;
}

template <class In, class Out>
Task<std::vector<Out>> batch_all(std::shared_ptr<const Step<In, Out>> step, std::vector<In> inputs,
                                 Context context) {
  Task<std::vector<Result<Out>>> task =
      batch_verb(std::move(step), std::move(inputs), std::move(context), true);
  std::vector<Result<Out>> results = co_await std::move(task);
  std::vector<Out> out;
  out.reserve(results.size());
  for (auto& result : results) out.push_back(std::move(result).value());
  co_return out;
}

}  // namespace detail

class RetryOptions;
class FallbackOptions;
class RunnableConfig;
class RunEvent;
class EventFilter;

/// What users hold: a cheap handle to a shared step, with every verb. Thread-safe.
///
/// The blocking verbs (`invoke`, `stream`, `batch`, `try_batch`) lease a loop and drive it on the
/// calling thread; the `a…` verbs give what a coroutine awaits. Both throw what the steps throw,
/// with the step path in front, and Error{cancelled} or Error{timeout} as the context says.
template <class InT, class OutT>
class Runnable {
 public:
  using In = InT;
  using Out = OutT;

  explicit Runnable(std::shared_ptr<const Step<In, Out>> step) noexcept : step_(std::move(step)) {
    static_assert(std::is_copy_constructible_v<In>,
                  "lian: the input of a step must be copyable, because branches, retries and "
                  "fallbacks run on copies of it; take a std::shared_ptr to what cannot be copied");
  }

  Out invoke(In in, Context context = Context()) const {
    Runtime& runtime = context.runtime();
    return block_on(ainvoke(std::move(in), std::move(context)), runtime);
  }
  [[nodiscard]] Task<Out> ainvoke(In in, Context context = Context()) const {
    return detail::run_verb(step_, std::move(in), std::move(context));
  }
  /// The pieces as they come: `for (std::string_view piece : chain.stream(question)) …`
  PieceRange<Piece<Out>> stream(In in, Context context = Context()) const {
    Runtime& runtime = context.runtime();
    return PieceRange<Piece<Out>>(astream(std::move(in), std::move(context)), runtime);
  }
  Stream<Piece<Out>> astream(In in, Context context = Context()) const {
    return atransform(detail::split_stream<In>(std::move(in)), std::move(context));
  }
  /// Pieces in, pieces out.
  Stream<Piece<Out>> atransform(Stream<Piece<In>> in, Context context = Context()) const {
    return detail::stream_verb(step_, std::move(in), std::move(context));
  }
  /// All inputs, `context.concurrency()` at once, results in order. The first error cancels the
  /// others, awaits them and is thrown.
  std::vector<Out> batch(std::vector<In> in, Context context = Context()) const {
    Runtime& runtime = context.runtime();
    return block_on(abatch(std::move(in), std::move(context)), runtime);
  }
  [[nodiscard]] Task<std::vector<Out>> abatch(std::vector<In> in,
                                              Context context = Context()) const {
    return detail::batch_all(step_, std::move(in), std::move(context));
  }
  /// As `batch`, but an error is the result of its input alone.
  std::vector<Result<Out>> try_batch(std::vector<In> in, Context context = Context()) const {
    Runtime& runtime = context.runtime();
    return block_on(atry_batch(std::move(in), std::move(context)), runtime);
  }
  [[nodiscard]] Task<std::vector<Result<Out>>> atry_batch(std::vector<In> in,
                                                          Context context = Context()) const {
    return detail::batch_verb(step_, std::move(in), std::move(context), false);
  }

  /// The step, run again when it fails: at most `options.stop_after_attempt()` times. Within an
  /// attempt a model makes one request, so that this is also how many it makes in all; inside of
  /// another `with_retry` it makes one attempt. Every retry is an event. Streams: only before the
  /// first piece.
  Runnable with_retry() const;
  Runnable with_retry(RetryOptions options) const;
  /// Each of `others` in order when this one fails. The error of the first is thrown when all fail.
  /// Streams: only before the first piece.
  Runnable with_fallbacks(std::vector<Runnable> others) const;
  Runnable with_fallbacks(std::vector<Runnable> others, FallbackOptions options) const;
  /// Ends each run with Error{timeout} after that time, tries and waits included.
  Runnable with_timeout(std::chrono::nanoseconds limit) const;
  /// The step with a name, tags, metadata and handlers that each of its runs has.
  Runnable with_config(RunnableConfig config) const;
  /// A step from lists to lists: this one for each element, `context.concurrency()` at once, results
  /// in order. The first error cancels the others, awaits them and is thrown.
  Runnable<std::vector<In>, std::vector<Out>> map() const;

  /// Runs the step, streaming, and gives the events of the run and of everything below it as they
  /// come; the output is in the last one. What the step throws is thrown behind its error event.
  /// Handlers of `context` see the events as well. Dropped half-read, it ends the run.
  Stream<RunEvent> astream_events(In in, Context context = Context()) const;
  Stream<RunEvent> astream_events(In in, Context context, EventFilter filter) const;
  PieceRange<RunEvent> stream_events(In in, Context context = Context()) const;
  PieceRange<RunEvent> stream_events(In in, Context context, EventFilter filter) const;

  std::string name() const { return step_->name(); }
  const std::shared_ptr<const Step<In, Out>>& step() const noexcept { return step_; }

 protected:
  std::shared_ptr<const Step<In, Out>> step_;
};

namespace detail {

template <class In, class Out>
Runnable<In, Out> runnable_of(const Runnable<In, Out>& runnable) noexcept {
  return runnable;
}

}  // namespace detail

/// Whether T is a Runnable or a handle derived from one.
template <class T>
concept StepHandle = requires(const std::remove_cvref_t<T>& t) { detail::runnable_of(t); };

namespace detail {
// What a wrong composition gives after its sentence was said: whatever it is put to says no more.
struct Broken {};
using BrokenRunnable = Runnable<Broken, Broken>;
inline BrokenRunnable broken() { return BrokenRunnable(nullptr); }
template <class T>
inline constexpr bool is_broken = std::is_same_v<std::remove_cvref_t<T>, BrokenRunnable>;
}  // namespace detail

template <class T>
using RunnableOf = decltype(detail::runnable_of(std::declval<const std::remove_cvref_t<T>&>()));

}  // namespace v0
}  // namespace lian

LIAN_COROUTINES_END

// The bodies of the verbs that make a step of this one.
#include "lian/core/fallbacks.hpp"
#include "lian/core/map.hpp"
#include "lian/core/retry.hpp"
#include "lian/core/run_config.hpp"
#include "lian/core/run_event.hpp"
