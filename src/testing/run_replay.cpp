#include <algorithm>
#include <chrono>
#include <optional>

#include <fmt/format.h>

#include "lian/core/coroutine_warnings.hpp"
#include "lian/core/semaphore.hpp"
#include "lian/core/timeout.hpp"
#include "testing/run_log.hpp"

LIAN_COROUTINES_BEGIN

namespace lian {
inline namespace v0 {
namespace testing {

namespace {

constexpr std::chrono::seconds longest_wait(5);

struct LiveRun {
  explicit LiveRun(const RecordedRun& run) : recorded(run), told(run.events.size(), false) {}
  const RecordedRun& recorded;
  std::vector<bool> told;  // of the recorded events
  std::size_t next_random = 0;
  bool open = false, closed = false;
};

// Somebody who waits; let go when `held` is given back.
struct Waiter {
  explicit Waiter(RunTurn turn) : next(std::move(turn)), gate(1), held(gate.try_acquire()) {}
  RunTurn next;
  Semaphore gate;
  Semaphore::Permit held;
};

Task<void> pass(std::shared_ptr<Waiter> waiter) {
  auto acquire = waiter->gate.acquire();
  static_cast<void>(co_await acquire);
}

// The input of what starts is a digest from here on.
RunTurn digested(RunTurn turn) {
  if (turn.type == EventType::start) turn.input = digest_of(turn.input);
  return turn;
}

bool is_ordered(EventType type) {
  return type == EventType::start || type == EventType::piece || type == EventType::end ||
         type == EventType::error;
}

}  // namespace

struct RunReplay::State {
  struct Slot {
    LiveRun* run = nullptr;
    std::size_t event = 0;
  };

  explicit State(std::deque<RecordedRun> recorded_runs) : recorded(std::move(recorded_runs)) {
    for (const RecordedRun& run : recorded) {
      live.emplace_back(run);
      by_id[run.id] = &live.back();
      children[run.parent].push_back(&live.back());
      last_id = std::max(last_id, run.id);
      for (std::size_t i = 0; i < run.events.size(); ++i) {
        const std::size_t turn = run.events[i].turn;
        if (turn == 0) continue;
        if (turn > order.size()) order.resize(turn);
        order[turn - 1].run = &live.back();
        order[turn - 1].event = i;
      }
    }
    advance();
  }

  LiveRun* find(RunId id) {
    const auto it = by_id.find(id);
    return it == by_id.end() ? nullptr : it->second;
  }
  static bool starts_as(const LiveRun& run, const RunTurn& start) {
    return !run.open && run.recorded.kind == start.kind && run.recorded.name == start.name &&
           run.recorded.input == start.input;
  }
  // The recorded run that starts so: the one whose turn it is before others of the same look.
  LiveRun* find_start(const RunTurn& start) {
    LiveRun* found = nullptr;
    for (LiveRun* run : children[start.run]) {
      if (!starts_as(*run, start)) continue;
      if (cursor < order.size() && order[cursor].run == run) return run;
      if (!found) found = run;
    }
    return found;
  }
  static std::optional<std::size_t> next_event(const LiveRun& run, EventType type) {
    for (std::size_t i = 0; i < run.told.size(); ++i)
      if (!run.told[i] && run.recorded.events[i].type == type) return i;
    return std::nullopt;
  }
  // Of events without a turn the one that told the same, else one of the same type.
  static std::optional<std::size_t> next_note(const LiveRun& run, const Event& told) {
    const std::string detail = digest_of(told);
    for (std::size_t i = 0; i < run.told.size(); ++i) {
      const RecordedEvent& event = run.recorded.events[i];
      if (!run.told[i] && event.type == told.type && event.detail == detail) return i;
    }
    return next_event(run, told.type);
  }
  bool is_told(const Slot& slot) const { return !slot.run || slot.run->told[slot.event]; }
  bool is_next(const RunTurn& turn) {
    if (cursor >= order.size()) return false;
    const Slot& slot = order[cursor];
    if (slot.run->recorded.events[slot.event].type != turn.type) return false;
    if (turn.type != EventType::start) return slot.run->recorded.id == turn.run;
    return slot.run->recorded.parent == turn.run && starts_as(*slot.run, turn);
  }
  // Whether it comes later, or will be cancelled, as what it is part of was.
  bool may_wait(const RunTurn& turn) {
    LiveRun* run = find(turn.run);
    if (turn.type == EventType::start ? find_start(turn) != nullptr
                                      : run && next_event(*run, turn.type))
      return true;
    for (; run; run = find(run->recorded.parent))
      for (std::size_t i = 0; i < run->told.size(); ++i) {
        const RecordedEvent& event = run->recorded.events[i];
        if (!run->told[i] && event.type == EventType::error &&
            (event.detail == "cancelled" || event.detail == "timeout"))
          return true;
      }
    return false;
  }

  // Null when it need not wait.
  std::shared_ptr<Waiter> wait_for(RunTurn turn) {
    const std::lock_guard lock(mutex);
    if (!diverged.empty() || is_next(turn)) return nullptr;
    if (!may_wait(turn)) {
      diverge(name_of(turn) + " was not recorded; " + expected());
      return nullptr;
    }
    waiters.push_back(std::make_shared<Waiter>(std::move(turn)));
    return waiters.back();
  }

  void advance() {
    while (cursor < order.size() && is_told(order[cursor])) ++cursor;
    for (auto it = waiters.begin(); it != waiters.end(); ++it) {
      if (!is_next((*it)->next)) continue;
      (*it)->held.release();
      waiters.erase(it);
      return;
    }
  }
  void diverge(const std::string& where) {
    if (diverged.empty()) diverged = where;
    for (const auto& waiter : waiters) waiter->held.release();
    waiters.clear();
  }
  // What of it and of what is below was not told, never will be.
  void close(LiveRun& run) {
    run.closed = true;
    run.told.assign(run.told.size(), true);
    for (LiveRun* child : children[run.recorded.id])
      if (!child->closed) close(*child);
  }
  std::string name_of(const RunTurn& turn) {
    const LiveRun* run = find(turn.run);
    if (turn.type == EventType::start)
      return fmt::format("the start of {} {}{}", to_string(turn.kind), turn.name,
                         run ? " in " + run->recorded.name : std::string());
    return fmt::format("'{}' of {}", to_string(turn.type),
                       run ? run->recorded.name : std::string("a run"));
  }
  std::string expected() const {
    if (cursor >= order.size()) return "nothing was to come";
    const Slot& slot = order[cursor];
    return fmt::format("'{}' of {} {} was to come",
                       to_string(slot.run->recorded.events[slot.event].type),
                       to_string(slot.run->recorded.kind), slot.run->recorded.name);
  }

  const std::deque<RecordedRun> recorded;
  std::mutex mutex;  // guards what follows
  std::deque<LiveRun> live;
  std::map<RunId, LiveRun*> by_id;
  std::map<RunId, std::vector<LiveRun*>> children;
  std::vector<Slot> order;
  std::size_t cursor = 0;
  std::vector<std::shared_ptr<Waiter>> waiters;
  std::string diverged;
  RunId last_id = 0;
  std::int64_t last_time_us = 0;
};

RunReplay::RunReplay(std::deque<RecordedRun> runs)
    : state_(std::make_shared<State>(std::move(runs))) {}
RunReplay::~RunReplay() = default;

RunId RunReplay::open(const RunTurn& raw_start) {
  const RunTurn start = digested(raw_start);
  const std::lock_guard lock(state_->mutex);
  if (LiveRun* run = state_->find_start(start)) {
    run->open = true;
    return run->recorded.id;
  }
  state_->diverge(state_->name_of(start) + " was not recorded; " + state_->expected());
  return ++state_->last_id;
}

void RunReplay::stamp(Event& event) {
  const std::lock_guard lock(state_->mutex);
  LiveRun* const run = state_->find(event.run_id);
  std::optional<std::size_t> place;
  if (run)
    place = is_ordered(event.type) ? State::next_event(*run, event.type)
                                   : State::next_note(*run, event);
  if (place) {
    run->told[*place] = true;
    event.time_us = run->recorded.events[*place].time_us;
    state_->last_time_us = std::max(state_->last_time_us, event.time_us);
  } else {
    event.time_us = ++state_->last_time_us;
  }
  if (!place && is_ordered(event.type))
    state_->diverge(state_->name_of(RunTurn(event.type, event.run_id)) + " was not recorded; " +
                    state_->expected());
  if (run && (event.type == EventType::end || event.type == EventType::error)) state_->close(*run);
  state_->advance();
}

std::uint64_t RunReplay::random(RunId id, std::uint64_t fresh) {
  const std::lock_guard lock(state_->mutex);
  LiveRun* const run = state_->find(id);
  if (!run || run->next_random >= run->recorded.random.size()) return fresh;
  return run->recorded.random[run->next_random++];
}

std::string RunReplay::diverged() const {
  const std::lock_guard lock(state_->mutex);
  return state_->diverged;
}

Task<void> RunReplay::turn(RunTurn next) {
  const std::shared_ptr<State> state = state_;
  const std::shared_ptr<Waiter> waiter = state->wait_for(digested(std::move(next)));
  if (!waiter) co_return;
  const auto since = Clock::now();
  std::exception_ptr failure;
  try {
    Task<void> passing = pass(waiter);
    Task<void> waiting = with_timeout(std::move(passing), longest_wait);
    co_await std::move(waiting);
  } catch (const Error&) {
    failure = std::current_exception();
  }
  if (!failure) co_return;
  const std::lock_guard lock(state->mutex);
  std::erase(state->waiters, waiter);
  if (Clock::now() - since < longest_wait) {
    // As when the run was recorded, it failed for another reason before it was cancelled.
    if (waiter->next.type == EventType::error) co_return;
    std::rethrow_exception(failure);
  }
  state->diverge(fmt::format("{} waited {} s for its turn; {}", state->name_of(waiter->next),
                             longest_wait.count(), state->expected()));
}

}  // namespace testing
}  // namespace v0
}  // namespace lian

LIAN_COROUTINES_END
