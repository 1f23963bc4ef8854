#include "lian/core/when_any.hpp"

#include <stdexcept>
#include <vector>

#include "lian/core/sleep.hpp"
#include "support/async.hpp"
#include "support/catch.hpp"

using lian::Task;
using lian::test::Counted;
using lian::test::Gate;
using lian::test::HandDriven;
using namespace std::chrono_literals;

namespace {

Task<int> at(Gate* gate, int number) {
  const Counted local;
  Gate::Pass pass = gate->pass();
  co_await pass;
  co_return number;
}

Task<int> fails_at(Gate* gate) {
  Gate::Pass pass = gate->pass();
  co_await pass;
  throw std::runtime_error("lost");
}

Task<int> notes_its_end(Gate* never, int* ended) {
  try {
    Gate::Pass pass = never->pass();
    co_await pass;
  } catch (const lian::Error&) {
    ++*ended;
    throw std::runtime_error("a loser's error is dropped");
  }
  co_return 0;
}

Task<void> nothing() { co_return; }

}  // namespace

TEST_CASE("when_any: the first that ends decides; the others are cancelled and awaited") {
  HandDriven loop;
  Gate gate, never;
  int ended = 0;
  std::vector<Task<int>> tasks;
  tasks.push_back(notes_its_end(&never, &ended));
  tasks.push_back(at(&gate, 7));
  tasks.push_back(notes_its_end(&never, &ended));
  const auto race = loop.start(lian::when_any(std::move(tasks)));
  gate.open();
  const lian::First<int> first = loop.finish(*race);
  CHECK(first.index == 1);
  CHECK(first.value == 7);
  CHECK(ended == 2);
  CHECK(Counted::alive() == 0);
}

TEST_CASE("when_any: the error of the first that ends is thrown") {
  HandDriven loop;
  Gate gate, never;
  std::vector<Task<int>> tasks;
  tasks.push_back(at(&never, 1));
  tasks.push_back(fails_at(&gate));
  const auto race = loop.start(lian::when_any(std::move(tasks)));
  gate.open();
  CHECK(lian::test::message_of([&] { loop.finish(*race); }) == "lost");
  CHECK(Counted::alive() == 0);
}

TEST_CASE("when_any: a task after one that ends at once never begins") {
  std::vector<Task<void>> tasks;
  tasks.push_back(nothing());
  tasks.push_back(lian::test::wait_forever());
  CHECK(lian::block_on(lian::when_any(std::move(tasks))).index == 0);
}

TEST_CASE("when_any: no task is an error; dropping it ends all") {
  CHECK(lian::test::kind_of([] {
          static_cast<void>(lian::block_on(lian::when_any(std::vector<Task<int>>())));
        }) == lian::ErrorKind::config);

  HandDriven loop;
  Gate never;
  {
    std::vector<Task<int>> tasks;
    tasks.push_back(at(&never, 1));
    tasks.push_back(at(&never, 2));
    const auto race = loop.start(lian::when_any(std::move(tasks)));
    CHECK(Counted::alive() == 2);
  }
  CHECK(never.waiting() == 0);
  CHECK(Counted::alive() == 0);
}
