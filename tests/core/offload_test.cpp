#include "lian/core/offload.hpp"

#include <atomic>
#include <barrier>
#include <future>
#include <memory>
#include <stdexcept>
#include <thread>
#include <vector>

#include "lian/core/runtime.hpp"
#include "lian/core/when_all.hpp"
#include "support/async.hpp"
#include "support/catch.hpp"

using lian::Runtime;
using lian::RuntimeOptions;
using lian::Task;
using lian::test::Counted;
using lian::test::HandDriven;
using namespace std::chrono_literals;

namespace {

struct Blocked {
  std::promise<void> started, may_end, ended;
};

// Blocks a thread until the test lets it go on.
Task<int> block_on_promise(std::shared_ptr<Blocked> blocked) {
  auto work = [blocked] {
    blocked->started.set_value();
    blocked->may_end.get_future().wait();
    blocked->ended.set_value();
    return 1;
  };
  Task<int> task = lian::offload(std::move(work));
  co_return co_await std::move(task);
}

Task<std::thread::id> thread_after_offload() {
  auto work = [] {};
  Task<void> task = lian::offload(work);
  co_await std::move(task);
  co_return std::this_thread::get_id();
}

}  // namespace

TEST_CASE("offload: runs on another thread, comes back to the loop's with the result") {
  const auto here = std::this_thread::get_id();
  CHECK(lian::block_on(lian::offload([] { return std::this_thread::get_id(); })) != here);
  CHECK(lian::block_on(thread_after_offload()) == here);
  CHECK(*lian::block_on(lian::offload([] { return std::make_unique<int>(3); })) == 3);
  lian::block_on(lian::offload([] {}));
}

TEST_CASE("offload: errors are thrown where it is awaited") {
  CHECK_THROWS_WITH(lian::block_on(lian::offload([]() -> int { throw std::runtime_error("bad"); })),
                    "bad");
}

TEST_CASE("offload: grows to the limit") {
  constexpr int limit = 12;
  Runtime runtime(RuntimeOptions().blocking_threads(limit));
  std::barrier<> all_there(limit);
  std::vector<Task<void>> tasks;
  for (int i = 0; i < limit; ++i)
    tasks.push_back(lian::offload([&all_there] { all_there.arrive_and_wait(); }));
  static_cast<void>(lian::block_on(lian::when_all(std::move(tasks)), runtime));
}

TEST_CASE("offload: does not grow beyond the limit") {
  Runtime runtime(RuntimeOptions().blocking_threads(2));
  std::atomic<int> inside{0}, most{0};
  std::barrier<> pair(2);
  std::vector<Task<void>> tasks;
  for (int i = 0; i < 20; ++i)
    tasks.push_back(lian::offload([&] {
      const int now = ++inside;
      if (most < now) most = now;
      pair.arrive_and_wait();
      --inside;
    }));
  static_cast<void>(lian::block_on(lian::when_all(std::move(tasks)), runtime));
  CHECK(most <= 2);
}

TEST_CASE(
    "offload: work that waits for offloaded work of its own does not wait for its own thread") {
  Runtime runtime(RuntimeOptions().blocking_threads(2));
  std::atomic<int> done{0};
  std::vector<Task<void>> tasks;
  for (int i = 0; i < 8; ++i)
    tasks.push_back(lian::offload([&] {
      lian::block_on(
          lian::offload([&] { lian::block_on(lian::offload([&] { ++done; }), runtime); }), runtime);
    }));
  static_cast<void>(lian::block_on(lian::when_all(std::move(tasks)), runtime));
  CHECK(done == 8);
}

TEST_CASE("offload: work that started runs to its end though nobody waits; its result is dropped") {
  const auto blocked = std::make_shared<Blocked>();
  {
    HandDriven loop;
    auto waiting = loop.start(block_on_promise(blocked));
    blocked->started.get_future().wait();
    waiting.reset();
    blocked->may_end.set_value();
    blocked->ended.get_future().wait();
  }
  CHECK(blocked.use_count() == 1);
}

TEST_CASE("offload: what was handed over is freed with the Runtime") {
  {
    HandDriven loop;
    std::vector<std::unique_ptr<HandDriven::Started<void>>> dropped;
    for (int i = 0; i < 200; ++i)
      dropped.push_back(loop.start(lian::offload([held = Counted()] {})));
  }
  CHECK(Counted::alive() == 0);
}

TEST_CASE("offload: a stop request from another thread ends the wait within 50 ms") {
  CHECK(lian::test::time_to_stop([](std::stop_token token, std::promise<void>& waiting) {
          const auto blocked = std::make_shared<Blocked>();
          struct LetGo {
            Blocked& blocked;
            ~LetGo() { blocked.may_end.set_value(); }
          } const let_go{*blocked};
          auto work = [blocked, &waiting] {
            waiting.set_value();
            blocked->may_end.get_future().wait();
          };
          lian::block_on(lian::test::stoppable(lian::offload(std::move(work)), token));
        }) < 50ms);
}
