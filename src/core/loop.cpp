#include "lian/core/loop.hpp"

#include <algorithm>
#include <vector>

namespace lian {
inline namespace v0 {
namespace detail {

namespace {

// What this thread drives; the address of the variable also serves as the thread's name.
thread_local Loop* current_loop = nullptr;
thread_local const char thread_name = 0;

}  // namespace

// ------------------------------------------------------------------ cancellation

CancelScope::CancelScope(CancelScope* parent) : in_parent_(this) { hang_under(parent); }

CancelScope* CancelScope::make(CancelScope* parent) { return new CancelScope(parent); }

CancelScope::~CancelScope() {
  in_parent_.unlink();
  if (parent_) parent_->release();
}

void CancelScope::hang_under(CancelScope* parent) {
  in_parent_.unlink();
  if (parent) parent->retain();
  CancelScope* before = std::exchange(parent_, parent);
  if (before) before->release();
  if (!parent) return;
  in_parent_.insert_before(parent->children_);
  if (parent->cancelled_) cancel(parent->reason_, parent->text_);
}

void CancelScope::move_branch(const CancelScope* from, CancelScope* to) {
  CancelScope* top = this;
  while (top->parent_ != from) top = top->parent_;
  top->hang_under(to);
}

bool CancelScope::within(const void* name) const noexcept {
  for (const CancelScope* scope = this; scope; scope = scope->parent_)
    if (scope->mark_ == name) return true;
  return false;
}

void CancelScope::cancel(ErrorKind reason, const char* text) noexcept {
  if (cancelled_) return;
  cancelled_ = true;
  reason_ = reason;
  text_ = text;
  while (waiters_.linked()) static_cast<Wait*>(waiters_.next())->cancel();
  for (Link* child = children_.next(); child != &children_; child = child->next())
    static_cast<Child*>(child)->owner->cancel(reason, text);
}

void CancelScope::throw_reason() const { throw Error(reason_, text_); }

bool Wait::begin(std::coroutine_handle<> handle, CancelScope* scope) {
  loop_ = &Loop::require();
  ready_.handle = handle;
  scope_ = ScopeRef(scope);
  woken_ = cancelled_ = false;
  if (scope && scope->cancelled()) {
    cancelled_ = true;
    return false;
  }
  if (!attach()) return false;
  if (scope && !woken_) scope->adopt(*this);
  return true;
}

void Wait::wake() noexcept {
  if (woken_) return;
  woken_ = true;
  unlink();
  loop_->resume_later(ready_);
}

void Wait::cancel() noexcept {
  unlink();
  if (woken_) return;
  cancelled_ = true;
  detach();
  wake();
}

// ------------------------------------------------------------------ timers

struct Loop::Heap {
  std::vector<Timer*> timers;

  void place(std::size_t index, Timer* timer, std::size_t Timer::*slot) {
    timers[index] = timer;
    timer->*slot = index;
  }
  void up(std::size_t index, std::size_t Timer::*slot) {
    Timer* timer = timers[index];
    while (index > 0 && timer->when() < timers[(index - 1) / 2]->when()) {
      place(index, timers[(index - 1) / 2], slot);
      index = (index - 1) / 2;
    }
    place(index, timer, slot);
  }
  void down(std::size_t index, std::size_t Timer::*slot) {
    Timer* timer = timers[index];
    for (std::size_t child; (child = 2 * index + 1) < timers.size(); index = child) {
      if (child + 1 < timers.size() && timers[child + 1]->when() < timers[child]->when()) ++child;
      if (!(timers[child]->when() < timer->when())) break;
      place(index, timers[child], slot);
    }
    place(index, timer, slot);
  }
};

void Timer::start(Loop& loop, Clock::time_point when) {
  stop();
  auto& timers = loop.heap_->timers;
  timers.push_back(this);
  loop_ = &loop;
  when_ = std::max(when, Clock::time_point());  // a distant past would overflow differences
  index_ = timers.size() - 1;
  loop.heap_->up(index_, &Timer::index_);
  if (index_ == 0) loop.timers_changed();
}

void Timer::stop() noexcept {
  if (!loop_) return;
  Loop::Heap& heap = *std::exchange(loop_, nullptr)->heap_;
  Timer* last = heap.timers.back();
  heap.timers.pop_back();
  if (last == this) return;
  heap.place(index_, last, &Timer::index_);
  heap.up(last->index_, &Timer::index_);
  heap.down(last->index_, &Timer::index_);
}

// ------------------------------------------------------------------ the loop

Loop::Loop(Runtime& runtime)
    : runtime_(&runtime), heap_(std::make_unique<Heap>()), place_(std::make_shared<LoopPlace>()) {}
Loop::~Loop() = default;

Loop* Loop::current() noexcept { return current_loop; }

Loop& Loop::require() {
  if (current_loop) return *current_loop;
  throw Error(ErrorKind::config,
              "an asynchronous lian call was resumed outside of an event loop: await it inside a "
              "Task that lian runs (block_on, a blocking verb or Runtime::poll)");
}

bool LoopPlace::stands_still_here() const noexcept {
  return thread_.load(std::memory_order_relaxed) == &thread_name &&
         (!current_loop || current_loop->place().get() != this);
}

void Loop::drain(const bool* done) {
  batch_end_.insert_before(ready_);
  while (ready_.next() != &batch_end_) {
    auto* ready = static_cast<Ready*>(ready_.next());
    ready->unlink();
    ready->handle.resume();
    if (done && *done) break;
  }
  batch_end_.unlink();
}

void Loop::run_until(const bool& done) {
  while (!done) {
    drain(&done);
    if (done) return;
    step(true);
  }
}

void Loop::run_once() {
  step(false);
  drain(nullptr);
}

void Loop::step(bool may_wait) {
  turn(may_wait && !ready_.linked());
  if (!has_timers() || Clock::now() < next_timer()) return;
  turn(false);  // bytes that already wait count before a timer that is due
  expire_timers(Clock::now());
}

bool Loop::has_ready() const noexcept { return ready_.linked(); }
bool Loop::has_timers() const noexcept { return !heap_->timers.empty(); }
Clock::time_point Loop::next_timer() const noexcept { return heap_->timers.front()->when(); }

void Loop::expire_timers(Clock::time_point now) noexcept {
  while (has_timers() && next_timer() <= now) {
    Timer* timer = heap_->timers.front();
    timer->stop();
    timer->expired();
  }
}

Driving::Driving(Loop& loop) noexcept : outer_(std::exchange(current_loop, &loop)) {
  loop.place_->thread_.store(&thread_name, std::memory_order_relaxed);
  if (outer_ == &loop) return;
  loop.place_->nested_ = outer_ != nullptr;
  if (outer_) outer_->place_->still_.store(true);
}
Driving::~Driving() {
  if (outer_) outer_->place_->still_.store(false);
  current_loop = outer_;
}

}  // namespace detail
}  // namespace v0
}  // namespace lian
