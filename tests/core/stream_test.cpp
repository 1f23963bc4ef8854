#include "lian/core/stream.hpp"

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "lian/core/runtime.hpp"
#include "lian/core/sleep.hpp"
#include "lian/core/when_any.hpp"
#include "support/async.hpp"
#include "support/catch.hpp"

using lian::Stream;
using lian::Task;
using lian::test::Counted;
using lian::test::Gate;
using namespace std::chrono_literals;

namespace {

Stream<int> numbers(int count) {
  for (int i = 0; i < count; ++i) co_yield i;
}

Stream<int> numbers_with_turns(int count) {
  for (int i = 0; i < count; ++i) {
    co_await lian::sleep(0ns);
    co_yield i;
  }
}

Stream<int> doubled(Stream<int> in) {
  while (const int* number = co_await in.next()) co_yield 2 * *number;
}

Task<long> sum(Stream<int> stream) {
  long total = 0;
  while (const int* number = co_await stream.next()) total += *number;
  co_return total;
}

Stream<int> fails_after(int count) {
  for (int i = 0; i < count; ++i) co_yield i;
  throw std::runtime_error("the source broke");
}

Task<std::string> read_to_error(Stream<int> stream) {
  std::string seen;
  try {
    while (const int* number = co_await stream.next()) seen += std::to_string(*number);
  } catch (const std::runtime_error& error) {
    seen += error.what();
  }
  if (const int* more = co_await stream.next()) seen += std::to_string(*more);
  co_return seen;
}

Stream<int> behind(Gate* gate, int count) {
  for (int i = 0; i < count; ++i) {
    Gate::Pass pass = gate->pass();
    co_await pass;
    co_yield i;
  }
}

Task<int> first_of(Stream<int>* stream) {
  const int* number = co_await stream->next();
  co_return number ? *number : -1;
}

Task<std::vector<int>> rest_of(Stream<int>* stream) {
  std::vector<int> all;
  while (const int* number = co_await stream->next()) all.push_back(*number);
  co_return all;
}

Stream<Counted> counted(int count) {
  const Counted local;
  for (int i = 0; i < count; ++i) {
    co_await lian::sleep(0ns);
    Counted item;
    co_yield item;
    co_await lian::sleep(0ns);
  }
}

Stream<Counted> through(Stream<Counted> in) {
  const Counted local;
  while (Counted* item = co_await in.next()) {
    co_await lian::sleep(0ns);
    co_yield *item;
  }
}

Task<int> count_all(Stream<Counted> stream) {
  std::vector<Counted> all;
  while (Counted* item = co_await stream.next()) all.push_back(*item);
  co_return static_cast<int>(all.size());
}

Stream<std::unique_ptr<int>> owned(int count) {
  for (int i = 0; i < count; ++i) {
    auto item = std::make_unique<int>(i);
    co_yield std::move(item);
  }
}

Task<int> reads_then_waits(Stream<int> stream) {
  int sum = 0;
  while (int* item = co_await stream.next()) sum += *item;
  co_return sum;
}

Task<int> ends_at(Gate* gate) {
  Gate::Pass pass = gate->pass();
  co_await pass;
  co_return 1;
}

}  // namespace

TEST_CASE("stream: gives its elements in order, then null for good") {
  CHECK(lian::block_on(lian::collect(numbers(4))) == std::vector<int>{0, 1, 2, 3});
  CHECK(lian::block_on(lian::collect(lian::stream_of(std::vector<int>{3, 1}))) ==
        std::vector<int>{3, 1});
  CHECK(lian::block_on(lian::collect(lian::stream_of_one(5))) == std::vector<int>{5});
  CHECK(lian::block_on(lian::collect(Stream<int>())).empty());
  CHECK(lian::block_on(read_to_error(numbers(2))) == "01");
}

TEST_CASE("stream: a million elements that are there at once do not overflow the stack") {
  CHECK(lian::block_on(sum(doubled(doubled(numbers(1'000'000))))) == 4L * 499'999'500'000);
}

TEST_CASE("stream: elements that come one by one on the loop do not overflow the stack") {
  CHECK(lian::block_on(sum(doubled(numbers_with_turns(20'000)))) == 2L * 199'990'000);
}

TEST_CASE("stream: an error comes once, after the elements before it") {
  CHECK(lian::block_on(read_to_error(fails_after(3))) == "012the source broke");
}

TEST_CASE("stream: elements may be move-only") {
  const auto all = lian::block_on(lian::collect(owned(3)));
  REQUIRE(all.size() == 3);
  CHECK(*all[2] == 2);
}

TEST_CASE("stream: an abandoned next() loses no element") {
  lian::test::HandDriven loop;
  Gate gate;
  Stream<int> stream = behind(&gate, 3);
  {
    const auto abandoned = loop.start(first_of(&stream));
    CHECK_FALSE(abandoned->done());
  }
  {
    const auto again = loop.start(first_of(&stream));
    CHECK_FALSE(again->done());
  }
  gate.open();
  loop.turn();  // the producer yields to nobody
  const auto rest = loop.start(rest_of(&stream));
  CHECK(loop.finish(*rest) == std::vector<int>{0, 1, 2});
}

TEST_CASE("stream: destroying it at every suspension point frees all it holds") {
  constexpr int elements = 3, suspensions = 3 * elements;
  for (int stop_at = 0; stop_at <= suspensions; ++stop_at) {
    lian::test::HandDriven loop;
    {
      const auto started = loop.start(count_all(through(counted(elements))));
      for (int i = 0; i < stop_at; ++i) loop.turn();
      CHECK(started->done() == (stop_at == suspensions));
    }
    CHECK(Counted::alive() == 0);
  }
}

TEST_CASE("stream: a cancelled reader ends what the producer waits for") {
  lian::test::HandDriven loop;
  Gate never, now;
  std::vector<Task<int>> tasks;
  tasks.push_back(reads_then_waits(behind(&never, 1)));
  tasks.push_back(ends_at(&now));
  const auto race = loop.start(lian::when_any(std::move(tasks)));
  CHECK(never.waiting() == 1);
  now.open();
  CHECK(loop.finish(*race).index == 1);
  CHECK(never.waiting() == 0);
}

TEST_CASE("stream: keeps every owner alive that it was given") {
  auto first = std::make_shared<int>(1);
  auto second = std::make_shared<int>(2);
  const std::weak_ptr<int> watch_first = first, watch_second = second;
  Stream<int> stream = numbers(1);
  stream.keep(std::move(first));
  stream.keep(std::move(second));
  CHECK_FALSE(watch_first.expired());
  CHECK_FALSE(watch_second.expired());
  stream = Stream<int>();
  CHECK(watch_first.expired());
  CHECK(watch_second.expired());
}
