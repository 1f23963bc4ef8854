#include "lian/core/when_all.hpp"

#include <stdexcept>
#include <string>
#include <vector>

#include "lian/core/sleep.hpp"
#include "support/async.hpp"
#include "support/catch.hpp"

using lian::ErrorKind;
using lian::Task;
using lian::test::Counted;
using lian::test::Gate;
using lian::test::HandDriven;
using namespace std::chrono_literals;

namespace {

Task<int> after_turns(int turns, int number) {
  for (int i = 0; i < turns; ++i) co_await lian::sleep(0ns);
  co_return number;
}

Task<std::string> text(std::string value) { co_return value; }

Task<void> mark(bool* ran) {
  *ran = true;
  co_return;
}

Task<int> fails_at(Gate* gate) {
  Gate::Pass pass = gate->pass();
  co_await pass;
  throw std::runtime_error("first");
}

Task<int> fails_now() {
  throw std::runtime_error("at once");
  co_return 0;
}

// Notes how it was ended, and that it was.
Task<int> until_cancelled(Gate* never, std::vector<ErrorKind>* ended) {
  const Counted local;
  try {
    Gate::Pass pass = never->pass();
    co_await pass;
  } catch (const lian::Error& error) {
    ended->push_back(error.kind());
    throw;
  }
  co_return 0;
}

Task<int> counts_begin(int* begun) {
  ++*begun;
  co_return 0;
}

}  // namespace

TEST_CASE("when_all: gives results in order, whoever ends first") {
  const auto [a, b, c, d] = lian::block_on(
      lian::when_all(after_turns(3, 1), text("two"), after_turns(0, 3), after_turns(1, 4)));
  CHECK(a == 1);
  CHECK(b == "two");
  CHECK(c == 3);
  CHECK(d == 4);

  std::vector<Task<int>> tasks;
  for (int i = 0; i < 10; ++i) tasks.push_back(after_turns(10 - i, i));
  CHECK(lian::block_on(lian::when_all(std::move(tasks))) ==
        std::vector<int>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9});
}

TEST_CASE("when_all: takes tasks that give nothing, and no tasks") {
  bool ran = false;
  static_cast<void>(lian::block_on(lian::when_all(mark(&ran), after_turns(1, 1))));
  CHECK(ran);
  CHECK(lian::block_on(lian::when_all(std::vector<Task<int>>())).empty());
}

TEST_CASE("when_all: the first error cancels the others and awaits them before it is thrown") {
  HandDriven loop;
  Gate gate, never;
  std::vector<ErrorKind> ended;
  std::vector<Task<int>> tasks;
  tasks.push_back(until_cancelled(&never, &ended));
  tasks.push_back(fails_at(&gate));
  tasks.push_back(until_cancelled(&never, &ended));
  const auto all = loop.start(lian::when_all(std::move(tasks)));
  CHECK(never.waiting() == 2);
  gate.open();
  CHECK(lian::test::message_of([&] { loop.finish(*all); }) == "first");
  CHECK(ended == std::vector<ErrorKind>{ErrorKind::cancelled, ErrorKind::cancelled});
  CHECK(never.waiting() == 0);
  CHECK(Counted::alive() == 0);
}

TEST_CASE("when_all: a task that has not begun when another fails never does") {
  int begun = 0;
  std::vector<Task<int>> tasks;
  tasks.push_back(fails_now());
  tasks.push_back(counts_begin(&begun));
  CHECK_THROWS_WITH(lian::block_on(lian::when_all(std::move(tasks))), "at once");
  CHECK(begun == 0);
  CHECK_THROWS_WITH(lian::block_on(lian::when_all(fails_now(), counts_begin(&begun))), "at once");
  CHECK(begun == 0);
}

TEST_CASE("when_all: dropping it ends all of them") {
  HandDriven loop;
  Gate never;
  std::vector<ErrorKind> ended;
  {
    const auto all =
        loop.start(lian::when_all(until_cancelled(&never, &ended), until_cancelled(&never, &ended)));
    CHECK(Counted::alive() == 2);
  }
  CHECK(never.waiting() == 0);
  CHECK(Counted::alive() == 0);
}

TEST_CASE("when_all: a failure ends what nested groups wait for") {
  HandDriven loop;
  Gate gate, never;
  std::vector<ErrorKind> ended;
  auto inner = lian::when_all(until_cancelled(&never, &ended), until_cancelled(&never, &ended));
  const auto all = loop.start(lian::when_all(std::move(inner), fails_at(&gate)));
  gate.open();
  CHECK(lian::test::message_of([&] { loop.finish(*all); }) == "first");
  CHECK(ended.size() == 2);
  CHECK(Counted::alive() == 0);
}
