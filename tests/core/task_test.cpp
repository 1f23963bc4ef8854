#include "lian/core/task.hpp"

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "lian/core/runtime.hpp"
#include "lian/core/sleep.hpp"
#include "support/async.hpp"
#include "support/catch.hpp"

using lian::Task;
using lian::test::Counted;
using namespace std::chrono_literals;

namespace {

Task<int> value(int number) { co_return number; }

Task<long> sum_at_once(long count) {
  long sum = 0;
  for (long i = 0; i < count; ++i) {
    Task<int> one = value(1);
    sum += co_await std::move(one);
  }
  co_return sum;
}

Task<int> next_turn(int number) {
  co_await lian::sleep(0ns);
  co_return number;
}

Task<long> sum_with_turns(long count) {
  long sum = 0;
  for (long i = 0; i < count; ++i) sum += co_await next_turn(1);
  co_return sum;
}

Task<void> fails() {
  co_await lian::sleep(0ns);
  throw std::runtime_error("it failed");
}

Task<std::string> catches() {
  try {
    co_await fails();
  } catch (const std::runtime_error& error) {
    co_return error.what();
  }
  co_return "nothing";
}

Task<std::unique_ptr<int>> owned(int number) { co_return std::make_unique<int>(number); }

Task<void> marks(bool* ran) {
  *ran = true;
  co_return;
}

Task<Counted> leaf(int turns) {
  const Counted local;
  for (int i = 0; i < turns; ++i) {
    const Counted inner;
    co_await lian::sleep(0ns);
  }
  co_return local;
}

Task<Counted> branch(int turns) {
  std::vector<Counted> held(3);
  Task<Counted> first = leaf(turns);
  held.push_back(co_await std::move(first));
  Task<Counted> second = leaf(turns);
  held.push_back(co_await std::move(second));
  co_await lian::sleep(0ns);
  co_return held.back();
}

}  // namespace

TEST_CASE("task: is lazy and gives its value") {
  bool ran = false;
  Task<void> task = marks(&ran);
  CHECK_FALSE(ran);
  lian::block_on(std::move(task));
  CHECK(ran);
  CHECK(lian::block_on(value(42)) == 42);
  CHECK(*lian::block_on(owned(7)) == 7);
}

TEST_CASE("task: a task that is never awaited never runs") {
  bool ran = false;
  { const Task<void> task = marks(&ran); }
  CHECK_FALSE(ran);
}

TEST_CASE("task: a million tasks that complete at once do not overflow the stack") {
  CHECK(lian::block_on(sum_at_once(1'000'000)) == 1'000'000);
}

TEST_CASE("task: tasks that complete one by one on the loop do not overflow the stack") {
  CHECK(lian::block_on(sum_with_turns(20'000)) == 20'000);
}

TEST_CASE("task: errors are thrown where it is awaited") {
  CHECK(lian::block_on(catches()) == "it failed");
  CHECK_THROWS_AS(lian::block_on(fails()), std::runtime_error);
}

TEST_CASE("task: destroying it at every suspension point frees all it holds") {
  constexpr int turns = 3, suspensions = 2 * turns + 1;
  for (int stop_at = 0; stop_at <= suspensions; ++stop_at) {
    lian::test::HandDriven loop;
    {
      const auto started = loop.start(branch(turns));
      for (int i = 0; i < stop_at; ++i) loop.turn();
      CHECK(started->done() == (stop_at == suspensions));
      CHECK(Counted::alive() > 0);
    }
    CHECK(Counted::alive() == 0);
  }
}

TEST_CASE("task: assigning to it frees the task it held") {
  lian::test::HandDriven loop;
  Task<Counted> task = leaf(1);
  task = leaf(0);
  const auto started = loop.start(std::move(task));
  CHECK_FALSE(static_cast<bool>(task));
  CHECK(started->done());
}

TEST_CASE("task: awaiting outside of a loop is an error that says so") {
  auto root = [](Task<int> task, lian::detail::RootResult<int>* out) {
    return lian::detail::run_root<int>(std::move(task), out);
  };
  lian::detail::RootResult<int> out;
  const lian::detail::Root started = root(next_turn(1), &out);
  started.handle().resume();
  REQUIRE(out.error);
  CHECK(lian::test::kind_of([&] { std::rethrow_exception(out.error); }) ==
        lian::ErrorKind::config);
}
