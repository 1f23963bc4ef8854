#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "lian/core/context.hpp"
#include "lian/core/coroutine_warnings.hpp"
#include "lian/core/export.hpp"
#include "lian/core/function.hpp"
#include "lian/core/task.hpp"

LIAN_COROUTINES_BEGIN

namespace lian {
inline namespace v0 {

class HttpTransport;

/// Settings of a Runtime; chained setters. Regular value.
class LIAN_API RuntimeOptions {
 public:
  RuntimeOptions() = default;
  /// Connections open at once on one loop; further requests queue. Default 0: only the
  /// process's descriptor limit counts.
  RuntimeOptions& max_connections(std::size_t n) { return max_connections_ = n, *this; }
  /// Threads that `offload` may use at most. Default 64.
  RuntimeOptions& blocking_threads(std::size_t n) { return blocking_threads_ = n, *this; }
  /// A PEM file of certificate authorities to trust instead of the system's.
  RuntimeOptions& ca_file(std::string path) { return ca_file_ = std::move(path), *this; }
  /// A proxy for every host but loopback, e.g. "http://proxy:3128". Default: from the environment
  /// (https_proxy, http_proxy, all_proxy, no_proxy); "" for none.
  RuntimeOptions& proxy(std::string url) { return proxy_ = std::move(url), *this; }
  /// Replaces libcurl, e.g. by a recording or a fake.
  RuntimeOptions& transport(std::shared_ptr<HttpTransport> transport) {
    return transport_ = std::move(transport), *this;
  }

  std::size_t max_connections() const noexcept { return max_connections_; }
  std::size_t blocking_threads() const noexcept { return blocking_threads_; }
  const std::string& ca_file() const noexcept { return ca_file_; }
  const std::optional<std::string>& proxy() const noexcept { return proxy_; }
  const std::shared_ptr<HttpTransport>& transport() const noexcept { return transport_; }

 private:
  std::size_t max_connections_ = 0, blocking_threads_ = 64;
  std::string ca_file_;
  std::optional<std::string> proxy_;
  std::shared_ptr<HttpTransport> transport_;
};

/// Owns the event loops, their connections and the threads for blocking work. Blocking verbs lease
/// a loop, drive it on the calling thread and give it back. Thread-safe, except where a line says
/// otherwise. Must outlive everything that runs on it.
class LIAN_API Runtime {
 public:
  explicit Runtime(RuntimeOptions options = RuntimeOptions());
  ~Runtime();
  Runtime(const Runtime&) = delete;
  Runtime& operator=(const Runtime&) = delete;

  /// The process's default, made at first use and never destroyed.
  static Runtime& shared();

  const RuntimeOptions& options() const noexcept;
  HttpTransport& http() const noexcept;
  /// Closes loops, connections and threads that nobody uses.
  void release_idle();

  /// A descriptor that turns readable when `poll()` has something to do, for programs that have an
  /// event loop of their own. Started tasks then run inside `poll()`, on the thread that calls it.
  int fd();
  /// Runs what can run now, without waiting. One thread at a time.
  void poll();
  /// Starts a task on the loop behind `fd()`; `done` is called inside `poll()` with the task's
  /// error or null. Runs until it ends or the Runtime is destroyed. One thread at a time.
  void start(Task<void> task, Function<void(std::exception_ptr)> done);

  struct State;
  State& state() const noexcept { return *state_; }
  const std::shared_ptr<State>& shared_state() const noexcept { return state_; }

 private:
  std::shared_ptr<State> state_;
};

namespace detail {

/// A loop taken from a runtime until destroyed.
class LIAN_API Lease {
 public:
  explicit Lease(Runtime& runtime);
  Lease(Lease&& other) noexcept;
  Lease& operator=(Lease&&) = delete;
  ~Lease();
  Loop& loop() const noexcept { return *loop_; }

 private:
  std::shared_ptr<Runtime::State> runtime_;
  Loop* loop_;
};

/// A coroutine nobody awaits; sets a flag when it is resumed by what it waits for.
class Root {
 public:
  struct promise_type : PromiseBase {
    Root get_return_object() noexcept {
      return Root(std::coroutine_handle<promise_type>::from_promise(*this));
    }
    std::suspend_always initial_suspend() const noexcept { return {}; }
    std::suspend_always final_suspend() const noexcept { return {}; }
    void return_void() const noexcept {}
    void unhandled_exception() const noexcept { std::terminate(); }
  };
  Root(Root&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Root& operator=(Root&&) = delete;
  ~Root() {
    if (handle_) handle_.destroy();
  }
  std::coroutine_handle<> handle() const noexcept { return handle_; }

 private:
  explicit Root(std::coroutine_handle<promise_type> handle) noexcept : handle_(handle) {}
  std::coroutine_handle<promise_type> handle_;
};

template <class T>
struct RootResult {
  std::optional<T> value;
  std::exception_ptr error;
  bool done = false;
};
template <>
struct RootResult<void> {
  std::exception_ptr error;
  bool done = false;
};

// `out` lives on the stack of the blocking caller, which outlives the coroutine.
template <class T>
Root run_root(Task<T> task, RootResult<T>* out) {
  try {
    if constexpr (std::is_void_v<T>)
      co_await std::move(task);
    else
      out->value.emplace(co_await std::move(task));
  } catch (...) {
    out->error = std::current_exception();
  }
  out->done = true;
}

}  // namespace detail

/// Runs a task to its end on the calling thread and gives its result; throws what it throws.
template <class T>
T block_on(Task<T> task, Runtime& runtime = Context().runtime()) {
  detail::Lease lease(runtime);
  detail::RootResult<T> out;
  {
    detail::Driving driving(lease.loop());
    detail::Root root = detail::run_root<T>(std::move(task), &out);
    root.handle().resume();
    lease.loop().run_until(out.done);
  }
  if (out.error) std::rethrow_exception(std::move(out.error));
  if constexpr (!std::is_void_v<T>) return std::move(*out.value);
}

}  // namespace v0
}  // namespace lian

LIAN_COROUTINES_END
