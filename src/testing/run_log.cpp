#include "testing/run_log.hpp"

#include <chrono>

#include "core/runtime_access.hpp"
#include "lian/core/task.hpp"

namespace lian {
inline namespace v0 {
namespace testing {

RecordedRun& RunLog::find(RunId run) {
  if (const auto it = by_id_.find(run); it != by_id_.end()) return *it->second;
  runs_.emplace_back();  // what is told outside of any run
  runs_.back().id = run;
  by_id_[run] = &runs_.back();
  return runs_.back();
}

RunId RunLog::open(const RunTurn& start) {
  const std::lock_guard lock(mutex_);
  RecordedRun run;
  run.id = detail::next_run_id(runtime_);
  run.parent = start.run;
  run.kind = start.kind;
  run.name = start.name;
  run.input = digest_of(start.input);
  runs_.push_back(std::move(run));
  by_id_[runs_.back().id] = &runs_.back();
  return runs_.back().id;
}

// No two times are equal, so that whoever sorts by them finds the order of the recording.
void RunLog::stamp(Event& event) {
  const std::int64_t now = std::chrono::duration_cast<std::chrono::microseconds>(
                               std::chrono::system_clock::now().time_since_epoch())
                               .count();
  const std::lock_guard lock(mutex_);
  last_time_us_ = now > last_time_us_ ? now : last_time_us_ + 1;
  event.time_us = last_time_us_;
  RecordedEvent recorded;
  recorded.type = event.type;
  recorded.time_us = last_time_us_;
  switch (event.type) {
    case EventType::error:
      recorded.detail = to_string(event.error->kind());
      [[fallthrough]];
    case EventType::start:
    case EventType::piece:
    case EventType::end:
      recorded.turn = ++turns_;
      break;
    default:
      recorded.detail = digest_of(event);
  }
  find(event.run_id).events.push_back(std::move(recorded));
}

std::uint64_t RunLog::random(RunId run, std::uint64_t fresh) {
  const std::lock_guard lock(mutex_);
  find(run).random.push_back(fresh);
  return fresh;
}

Task<void> RunLog::turn(RunTurn) { co_return; }

std::deque<RecordedRun> RunLog::runs() const {
  const std::lock_guard lock(mutex_);
  return runs_;
}

}  // namespace testing
}  // namespace v0
}  // namespace lian
