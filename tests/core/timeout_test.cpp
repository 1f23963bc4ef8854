#include "lian/core/timeout.hpp"

#include <string>
#include <vector>

#include "lian/core/runtime.hpp"
#include "lian/core/sleep.hpp"
#include "lian/core/when_all.hpp"
#include "support/async.hpp"
#include "support/catch.hpp"

using lian::ErrorKind;
using lian::Task;
using lian::test::kind_of;
using namespace std::chrono_literals;

namespace {

Task<int> quick() {
  co_await lian::sleep(0ns);
  co_return 5;
}

Task<std::string> with_a_plan_b() {
  try {
    co_await lian::test::wait_forever();
  } catch (const lian::Error& error) {
    if (error.kind() == ErrorKind::timeout) co_return "plan b";
    throw;
  }
  co_return "plan a";
}

Task<ErrorKind> inner_then_outer() {
  ErrorKind first = ErrorKind::config;
  try {
    co_await lian::with_timeout(lian::test::wait_forever(), 1ms);
  } catch (const lian::Error& error) {
    first = error.kind();
  }
  co_await lian::sleep(0ns);  // the outer run goes on
  co_return first;
}

}  // namespace

TEST_CASE("timeout: a task that ends in time gives its result") {
  CHECK(lian::block_on(lian::with_timeout(quick(), 1h)) == 5);
  CHECK(lian::block_on(lian::with_timeout(quick(), std::chrono::nanoseconds::max())) == 5);
}

TEST_CASE("timeout: what the task waits for ends with Error{timeout}") {
  CHECK(kind_of([] { lian::block_on(lian::with_timeout(lian::test::wait_forever(), 1ms)); }) ==
        ErrorKind::timeout);
  CHECK(lian::block_on(lian::with_timeout(with_a_plan_b(), 1ms)) == "plan b");
}

TEST_CASE("timeout: reaches what runs side by side below it") {
  std::vector<Task<void>> tasks;
  tasks.push_back(lian::test::wait_forever());
  tasks.push_back(lian::test::wait_forever());
  auto all = lian::when_all(std::move(tasks));
  CHECK(kind_of([&] {
          static_cast<void>(lian::block_on(lian::with_timeout(std::move(all), 1ms)));
        }) == ErrorKind::timeout);
}

TEST_CASE("timeout: the shorter of two nested ones counts, and ends only its own task") {
  CHECK(lian::block_on(lian::with_timeout(inner_then_outer(), 1h)) == ErrorKind::timeout);
}
