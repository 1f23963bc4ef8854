#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "lian/core/run_source.hpp"
#include "lian/core/runtime.hpp"
#include "testing/recorded.hpp"

namespace lian {
inline namespace v0 {
namespace testing {

/// Notes the ids, times, random numbers and the order of events of the runs that go on.
class RunLog final : public RunSource {
 public:
  explicit RunLog(Runtime& runtime) : runtime_(runtime) {}
  RunId open(const RunTurn& start) override;
  void stamp(Event& event) override;
  std::uint64_t random(RunId run, std::uint64_t fresh) override;
  bool ordered() const noexcept override { return false; }
  Task<void> turn(RunTurn next) override;
  std::deque<RecordedRun> runs() const;

 private:
  RecordedRun& find(RunId run);

  Runtime& runtime_;
  mutable std::mutex mutex_;  // guards what follows
  std::deque<RecordedRun> runs_;
  std::map<RunId, RecordedRun*> by_id_;
  std::int64_t last_time_us_ = 0;
  std::size_t turns_ = 0;
};

/// Gives runs what a RunLog noted, and has their events told in the order in which they were. What
/// waits for its turn longer than some seconds, or was never recorded, frees all from the order.
class RunReplay final : public RunSource {
 public:
  explicit RunReplay(std::deque<RecordedRun> runs);
  ~RunReplay() override;
  RunId open(const RunTurn& start) override;
  void stamp(Event& event) override;
  std::uint64_t random(RunId run, std::uint64_t fresh) override;
  bool ordered() const noexcept override { return true; }
  Task<void> turn(RunTurn next) override;
  /// Where it left the recorded way, "" when it did not.
  std::string diverged() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace testing
}  // namespace v0
}  // namespace lian
