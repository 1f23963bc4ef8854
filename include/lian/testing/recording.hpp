#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "lian/core/context.hpp"
#include "lian/core/runtime.hpp"

namespace lian {
inline namespace v0 {
namespace testing {

/// automatic: replays the file when it exists, else records to it.
enum class RecordingMode { automatic, record, replay };

/// A program's exchanges with its providers in one file, so that it runs again without a network
/// and gives the same: a test records once and replays for ever.
///
///     lian::testing::Recording recording("weather.jsonl");
///     std::string answer = chain.invoke("Will it rain?", recording.context());
///
/// The file is JSON Lines to be read and compared by people: each request (method, URL, header,
/// body) with its reply (status, header, body in the chunks it came in) or its error, WebSockets
/// too, and the ids, times and random numbers of each run with the order of all events. Credentials
/// are not in it: headers, query fields and JSON members that hold one, and what they hold wherever
/// else it stands, are "[redacted]".
///
/// A request is answered by the first recorded one that has its method, URL and body and was not
/// yet replayed; headers, dates, signatures and credentials do not count. One that was not recorded
/// is Error{config} that tells what differs from the nearest. Runs get their recorded ids and times
/// and tell their events in the recorded order, whatever takes how long, so that equal programs
/// write equal traces. The program's own code, tools included, runs again; where it takes another
/// way than the recorded one, `diverged` tells so and from there on nothing waits for its turn.
/// Providers' keys must be set in a replay as well, to whatever.
///
/// Thread-safe. Must outlive what runs on it.
class LIAN_API Recording {
 public:
  /// `options` as for a Runtime; its transport, if any, is what is recorded. Throws Error{storage}
  /// naming file and line for a file that cannot be read, was cut or is something else.
  explicit Recording(const std::string& path, RecordingMode mode = RecordingMode::automatic,
                     RuntimeOptions options = RuntimeOptions());
  /// Saves what was recorded since the last `save`; call that to learn of an error.
  ~Recording();
  Recording(const Recording&) = delete;
  Recording& operator=(const Recording&) = delete;

  bool replays() const noexcept;
  /// A context that runs on it; a copy of `outer` in the second form.
  Context context() const { return context(Context::root()); }
  Context context(const Context& outer) const;
  Runtime& runtime() const noexcept;

  /// Writes the file, in one step: the old one stays until the new one is whole. Does nothing in a
  /// replay. Throws Error{storage}.
  void save();
  /// Recorded exchanges that were not asked for yet; 0 when recording.
  std::size_t unused() const;
  /// Where a replay left the recorded way, "" when it did not.
  std::string diverged() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace testing
}  // namespace v0
}  // namespace lian
