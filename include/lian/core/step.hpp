#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "lian/core/context.hpp"
#include "lian/core/coroutine_warnings.hpp"
#include "lian/core/pieces.hpp"
#include "lian/core/stream.hpp"
#include "lian/core/task.hpp"

LIAN_COROUTINES_BEGIN

namespace lian {
inline namespace v0 {

/// One line of `describe(chain)`.
struct StepInfo {
  StepInfo(std::string step_name, StepKind step_kind, bool step_streams, int step_depth)
      : name(std::move(step_name)), kind(step_kind), streams(step_streams), depth(step_depth) {}
  std::string name;
  StepKind kind;
  bool streams;  ///< hands pieces on as they come; false: waits for its whole input
  int depth;     ///< nesting, 0 for the steps of the chain itself
  /// Of the first step of a branch: the branch's name or condition; else "". Steps below another
  /// without such a name are what it runs inside itself.
  std::string branch;
};

/// What an implementer derives from. A step is shared and const: `run` may be called many times at
/// once, from several threads. The callers keep the step alive during a run.
template <class In, class Out>
class Step {
 public:
  Step() = default;
  Step(const Step&) = delete;
  Step& operator=(const Step&) = delete;
  virtual ~Step() = default;

  virtual Task<Out> run(In in, Context context) const = 0;
  /// Pieces in, pieces out. The default joins the input, runs, and emits the result as one piece.
  virtual Stream<Piece<Out>> transform(Stream<Piece<In>> in, Context context) const;
  /// Whether `transform` hands on pieces before its input ends; override together with it.
  virtual bool streams() const noexcept { return false; }
  /// Appears in error paths and events.
  virtual std::string name() const { return "step"; }
  virtual StepKind kind() const noexcept { return StepKind::function; }
  virtual void describe(std::vector<StepInfo>& lines, int depth) const {
    lines.emplace_back(name(), kind(), streams(), depth);
  }
  /// True for `a | b` and for what decorates a step: they show their parts instead of themselves.
  /// Called by a verb of a Runnable, such a step is a run of its own when its kind is `chain`.
  virtual bool is_sequence() const noexcept { return false; }
};

/// Joins a stream of pieces to the whole.
template <class T>
Task<T> join(Stream<Piece<T>> pieces) {
  std::optional<T> value;
  while (Piece<T>* piece = co_await pieces.next()) Pieces<T>::join(value, std::move(*piece));
  co_return Pieces<T>::finish(std::move(value));
}

namespace detail {

template <class T>
Stream<Piece<T>> split_stream(T value) {
  Piece<T> piece = Pieces<T>::split(std::move(value));
  co_yield piece;
}

inline bool is_ordered(const Context& context) noexcept {
  const RunSource* const source = context.run_source();
  return source != nullptr && source->ordered();
}

template <class In, class Out>
Task<Out> observed_run(const Step<In, Out>* step, std::string name, In in, Context context) {
  if (is_ordered(context)) {
    Task<void> turn = Run::turn_to_start(context, step->kind(), name, Payload(in));
    co_await std::move(turn);
  }
  Run run(context, step->kind(), std::move(name), Payload(in));
  std::exception_ptr failure;
  try {
    Task<Out> task = step->run(std::move(in), context);
    Out out = co_await std::move(task);
    if (run.ordered()) {
      Task<void> turn = run.turn(EventType::end);
      co_await std::move(turn);
    }
    run.end(Payload(out));
    co_return out;
  } catch (...) {
    failure = std::current_exception();
  }
  if (run.ordered()) {
    Task<void> turn = run.turn(EventType::error);
    co_await std::move(turn);
  }
  run.fail(failure);
  std::rethrow_exception(failure);
}

template <class In, class Out>
Stream<Piece<Out>> observed_transform(const Step<In, Out>* step, std::string name,
                                      Stream<Piece<In>> in, Context context) {
  std::optional<In> whole;
  if constexpr (Pieces<In>::whole) {
    Task<In> joining = join<In>(std::move(in));
    whole.emplace(co_await std::move(joining));
    in = split_stream<In>(*whole);
  }
  const Payload input = whole ? Payload(*whole) : Payload();
  if (is_ordered(context)) {
    Task<void> turn = Run::turn_to_start(context, step->kind(), name, input);
    co_await std::move(turn);
  }
  Run run(context, step->kind(), std::move(name), input);
  std::optional<Out> value;
  std::exception_ptr failure;
  try {
    Stream<Piece<Out>> out = step->transform(std::move(in), context);
    while (Piece<Out>* piece = co_await out.next()) {
      if (run.ordered()) {
        Task<void> turn = run.turn(EventType::piece);
        co_await std::move(turn);
      }
      run.piece(Payload(*piece));
      if constexpr (can_copy<Piece<Out>>::value) {
        Piece<Out> copy = *piece;
        Pieces<Out>::join(value, std::move(copy));
      }
      co_yield *piece;
    }
    std::optional<Out> result;
    if constexpr (can_copy<Piece<Out>>::value)
      result.emplace(Pieces<Out>::finish(std::move(value)));
    if (run.ordered()) {
      Task<void> turn = run.turn(EventType::end);
      co_await std::move(turn);
    }
    run.end(result ? Payload(*result) : Payload());
    co_return;
  } catch (...) {
    failure = std::current_exception();
  }
  if (run.ordered()) {
    Task<void> turn = run.turn(EventType::error);
    co_await std::move(turn);
  }
  run.fail(failure);
  std::rethrow_exception(failure);
}

/// Runs a step inside another, unless the run has ended; with events when somebody watches.
template <class In, class Out>
Task<Out> run_step(const Step<In, Out>& step, In in, Context context) {
  context.check();
  if (!context.observed() || step.is_sequence()) return step.run(std::move(in), std::move(context));
  return observed_run(&step, step.name(), std::move(in), std::move(context));
}

template <class In, class Out>
Stream<Piece<Out>> transform_step(const Step<In, Out>& step, Stream<Piece<In>> in,
                                  Context context) {
  context.check();
  if (!context.observed() || step.is_sequence())
    return step.transform(std::move(in), std::move(context));
  return observed_transform(&step, step.name(), std::move(in), std::move(context));
}

/// Whether a step is a run of its own when a verb calls it.
template <class In, class Out>
bool opens_run(const Step<In, Out>& step) {
  return !step.is_sequence() || step.kind() == StepKind::chain;
}

/// Runs a step that a verb was called on: as `run_step`, but a sequence, too, is a run with events.
template <class In, class Out>
Task<Out> run_root(const Step<In, Out>& step, In in, Context context) {
  context.check();
  if (context.observed() && opens_run(step))
    return observed_run(&step, step.name(), std::move(in), std::move(context));
  return step.run(std::move(in), std::move(context));
}

template <class In, class Out>
Stream<Piece<Out>> transform_root(const Step<In, Out>& step, Stream<Piece<In>> in,
                                  Context context) {
  context.check();
  if (context.observed() && opens_run(step))
    return observed_transform(&step, step.name(), std::move(in), std::move(context));
  return step.transform(std::move(in), std::move(context));
}

/// The lines of a step inside another one at `depth`, under the name of its branch.
template <class In, class Out>
void describe_branch(std::vector<StepInfo>& lines, const Step<In, Out>& step, int depth,
                     std::string branch) {
  const std::size_t first = lines.size();
  step.describe(lines, depth + 1);
  if (first < lines.size()) lines[first].branch = std::move(branch);
}

/// Adds the step's name to the error on its way out; sequences show their parts instead.
template <class In, class Out>
void name_error(Error& error, const Step<In, Out>& step) {
  if (!step.is_sequence()) error.add_step(step.name());
}

/// As `name_error` for the pieces of a step. `passes_on`: another step of the chain reads them.
template <class In, class Out>
Stream<Piece<Out>> labelled(const Step<In, Out>& step, Stream<Piece<Out>> pieces, bool passes_on) {
  if (!step.is_sequence()) {
    if (pieces.named()) pieces = forward_stream(std::move(pieces));
    pieces.label(
        [](const void* named, Error& error) {
          error.add_step(static_cast<const Step<In, Out>*>(named)->name());
        },
        &step);
  }
  pieces.pass_errors_on(passes_on);
  return pieces;
}

/// `run_step` for a step that stands inside another; errors get its name. The caller keeps it
/// alive.
template <class In, class Out>
Task<Out> run_inner(const Step<In, Out>* step, In in, Context context) {
  try {
    Task<Out> task = run_step(*step, std::move(in), std::move(context));
    co_return co_await std::move(task);
  } catch (Error& error) {
    name_error(error, *step);
    throw;
  }
}

/// As `run_inner`, pieces in, pieces out.
template <class In, class Out>
Stream<Piece<Out>> transform_inner(const Step<In, Out>& step, Stream<Piece<In>> in,
                                   Context context) {
  return labelled(step, transform_step(step, std::move(in), std::move(context)), false);
}

}  // namespace detail

template <class In, class Out>
Stream<Piece<Out>> Step<In, Out>::transform(Stream<Piece<In>> in, Context context) const {
  Task<In> joining = join<In>(std::move(in));
  In whole = co_await std::move(joining);
  Task<Out> running = run(std::move(whole), std::move(context));
  Out out = co_await std::move(running);
  Piece<Out> piece = Pieces<Out>::split(std::move(out));
  co_yield piece;
}

}  // namespace v0
}  // namespace lian

LIAN_COROUTINES_END
