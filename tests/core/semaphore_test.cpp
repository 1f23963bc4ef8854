#include "lian/core/semaphore.hpp"

#include <atomic>
#include <barrier>
#include <thread>
#include <vector>

#include "lian/core/runtime.hpp"
#include "lian/core/sleep.hpp"
#include "lian/core/when_all.hpp"
#include "support/async.hpp"
#include "support/catch.hpp"

using lian::Semaphore;
using lian::Task;
using lian::test::Gate;
using lian::test::HandDriven;
using namespace std::chrono_literals;

namespace {

Task<void> hold(Semaphore semaphore, Gate* gate, int number, std::vector<int>* order) {
  Semaphore::Acquire acquire = semaphore.acquire();
  const Semaphore::Permit permit = co_await acquire;
  order->push_back(number);
  Gate::Pass pass = gate->pass();
  co_await pass;
}

Task<void> enter(Semaphore semaphore) {
  Semaphore::Acquire acquire = semaphore.acquire();
  const Semaphore::Permit permit = co_await acquire;
}

Task<void> crowd(Semaphore semaphore, std::atomic<int>* inside, std::atomic<int>* most) {
  for (int i = 0; i < 200; ++i) {
    Semaphore::Acquire acquire = semaphore.acquire();
    const Semaphore::Permit permit = co_await acquire;
    const int now = ++*inside;
    int seen = *most;
    while (seen < now && !most->compare_exchange_weak(seen, now)) {
    }
    if (i % 8 == 0) co_await lian::sleep(0ns);
    --*inside;
  }
}

Task<void> enter_told(Semaphore semaphore, std::promise<void>* waiting) {
  waiting->set_value();
  co_await enter(semaphore);
}

Task<void> release(Semaphore::Permit* permit) {
  co_await lian::sleep(0ns);
  permit->release();
}

// Enters and, still inside, blocks on somebody else who wants in.
Task<void> hold_and_block(Semaphore semaphore) {
  Semaphore::Acquire acquire = semaphore.acquire();
  const Semaphore::Permit permit = co_await acquire;
  lian::block_on(enter(semaphore));
}

// Blocks on somebody who wants in while the permit is given back meanwhile.
Task<void> block_while_released(Semaphore semaphore, Semaphore::Permit* permit) {
  co_await lian::sleep(0ns);
  std::vector<Task<void>> tasks;
  tasks.push_back(enter(semaphore));
  tasks.push_back(release(permit));
  static_cast<void>(lian::block_on(lian::when_all(std::move(tasks))));
}

Task<void> hold_until(Semaphore semaphore, const bool* over) {
  Semaphore::Acquire acquire = semaphore.acquire();
  const Semaphore::Permit permit = co_await acquire;
  while (!*over) co_await lian::sleep(0ns);
}

Task<void> block_on_other(Semaphore other, std::barrier<>* both_hold, bool* over) {
  both_hold->arrive_and_wait();
  lian::block_on(enter(other));
  *over = true;
  co_return;
}

// Holds the one and blocks on the other meanwhile.
void hold_one_block_on_other(Semaphore one, Semaphore other, std::barrier<>* both_hold) {
  bool over = false;
  std::vector<Task<void>> tasks;
  tasks.push_back(hold_until(one, &over));
  tasks.push_back(block_on_other(other, both_hold, &over));
  static_cast<void>(lian::block_on(lian::when_all(std::move(tasks))));
}

}  // namespace

TEST_CASE("semaphore: lets in at most its number, the others in order") {
  HandDriven loop;
  const Semaphore semaphore(2);
  Gate first, later;
  std::vector<int> order;
  const auto a = loop.start(hold(semaphore, &first, 1, &order));
  const auto b = loop.start(hold(semaphore, &later, 2, &order));
  const auto c = loop.start(hold(semaphore, &later, 3, &order));
  const auto d = loop.start(hold(semaphore, &later, 4, &order));
  CHECK(order == std::vector<int>{1, 2});
  CHECK(semaphore.available() == 0);
  first.open();
  loop.finish(*a);
  loop.turn();
  CHECK(order == std::vector<int>{1, 2, 3});
  later.open();
  loop.finish(*d);
  CHECK(order == std::vector<int>{1, 2, 3, 4});
  loop.finish(*b);
  loop.finish(*c);
  CHECK(semaphore.available() == 2);
}

TEST_CASE("semaphore: try_acquire does not wait; a permit moves") {
  const Semaphore semaphore(1);
  Semaphore::Permit permit = semaphore.try_acquire();
  CHECK(permit);
  CHECK_FALSE(semaphore.try_acquire());
  Semaphore::Permit moved = std::move(permit);
  CHECK_FALSE(permit);
  CHECK_FALSE(semaphore.try_acquire());
  moved.release();
  moved.release();
  CHECK(semaphore.available() == 1);
  CHECK(lian::test::kind_of([] { const Semaphore none(0); }) == lian::ErrorKind::config);
}

TEST_CASE("semaphore: dropped waiters leave the queue; one that was let in gives its place on") {
  HandDriven loop;
  const Semaphore semaphore(1);
  Gate gate;
  std::vector<int> order;
  auto holder = loop.start(hold(semaphore, &gate, 1, &order));
  auto dropped = loop.start(hold(semaphore, &gate, 2, &order));
  auto let_in = loop.start(hold(semaphore, &gate, 3, &order));
  const auto last = loop.start(enter(semaphore));
  dropped.reset();
  holder.reset();  // lets 3 in, which is dropped before it runs
  let_in.reset();
  loop.finish(*last);
  CHECK(order == std::vector<int>{1});
  CHECK(semaphore.available() == 1);
}

TEST_CASE("semaphore: holds across threads") {
  const Semaphore semaphore(3);
  std::atomic<int> inside{0}, most{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 6; ++i)
    threads.emplace_back([&] {
      std::vector<Task<void>> tasks;
      for (int k = 0; k < 4; ++k) tasks.push_back(crowd(semaphore, &inside, &most));
      static_cast<void>(lian::block_on(lian::when_all(std::move(tasks))));
    });
  for (auto& thread : threads) thread.join();
  CHECK(most == 3);
  CHECK(semaphore.available() == 3);
}

TEST_CASE("semaphore: a nested blocking call does not wait for a holder further out") {
  const Semaphore semaphore(1);
  lian::block_on(hold_and_block(semaphore));
  CHECK(semaphore.available() == 1);
}

TEST_CASE("semaphore: nested blocking calls of two threads do not wait for each other's holders") {
  for (int i = 0; i < 200; ++i) {
    const Semaphore first(1), second(1);
    std::barrier<> both_hold(2);
    std::thread other([&] { hold_one_block_on_other(second, first, &both_hold); });
    hold_one_block_on_other(first, second, &both_hold);
    other.join();
    CHECK(first.available() == 1);
    CHECK(second.available() == 1);
  }
}

TEST_CASE("semaphore: a waiter whose loop stands still lets those go first it would block") {
  const Semaphore semaphore(1);
  Semaphore::Permit permit = semaphore.try_acquire();
  std::vector<Task<void>> tasks;
  tasks.push_back(enter(semaphore));  // first in the queue, on the outer loop
  tasks.push_back(block_while_released(semaphore, &permit));
  static_cast<void>(lian::block_on(lian::when_all(std::move(tasks))));
  CHECK(semaphore.available() == 1);
}

TEST_CASE("semaphore: a stop request from another thread ends the wait within 50 ms") {
  const Semaphore semaphore(1);
  const Semaphore::Permit permit = semaphore.try_acquire();
  CHECK(lian::test::time_to_stop([&](std::stop_token token, std::promise<void>& waiting) {
          lian::block_on(lian::test::stoppable(enter_told(semaphore, &waiting), token));
        }) < 50ms);
}
