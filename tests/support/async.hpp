/// What tests of coroutines share: objects that are counted, a gate, and a loop driven by hand.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <coroutine>
#include <future>
#include <memory>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "lian/core/context.hpp"
#include "lian/core/runtime.hpp"
#include "lian/core/task.hpp"

namespace lian::test {

/// Counts the objects alive: none are left when every frame was freed.
class Counted {
 public:
  Counted() noexcept { ++alive_; }
  Counted(const Counted&) noexcept { ++alive_; }
  Counted& operator=(const Counted&) noexcept = default;
  ~Counted() { --alive_; }
  static int alive() noexcept { return alive_; }

 private:
  static inline std::atomic<int> alive_{0};
};

/// Coroutines of one loop wait here until it is opened.
class Gate {
 public:
  class Pass final : public detail::Wait {
   public:
    explicit Pass(Gate& gate) noexcept : gate_(&gate) {}
    ~Pass() { detach(); }
    void await_resume() const { check(); }

   private:
    friend class Gate;
    bool attach() override {
      if (gate_->open_) return false;
      gate_->waiting_.push_back(this);
      return true;
    }
    void detach() noexcept override { std::erase(gate_->waiting_, this); }
    Gate* gate_;
  };

  Pass pass() noexcept { return Pass(*this); }
  void open() {
    open_ = true;
    for (Pass* pass : std::exchange(waiting_, {})) pass->wake();
  }
  std::size_t waiting() const noexcept { return waiting_.size(); }

 private:
  bool open_ = false;
  std::vector<Pass*> waiting_;
};

/// Waits until it is cancelled or destroyed.
inline Task<void> wait_forever() {
  Gate gate;
  Gate::Pass pass = gate.pass();
  co_await pass;
}

/// A loop that the test drives by hand.
class HandDriven {
 public:
  template <class T>
  class Started {
   public:
    explicit Started(Task<T> task) : root_(detail::run_root<T>(std::move(task), &result_)) {
      root_.handle().resume();
    }
    Started(const Started&) = delete;
    Started& operator=(const Started&) = delete;
    bool done() const noexcept { return result_.done; }
    detail::RootResult<T>& result() noexcept { return result_; }

   private:
    detail::RootResult<T> result_;
    detail::Root root_;
  };

  /// Runs a task up to its first suspension; destroying what is returned drops the task.
  template <class T>
  std::unique_ptr<Started<T>> start(Task<T> task) {
    return std::make_unique<Started<T>>(std::move(task));
  }
  template <class T>
  T finish(Started<T>& started) {
    lease_.loop().run_until(started.result().done);
    if (started.result().error) std::rethrow_exception(started.result().error);
    if constexpr (!std::is_void_v<T>) return std::move(*started.result().value);
  }
  void turn() { lease_.loop().run_once(); }

 private:
  Runtime runtime_;
  detail::Lease lease_{runtime_};
  detail::Driving driving_{lease_.loop()};
};

/// How long a stop request from another thread takes to end `run(token)`, which tells `waiting` when
/// it is about to wait and must end with Error{cancelled}: the best of five, for busy machines.
template <class Run>
std::chrono::nanoseconds time_to_stop(Run&& run) {
  auto best = std::chrono::nanoseconds::max();
  for (int attempt = 0; attempt < 5; ++attempt) {
    std::promise<void> waiting;
    std::stop_source source;
    Clock::time_point requested;
    std::thread requester([&] {
      waiting.get_future().wait();
      requested = Clock::now();
      source.request_stop();
    });
    bool cancelled = false;
    try {
      run(source.get_token(), waiting);
    } catch (const Error& error) {
      cancelled = error.kind() == ErrorKind::cancelled;
    }
    const auto ended = Clock::now();
    requester.join();
    if (!cancelled) throw std::logic_error("the run was not cancelled");
    best = std::min<std::chrono::nanoseconds>(best, ended - requested);
  }
  return best;
}

/// Runs a task under a stop token.
template <class T>
Task<T> stoppable(Task<T> task, std::stop_token token) {
  Context context = Context::root().with_stop(std::move(token));
  ContextScope::Enter enter(context);
  ContextScope scope = co_await enter;
  if constexpr (std::is_void_v<T>)
    co_await std::move(task);
  else
    co_return co_await std::move(task);
}

/// The kind of the lian::Error that `call` throws.
template <class Call>
ErrorKind kind_of(Call&& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.kind();
  }
  throw std::logic_error("no lian::Error was thrown");
}

/// What the error that `call` throws says; "" when it throws none.
template <class Call>
std::string message_of(Call&& call) {
  try {
    call();
  } catch (const std::exception& error) {
    return error.what();
  }
  return {};
}

}  // namespace lian::test
