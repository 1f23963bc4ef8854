#include "lian/core/single_flight.hpp"

#include <atomic>
#include <thread>
#include <vector>

#include "lian/core/runtime.hpp"
#include "lian/core/sleep.hpp"
#include "lian/core/timeout.hpp"
#include "lian/core/when_all.hpp"
#include "support/async.hpp"
#include "support/catch.hpp"

using lian::Error;
using lian::ErrorKind;
using lian::SingleFlight;
using lian::Task;
using lian::test::Gate;
using lian::test::HandDriven;
using namespace std::chrono_literals;

namespace {

Task<int> counted_run(std::atomic<int>* runs) {
  const int number = ++*runs;
  for (int i = 0; i < 3; ++i) co_await lian::sleep(0ns);
  co_return number;
}

Task<int> waits_first(int* runs, Gate* never) {
  if (++*runs == 1) {
    Gate::Pass pass = never->pass();
    co_await pass;
  }
  co_return *runs;
}

Task<int> fails(int* runs) {
  ++*runs;
  co_await lian::sleep(0ns);
  throw Error(ErrorKind::server, "the run failed");
}

Task<std::string> annotated(Task<int> task, std::string name) {
  try {
    co_await std::move(task);
  } catch (Error& error) {
    error.add_step(name);
    co_return error.what();
  }
  co_return "nothing";
}

Task<int> asks_itself(SingleFlight<int> flights, int depth) {
  if (depth == 0) co_return 1;
  co_return lian::block_on(
      flights.run("key", [flights, depth] { return asks_itself(flights, depth - 1); }));
}

}  // namespace

TEST_CASE("single_flight: callers of one key share one run; results are not kept") {
  const SingleFlight<int> flights;
  std::atomic<int> runs = 0;
  std::vector<Task<int>> tasks;
  for (int i = 0; i < 10; ++i)
    tasks.push_back(flights.run("key", [&] { return counted_run(&runs); }));
  CHECK(lian::block_on(lian::when_all(std::move(tasks))) == std::vector<int>(10, 1));
  CHECK(lian::block_on(flights.run("key", [&] { return counted_run(&runs); })) == 2);
  CHECK(lian::block_on(flights.run("other", [&] { return counted_run(&runs); })) == 3);
}

TEST_CASE("single_flight: callers share an error, each as an object of its own") {
  const SingleFlight<int> flights;
  int runs = 0;
  std::vector<Task<std::string>> tasks;
  for (const char* name : {"a", "b", "c"})
    tasks.push_back(annotated(flights.run("key", [&] { return fails(&runs); }), name));
  CHECK(lian::block_on(lian::when_all(std::move(tasks))) ==
        std::vector<std::string>{"a: the run failed", "b: the run failed", "c: the run failed"});
  CHECK(runs == 1);
}

TEST_CASE("single_flight: when the first is dropped, the next one runs") {
  HandDriven loop;
  const SingleFlight<int> flights;
  Gate never;
  int runs = 0;
  auto first = loop.start(flights.run("key", [&] { return waits_first(&runs, &never); }));
  const auto second = loop.start(flights.run("key", [&] { return waits_first(&runs, &never); }));
  CHECK(runs == 1);
  first.reset();
  CHECK(loop.finish(*second) == 2);
}

TEST_CASE("single_flight: the first's own time limit is not the others' error") {
  HandDriven loop;
  const SingleFlight<int> flights;
  Gate never;
  int runs = 0;
  auto limited =
      lian::with_timeout(flights.run("key", [&] { return waits_first(&runs, &never); }), 1ms);
  const auto first = loop.start(std::move(limited));
  const auto second = loop.start(flights.run("key", [&] { return waits_first(&runs, &never); }));
  CHECK(lian::test::kind_of([&] { loop.finish(*first); }) == ErrorKind::timeout);
  CHECK(loop.finish(*second) == 2);
}

TEST_CASE("single_flight: a run that blocks on its own key proceeds") {
  const SingleFlight<int> flights;
  CHECK(lian::block_on(asks_itself(flights, 3)) == 1);
}

TEST_CASE("single_flight: shares runs across threads") {
  const SingleFlight<int> flights;
  std::atomic<int> runs = 0;
  std::vector<std::thread> threads;
  std::atomic<bool> wrong = false;
  for (int i = 0; i < 8; ++i)
    threads.emplace_back([&] {
      for (int k = 0; k < 50; ++k) {
        const int before = runs;
        if (lian::block_on(flights.run("key", [&] { return counted_run(&runs); })) < before)
          wrong = true;  // a result older than the question
      }
    });
  for (auto& thread : threads) thread.join();
  CHECK_FALSE(wrong);
  CHECK(runs <= 400);
}

TEST_CASE("single_flight: keys that were dropped do not pile up") {
  HandDriven loop;
  const SingleFlight<int> flights;
  Gate never;
  for (int i = 0; i < 1'000; ++i) {
    int runs = 0;
    static_cast<void>(loop.start(
        flights.run("key" + std::to_string(i), [&] { return waits_first(&runs, &never); })));
  }
  CHECK(never.waiting() == 0);
}
