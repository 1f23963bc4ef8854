#include "lian/core/stop_on.hpp"

#include <signal.h>

#include <atomic>
#include <future>
#include <stop_token>

#include "lian/core/context.hpp"
#include "lian/core/runtime.hpp"
#include "support/async.hpp"
#include "support/catch.hpp"

using lian::ErrorKind;

namespace {

std::atomic<int> met_before{0};

// The disposition that a test finds and must leave: counts the signals that meet it.
class Before {
 public:
  Before() {
    struct sigaction action {};
    action.sa_handler = [](int) { ++met_before; };
    sigaction(SIGUSR1, &action, &old_);
    met_before = 0;
  }
  ~Before() { sigaction(SIGUSR1, &old_, nullptr); }
  Before(const Before&) = delete;
  Before& operator=(const Before&) = delete;

 private:
  struct sigaction old_ {};
};

void wait_for_stop(const std::stop_token& token) {
  std::promise<void> stopped;
  const std::stop_callback callback(token, [&] { stopped.set_value(); });
  stopped.get_future().wait();
}

lian::Task<void> raise_and_wait() {
  ::raise(SIGUSR1);
  co_await lian::test::wait_forever();
}

}  // namespace

TEST_CASE("stop_on: the first signal requests a stop, the second meets what held before") {
  const Before before;
  {
    const lian::StopOn interrupt = lian::stop_on(SIGUSR1);
    CHECK_FALSE(interrupt.token().stop_requested());
    ::raise(SIGUSR1);
    wait_for_stop(interrupt.token());
    CHECK(met_before == 0);
    ::raise(SIGUSR1);
    CHECK(met_before == 1);
  }
  ::raise(SIGUSR1);
  CHECK(met_before == 2);
}

TEST_CASE("stop_on: renew arms it again") {
  const Before before;
  lian::StopOn interrupt({SIGUSR1});
  ::raise(SIGUSR1);
  wait_for_stop(interrupt.token());
  const std::stop_token again = interrupt.renew();
  CHECK_FALSE(again.stop_requested());
  ::raise(SIGUSR1);
  wait_for_stop(again);
  CHECK(met_before == 0);
}

TEST_CASE("stop_on: ends a run that waits") {
  const Before before;
  const lian::StopOn interrupt = lian::stop_on(SIGUSR1);
  CHECK(lian::test::kind_of([&] {
          lian::block_on(lian::test::stoppable(raise_and_wait(), interrupt.token()));
        }) == ErrorKind::cancelled);
}

TEST_CASE("stop_on: one at a time; a signal that cannot be handled leaves nothing behind") {
  const Before before;
  {
    const lian::StopOn first = lian::stop_on(SIGUSR1);
    CHECK(lian::test::kind_of([] { lian::StopOn({SIGUSR2}); }) == ErrorKind::config);
  }
  CHECK(lian::test::kind_of([] { lian::StopOn({SIGUSR1, SIGKILL}); }) == ErrorKind::config);
  ::raise(SIGUSR1);
  CHECK(met_before == 1);
  const lian::StopOn after = lian::stop_on(SIGUSR1);
  ::raise(SIGUSR1);
  wait_for_stop(after.token());
}
