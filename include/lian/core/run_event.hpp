#pragma once

#include <cstdint>
#include <exception>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lian/core/channel.hpp"
#include "lian/core/coroutine_warnings.hpp"
#include "lian/core/group.hpp"
#include "lian/core/runnable.hpp"

LIAN_COROUTINES_BEGIN

namespace lian {
inline namespace v0 {

/// One event of `astream_events`, kept. Regular value.
class LIAN_API RunEvent {
 public:
  RunEvent() = default;
  std::string event;  ///< "on_chat_model_stream": what happened, in LangChain's words
  EventType type = EventType::custom;
  StepKind kind = StepKind::chain;
  std::string name;  ///< the step's name
  RunId run_id = 0;
  std::vector<RunId> parent_ids;  ///< root first
  std::vector<std::string> tags;
  Values metadata;
  std::int64_t time_us = 0;  ///< microseconds since the Unix epoch
  EventData data;            ///< _start: the input; _stream: the chunk; _end: the output; of custom
                             ///< events what the program gave; _action: the ToolCall
  std::exception_ptr error;  ///< _error and _retry: what went wrong
  std::string message;       ///< what the error, the warning or the custom event says
};

/// "on_" + the kind of step + "_start", "_stream", "_end" or "_error"; "on_retry", "on_warning",
/// "on_custom_event", "on_agent_action". The kind is "chain" for chains, functions and agents,
/// "llm" for text models, else as `to_string` says.
LIAN_API std::string event_name(EventType type, StepKind kind);

/// Chooses among events, as LangChain does: those that any `include_…` names, all where none is
/// set; less those that an `exclude_…` names. Types are kinds as in the events' names, e.g.
/// "chat_model". Chained setters. Regular value.
class LIAN_API EventFilter {
 public:
  using Words = std::vector<std::string>;
  EventFilter() = default;
  EventFilter& include_names(Words v) { return include_names_ = std::move(v), *this; }
  EventFilter& include_types(Words v) { return include_types_ = std::move(v), *this; }
  EventFilter& include_tags(Words v) { return include_tags_ = std::move(v), *this; }
  EventFilter& exclude_names(Words v) { return exclude_names_ = std::move(v), *this; }
  EventFilter& exclude_types(Words v) { return exclude_types_ = std::move(v), *this; }
  EventFilter& exclude_tags(Words v) { return exclude_tags_ = std::move(v), *this; }

  bool passes(const Event& event) const;

 private:
  Words include_names_, include_types_, include_tags_;
  Words exclude_names_, exclude_types_, exclude_tags_;
};

namespace detail {

inline constexpr std::size_t events_in_flight = 64;  // beyond which the run waits for its reader

/// Keeps the events that pass for a reader. Thread-safe.
class LIAN_API RunEventQueue final : public Handler {
 public:
  explicit RunEventQueue(EventFilter filter);
  ~RunEventQueue() override;
  void on_event(const Event& event) override;
  const Channel<RunEvent>& events() const noexcept { return events_; }

 private:
  struct Runs;
  EventFilter filter_;
  Channel<RunEvent> events_;
  std::unique_ptr<Runs> runs_;
};

// Reads the run's pieces for the sake of its events. `group` lives in the frame that owns the
// child.
template <class In, class Out>
GroupChild run_for_events(Group* group, std::shared_ptr<const Step<In, Out>> step, In in,
                          Context context, Channel<RunEvent> events) {
  try {
    Stream<Piece<Out>> pieces =
        stream_verb(step, split_stream<In>(std::move(in)), std::move(context));
    bool wanted = true;
    while (wanted && co_await pieces.next()) {
      Task<bool> room = events.room();
      wanted = co_await std::move(room);
    }
  } catch (...) {
    group->fail(std::current_exception());
  }
  events.close();
}

template <class In, class Out>
Stream<RunEvent> events_verb(std::shared_ptr<const Step<In, Out>> step, In in, Context context,
                             EventFilter filter) {
  const auto queue = std::make_shared<RunEventQueue>(std::move(filter));
  ChildScope child;
  ScopeRef scope = co_await child;
  Group group(std::move(scope));
  group.start(run_for_events(&group, std::move(step), std::move(in), context.with_handler(queue),
                             queue->events()));
  Stream<RunEvent> events = read_channel(queue->events());
  while (RunEvent* event = co_await events.next()) co_yield *event;
  co_await group.all();
}

}  // namespace detail

template <class In, class Out>
Stream<RunEvent> Runnable<In, Out>::astream_events(In in, Context context) const {
  return astream_events(std::move(in), std::move(context), EventFilter());
}

template <class In, class Out>
PieceRange<RunEvent> Runnable<In, Out>::stream_events(In in, Context context) const {
  return stream_events(std::move(in), std::move(context), EventFilter());
}

template <class In, class Out>
Stream<RunEvent> Runnable<In, Out>::astream_events(In in, Context context,
                                                   EventFilter filter) const {
  return detail::events_verb(step_, std::move(in), std::move(context), std::move(filter));
}

template <class In, class Out>
PieceRange<RunEvent> Runnable<In, Out>::stream_events(In in, Context context,
                                                      EventFilter filter) const {
  Runtime& runtime = context.runtime();
  return PieceRange<RunEvent>(astream_events(std::move(in), std::move(context), std::move(filter)),
                              runtime);
}

}  // namespace v0
}  // namespace lian

LIAN_COROUTINES_END
