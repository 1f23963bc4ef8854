#pragma once

#include <cstdint>
#include <string>

#include "lian/core/event.hpp"

namespace lian {
inline namespace v0 {

template <class T>
class Task;

/// An event that a run is about to tell: of a start the caller's run, the step's kind and name and
/// the input as text; of any other the run's own id.
struct LIAN_API RunTurn {
  RunTurn(EventType turn_type, RunId turn_run) : type(turn_type), run(turn_run) {}
  EventType type;
  RunId run;
  StepKind kind = StepKind::chain;
  std::string name, input;
};

/// Where runs get their ids, times and random numbers from, and the order of their events, when
/// that is not the process itself: a recording (lian/testing/recording.hpp). Thread-safe.
class LIAN_API RunSource {
 public:
  virtual ~RunSource();
  /// The id of a run that starts; `start` is as RunTurn says.
  virtual RunId open(const RunTurn& start) = 0;
  /// Fills in `event.time_us`; called once an event, before the handlers.
  virtual void stamp(Event& event) = 0;
  /// 64 random bits for that run, `fresh` when it has none of its own.
  virtual std::uint64_t random(RunId run, std::uint64_t fresh) = 0;
  /// Whether `turn` is to be awaited before a run starts, gives a piece, ends or fails.
  virtual bool ordered() const noexcept = 0;
  /// Done when it is that event's turn. Throws Error{cancelled or timeout} when its scope is ended.
  virtual Task<void> turn(RunTurn next) = 0;
};

}  // namespace v0
}  // namespace lian
