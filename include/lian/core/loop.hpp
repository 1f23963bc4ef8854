#pragma once

#include <atomic>
#include <chrono>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include "lian/core/error.hpp"
#include "lian/core/export.hpp"

/// The seam between coroutines and the event loop. Programs do not need this header; whoever writes
/// an awaitable of their own does. Everything here belongs to the thread that drives the loop,
/// unless a line says otherwise.
namespace lian {
inline namespace v0 {

class Runtime;
using Clock = std::chrono::steady_clock;

namespace detail {

class Loop;

/// A place in one of the loop's lists; leaves it when destroyed.
class Link {
 public:
  Link() noexcept : previous_(this), next_(this) {}
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;
  ~Link() { unlink(); }

  bool linked() const noexcept { return next_ != this; }
  Link* next() const noexcept { return next_; }
  void unlink() noexcept {
    previous_->next_ = next_;
    next_->previous_ = previous_;
    previous_ = next_ = this;
  }
  void insert_before(Link& place) noexcept {
    unlink();
    previous_ = place.previous_;
    next_ = &place;
    previous_->next_ = this;
    place.previous_ = this;
  }

 private:
  Link *previous_, *next_;
};

/// A coroutine that the loop is to resume. Destroying it takes it out of the queue.
class Ready : public Link {
 public:
  std::coroutine_handle<> handle;
};

/// A point in time somebody waits for; `expired` is called once by the loop and must not resume
/// anything itself. Destroying it disarms it.
class LIAN_API Timer {
 public:
  Timer() = default;
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;
  virtual ~Timer() { stop(); }
  void start(Loop& loop, Clock::time_point when);
  void stop() noexcept;
  bool armed() const noexcept { return loop_ != nullptr; }
  Clock::time_point when() const noexcept { return when_; }

 private:
  friend class Loop;
  virtual void expired() noexcept = 0;
  Loop* loop_ = nullptr;
  Clock::time_point when_{};
  std::size_t index_ = 0;  // place in the loop's heap
};

/// Something that must happen on the loop's thread, posted from any thread.
class Posted {
 public:
  virtual ~Posted() = default;
  virtual void run() noexcept = 0;
};

/// The loop's letter box; outlives the loop. `post` is thread-safe.
class Mailbox {
 public:
  virtual ~Mailbox() = default;
  virtual void post(std::shared_ptr<Posted> item) = 0;
};

/// What is cancelled together. Scopes form a tree; cancelling one ends every wait below it: the
/// waits throw Error{reason}. Counted without atomics: one thread at a time.
class LIAN_API CancelScope {
 public:
  static CancelScope* make(CancelScope* parent);
  void retain() noexcept { ++count_; }
  void release() noexcept {
    if (--count_ == 0) delete this;
  }
  bool cancelled() const noexcept { return cancelled_; }
  void throw_if_cancelled() const {
    if (cancelled_) throw_reason();
  }
  /// Ends all waits below with an error of `reason` and the text. The first reason counts. Resumes
  /// nothing: the waits are queued.
  void cancel(ErrorKind reason, const char* text) noexcept;
  void adopt(Link& waiter) noexcept { waiter.insert_before(waiters_); }
  /// Hangs the scope of this branch that lies right below `from` under `to` instead; either may be
  /// null.
  void move_branch(const CancelScope* from, CancelScope* to);
  /// Names the scope by the address of something that outlives the name's use.
  void mark(const void* name) noexcept { mark_ = name; }
  /// Whether this scope or one above it has that name.
  bool within(const void* name) const noexcept;

 private:
  explicit CancelScope(CancelScope* parent);
  ~CancelScope();
  [[noreturn]] void throw_reason() const;
  void hang_under(CancelScope* parent);

  class Child : public Link {
   public:
    explicit Child(CancelScope* scope) noexcept : owner(scope) {}
    CancelScope* owner;
  };
  std::size_t count_ = 1;
  bool cancelled_ = false;
  ErrorKind reason_ = ErrorKind::cancelled;
  const char* text_ = "";
  const void* mark_ = nullptr;
  CancelScope* parent_ = nullptr;
  Child in_parent_;
  Link waiters_, children_;
};

/// A counted reference to a scope; may be empty.
class ScopeRef {
 public:
  ScopeRef() = default;
  explicit ScopeRef(CancelScope* scope) noexcept : scope_(scope) {
    if (scope_) scope_->retain();
  }
  static ScopeRef adopt(CancelScope* scope) noexcept {
    ScopeRef ref;
    ref.scope_ = scope;
    return ref;
  }
  ScopeRef(const ScopeRef& other) noexcept : ScopeRef(other.scope_) {}
  ScopeRef(ScopeRef&& other) noexcept : scope_(std::exchange(other.scope_, nullptr)) {}
  ScopeRef& operator=(ScopeRef other) noexcept {
    std::swap(scope_, other.scope_);
    return *this;
  }
  ~ScopeRef() {
    if (scope_) scope_->release();
  }
  CancelScope* get() const noexcept { return scope_; }
  CancelScope* operator->() const noexcept { return scope_; }
  explicit operator bool() const noexcept { return scope_ != nullptr; }

 private:
  CancelScope* scope_ = nullptr;
};

/// Memory for a coroutine's frame, kept per thread when given back. Thread-safe.
LIAN_API void* take_frame(std::size_t bytes);
LIAN_API void give_frame(void* frame, std::size_t bytes) noexcept;

/// What every promise of lian carries: the scope its waits belong to.
struct PromiseBase {
  static void* operator new(std::size_t bytes) { return take_frame(bytes); }
  static void operator delete(void* frame, std::size_t bytes) noexcept {
    give_frame(frame, bytes);
  }
  ScopeRef scope;
};

template <class Promise>
CancelScope* scope_of(std::coroutine_handle<Promise> handle) noexcept {
  if constexpr (std::is_base_of_v<PromiseBase, Promise>)
    return handle.promise().scope.get();
  else
    return nullptr;
}

/// Base of everything that suspends a coroutine until something outside happens. A source calls
/// `wake`; a cancelled scope calls `cancel`; destroying it while it waits calls nothing and leaves
/// no trace. `detach` must take it out of its source, may be called twice.
class LIAN_API Wait : private Link {
 public:
  Wait() = default;
  Wait(const Wait&) = delete;
  Wait& operator=(const Wait&) = delete;

  bool await_ready() const noexcept { return false; }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> handle) {
    return begin(handle, scope_of(handle));
  }

 protected:
  ~Wait() = default;
  /// Registers with the source; false when there is nothing to wait for.
  virtual bool attach() = 0;
  virtual void detach() noexcept = 0;
  /// Queues the coroutine; the first of `wake` and `cancel` counts.
  void wake() noexcept;
  /// To be called first by await_resume: throws when the wait was cancelled.
  void check() const {
    if (cancelled_) scope_->throw_if_cancelled();
  }
  Loop& loop() const noexcept { return *loop_; }
  bool woken() const noexcept { return woken_; }

 private:
  friend class CancelScope;
  bool begin(std::coroutine_handle<> handle, CancelScope* scope);
  void cancel() noexcept;

  Loop* loop_ = nullptr;
  ScopeRef scope_;
  Ready ready_;
  bool woken_ = false, cancelled_ = false;
};

/// Where a loop is driven; outlives it. Thread-safe; what it says of another thread may be old.
class LIAN_API LoopPlace {
 public:
  LoopPlace() = default;
  LoopPlace(const LoopPlace&) = delete;
  LoopPlace& operator=(const LoopPlace&) = delete;
  /// Whether the calling thread drove the loop last, and it is not the one it drives now: what is
  /// suspended there cannot go on while this thread waits elsewhere.
  bool stands_still_here() const noexcept;
  /// Whether its thread drives a nested loop meanwhile. In one order with all others: of two loops
  /// that are nested over, the later one sees that the earlier one is.
  bool stands_still() const noexcept { return still_.load(); }
  /// Whether it is driven from inside a coroutine of another loop. Its own thread only.
  bool nested() const noexcept { return nested_; }

 private:
  friend class Driving;
  std::atomic<const char*> thread_{nullptr};
  std::atomic<bool> still_{false};
  bool nested_ = false;
};

/// An event loop. Leased by a Runtime to whoever drives it; implemented in src/net.
class LIAN_API Loop {
 public:
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;
  virtual ~Loop();

  /// The loop this thread drives right now, or null.
  static Loop* current() noexcept;
  /// As `current`, or Error{config}: asynchronous lian code ran outside a loop.
  static Loop& require();

  void resume_later(Ready& ready) noexcept { ready.insert_before(ready_); }
  /// Runs until `done` is true: resumes what is ready, then waits for the outside.
  void run_until(const bool& done);
  /// Resumes what is ready and handles what has happened, without waiting.
  void run_once();
  Runtime& runtime() const noexcept { return *runtime_; }
  const std::shared_ptr<Mailbox>& mailbox() const noexcept { return mailbox_; }
  const std::shared_ptr<LoopPlace>& place() const noexcept { return place_; }

 protected:
  explicit Loop(Runtime& runtime);
  /// Waits for outside events (not at all unless `wait`), queues what they wake.
  virtual void turn(bool wait) = 0;
  /// The earliest timer changed.
  virtual void timers_changed() noexcept = 0;
  bool has_ready() const noexcept;
  bool has_timers() const noexcept;
  Clock::time_point next_timer() const noexcept;
  std::shared_ptr<Mailbox> mailbox_;

 private:
  friend class Timer;
  friend class Driving;
  void drain(const bool* done);
  void step(bool may_wait);
  void expire_timers(Clock::time_point now) noexcept;
  struct Heap;
  Runtime* runtime_;
  Link ready_;
  Link batch_end_;  // behind what one round resumes
  std::unique_ptr<Heap> heap_;
  std::shared_ptr<LoopPlace> place_;
};

/// Marks, while it lives, that this thread drives the loop.
class LIAN_API Driving {
 public:
  explicit Driving(Loop& loop) noexcept;
  ~Driving();
  Driving(const Driving&) = delete;
  Driving& operator=(const Driving&) = delete;

 private:
  Loop* outer_;
};

}  // namespace detail
}  // namespace v0
}  // namespace lian
