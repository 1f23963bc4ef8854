#include "lian/core/sleep.hpp"

#include <vector>

#include "lian/core/runtime.hpp"
#include "lian/core/timeout.hpp"
#include "lian/core/when_all.hpp"
#include "support/async.hpp"
#include "support/catch.hpp"

using lian::Clock;
using lian::Task;
using namespace std::chrono_literals;

namespace {

Task<void> wake_at(Clock::time_point when, int number, std::vector<int>* order) {
  co_await lian::sleep_until(when);
  order->push_back(number);
}

Task<void> sleep_for(std::chrono::nanoseconds duration) { co_await lian::sleep(duration); }

}  // namespace

TEST_CASE("sleep: not before its time, in the order of the times") {
  const auto start = Clock::now();
  std::vector<int> order;
  std::vector<Task<void>> tasks;
  for (const int number : {5, 2, 8, 1, 9, 3})
    tasks.push_back(wake_at(start + number * 1ms, number, &order));
  static_cast<void>(lian::block_on(lian::when_all(std::move(tasks))));
  CHECK(order == std::vector<int>{1, 2, 3, 5, 8, 9});
  CHECK(Clock::now() - start >= 9ms);
}

TEST_CASE("sleep: a time in the past is the next turn") {
  lian::block_on(sleep_for(-1h));
  std::vector<int> order;
  lian::block_on(wake_at(Clock::time_point::min(), 1, &order));
  CHECK(order == std::vector<int>{1});
}

TEST_CASE("sleep: for ever can still be ended") {
  CHECK(lian::test::kind_of([] {
          lian::block_on(
              lian::with_timeout(sleep_for(std::chrono::nanoseconds::max()), 1ms));
        }) == lian::ErrorKind::timeout);
}

TEST_CASE("sleep: dropped sleeps leave no timer behind") {
  lian::test::HandDriven loop;
  std::vector<int> order;
  const auto now = Clock::now();
  {
    std::vector<std::unique_ptr<lian::test::HandDriven::Started<void>>> dropped;
    for (int i = 0; i < 50; ++i) dropped.push_back(loop.start(wake_at(now + i * 1us, i, &order)));
    for (std::size_t i = 0; i < dropped.size(); i += 2) dropped[i].reset();
  }
  const auto last = loop.start(wake_at(now + 1ms, 100, &order));
  loop.finish(*last);
  CHECK(order == std::vector<int>{100});
}
