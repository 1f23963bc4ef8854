#include "lian/core/runtime.hpp"

#include <poll.h>

#include <atomic>
#include <future>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "lian/core/offload.hpp"
#include "lian/core/pipe.hpp"
#include "lian/core/semaphore.hpp"
#include "lian/core/sleep.hpp"
#include "lian/core/when_all.hpp"
#include "support/async.hpp"
#include "support/catch.hpp"

using lian::Runtime;
using lian::Semaphore;
using lian::Task;
using lian::test::Counted;
using namespace std::chrono_literals;

namespace {

// The loop of a program that has one already: waits on the descriptor alone.
bool wait_readable(Runtime& runtime) {
  pollfd watched{runtime.fd(), POLLIN, 0};
  return ::poll(&watched, 1, 10'000) == 1;
}

void drive_until(Runtime& runtime, const bool& done) {
  runtime.poll();
  while (!done) {
    REQUIRE(wait_readable(runtime));
    runtime.poll();
  }
}

auto set(bool& done) {
  return [&done](std::exception_ptr error) {
    done = true;
    if (error) std::rethrow_exception(error);
  };
}

Task<void> sleeps(int times, int* woken) {
  for (int i = 0; i < times; ++i) {
    co_await lian::sleep(2ms);
    ++*woken;
  }
}

Task<void> offloads(std::thread::id* where) {
  auto work = [where] { *where = std::this_thread::get_id(); };
  Task<void> task = lian::offload(work);
  co_await std::move(task);
}

Task<void> sets(bool* flag) {
  *flag = true;
  co_return;
}

Task<void> starts_another(Runtime* runtime, bool* first, bool* second, bool* done) {
  *first = true;
  runtime->start(sets(second), set(*done));
  co_return;
}

Task<void> fails() {
  co_await lian::sleep(0ns);
  throw std::runtime_error("inside");
}

Task<void> holds(Counted) { co_await lian::test::wait_forever(); }

// A model's stand-in: only one call at a time goes to its server.
class OneAtATime : public lian::Step<int, int> {
 public:
  Task<int> run(int number, lian::Context) const override {
    Semaphore::Acquire acquire = semaphore_.acquire();
    const Semaphore::Permit permit = co_await acquire;
    co_await lian::sleep(0ns);
    co_return number + 1;
  }

 private:
  Semaphore semaphore_{1};
};

auto nested_chain() {
  const lian::Runnable<int, int> model(std::make_shared<OneAtATime>());
  return model | [model](int number) { return model.invoke(number); } | model;
}

// What drives the code that calls this.
struct Place {
  lian::detail::Loop* loop = lian::detail::Loop::current();
  std::thread::id thread = std::this_thread::get_id();
};

Task<void> rings(bool* rung) {
  co_await lian::sleep(1ns);
  *rung = true;
}

Task<void> blocks(Runtime* runtime, const bool* rung, bool* rung_meanwhile) {
  int woken = 0;
  lian::block_on(sleeps(3, &woken), *runtime);
  *rung_meanwhile = *rung;
  co_return;
}

std::vector<int> counting(int count) {
  std::vector<int> numbers;
  for (int i = 0; i < count; ++i) numbers.push_back(i);
  return numbers;
}

}  // namespace

TEST_CASE("runtime: a foreign loop drives timers by the descriptor alone") {
  Runtime runtime;
  int woken = 0;
  bool done = false;
  runtime.start(sleeps(5, &woken), set(done));
  drive_until(runtime, done);
  CHECK(woken == 5);
}

TEST_CASE("runtime: the descriptor may be asked for after a timer was set") {
  Runtime runtime;
  int woken = 0;
  bool done = false;
  runtime.start(sleeps(1, &woken), set(done));
  runtime.poll();
  drive_until(runtime, done);
  CHECK(woken == 1);
}

TEST_CASE("runtime: a start, work from other threads and a stop request wake the descriptor") {
  Runtime runtime;
  runtime.fd();
  runtime.poll();
  bool done = false;
  std::thread::id where;
  runtime.start(offloads(&where), set(done));
  REQUIRE(wait_readable(runtime));
  drive_until(runtime, done);
  CHECK(where != std::thread::id());

  std::stop_source source;
  std::exception_ptr error;
  bool ended = false;
  runtime.start(lian::test::stoppable(lian::test::wait_forever(), source.get_token()),
                [&](std::exception_ptr why) {
                  ended = true;
                  error = why;
                });
  runtime.poll();
  std::thread requester([&] { source.request_stop(); });
  drive_until(runtime, ended);
  requester.join();
  CHECK(lian::test::kind_of([&] { std::rethrow_exception(error); }) == lian::ErrorKind::cancelled);
}

TEST_CASE("runtime: a started task may start another") {
  Runtime runtime;
  bool first = false, second = false, done_first = false, done_second = false;
  runtime.start(starts_another(&runtime, &first, &second, &done_second), set(done_first));
  drive_until(runtime, done_second);
  CHECK(first);
  CHECK(second);
  CHECK(done_first);
}

TEST_CASE("runtime: a started task's error is handed to its owner") {
  Runtime runtime;
  std::exception_ptr error;
  bool done = false;
  runtime.start(fails(), [&](std::exception_ptr why) {
    error = why;
    done = true;
  });
  drive_until(runtime, done);
  CHECK_THROWS_WITH(std::rethrow_exception(error), "inside");
}

TEST_CASE("runtime: destroying it frees the tasks that have not ended") {
  {
    Runtime runtime;
    runtime.start(holds(Counted()), nullptr);
    runtime.poll();
    runtime.start(holds(Counted()), nullptr);
    CHECK(Counted::alive() == 2);
  }
  CHECK(Counted::alive() == 0);
}

TEST_CASE("runtime: an idle loop does not wake the program") {
  Runtime runtime;
  pollfd watched{runtime.fd(), POLLIN, 0};
  runtime.poll();
  CHECK(::poll(&watched, 1, 0) == 0);
}

TEST_CASE("runtime: release_idle closes what nobody uses; the next call opens it again") {
  Runtime runtime;
  const auto context = lian::Context().with(runtime);
  const auto chain = lian::step([](int number) { return number; });
  std::thread::id where;
  lian::block_on(offloads(&where), runtime);
  chain.invoke(1, context);
  runtime.release_idle();
  auto pieces = chain.stream(2, context);
  runtime.release_idle();  // the stream's loop is in use
  CHECK(*pieces.next() == 2);
  lian::block_on(offloads(&where), runtime);
  CHECK(chain.invoke(3, context) == 3);
}

TEST_CASE("runtime: a blocking call leases a loop, a nested one a second, and both come back") {
  Runtime runtime;
  const auto context = lian::Context().with(runtime);
  std::vector<Place> inner, outer;
  const auto nested = lian::step([&](int number) { return inner.emplace_back(), number; });
  const auto chain = lian::step([&](int number) {
    outer.emplace_back();
    nested.invoke(number);
    outer.emplace_back();
    return number;
  });
  chain.invoke(1, context);
  chain.invoke(2, context);
  REQUIRE(outer.size() == 4);
  REQUIRE(inner.size() == 2);
  for (const Place& place : outer) {
    CHECK(place.loop == outer[0].loop);
    CHECK(place.thread == std::this_thread::get_id());
  }
  for (const Place& place : inner) {
    CHECK(place.loop == inner[0].loop);
    CHECK(place.loop != outer[0].loop);
    CHECK(place.thread == std::this_thread::get_id());
  }
  CHECK(lian::detail::Loop::current() == nullptr);
}

TEST_CASE("runtime: the outer loop stands still while a nested blocking call runs") {
  Runtime runtime;
  bool rung = false, rung_meanwhile = false;
  std::vector<Task<void>> tasks;
  tasks.push_back(rings(&rung));  // due long before the nested call ends
  tasks.push_back(blocks(&runtime, &rung, &rung_meanwhile));
  static_cast<void>(lian::block_on(lian::when_all(std::move(tasks)), runtime));
  CHECK_FALSE(rung_meanwhile);
  CHECK(rung);
}

TEST_CASE("runtime: nested blocking runs that share one place all finish on one thread") {
  std::vector<int> expected = counting(100);
  for (int& number : expected) number += 3;
  CHECK(nested_chain().batch(counting(100), lian::Context().with_concurrency(100)) == expected);
}

TEST_CASE("runtime: nested blocking runs that share one place all finish on many threads") {
  const auto chain = nested_chain();
  std::atomic<int> finished = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 16; ++i)
    threads.emplace_back([&] {
      const auto context = lian::Context().with_concurrency(7);
      finished += static_cast<int>(chain.batch(counting(7), context).size());
    });
  for (auto& thread : threads) thread.join();
  CHECK(finished == 112);
}

TEST_CASE("runtime: a deeply nested blocking call comes back") {
  struct Down {
    static int call(int depth) {
      if (depth == 0) return 0;
      return 1 + lian::step([](int rest) { return call(rest); }).invoke(depth - 1);
    }
  };
  CHECK(Down::call(40) == 40);
}
