#include "lian/core/async_mutex.hpp"

#include <thread>
#include <vector>

#include "lian/core/runtime.hpp"
#include "lian/core/sleep.hpp"
#include "lian/core/when_all.hpp"
#include "support/async.hpp"
#include "support/catch.hpp"

using lian::AsyncMutex;
using lian::Task;
using namespace std::chrono_literals;

namespace {

// Torn apart when two are inside at once.
struct Account {
  int balance = 0, bookings = 0;
};

Task<void> book(AsyncMutex mutex, Account* account, int times) {
  for (int i = 0; i < times; ++i) {
    auto lock = mutex.lock();
    const AsyncMutex::Guard guard = co_await lock;
    const int before = account->balance;
    co_await lian::sleep(0ns);
    account->balance = before + 1;
    ++account->bookings;
  }
}

Task<void> lock_once(AsyncMutex mutex) {
  auto lock = mutex.lock();
  const AsyncMutex::Guard guard = co_await lock;
}

Task<void> lock_and_block(AsyncMutex mutex) {
  auto lock = mutex.lock();
  const AsyncMutex::Guard guard = co_await lock;
  lian::block_on(lock_once(mutex));
}

}  // namespace

TEST_CASE("async_mutex: one holder at a time across awaits and threads") {
  const AsyncMutex mutex;
  Account account;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&] {
      std::vector<Task<void>> tasks;
      for (int k = 0; k < 3; ++k) tasks.push_back(book(mutex, &account, 20));
      static_cast<void>(lian::block_on(lian::when_all(std::move(tasks))));
    });
  for (auto& thread : threads) thread.join();
  CHECK(account.balance == 240);
  CHECK(account.bookings == 240);
}

TEST_CASE("async_mutex: try_lock fails while it is held") {
  const AsyncMutex mutex;
  AsyncMutex::Guard guard = mutex.try_lock();
  CHECK(guard);
  CHECK_FALSE(mutex.try_lock());
  guard.release();
  CHECK(mutex.try_lock());
}

TEST_CASE("async_mutex: a nested blocking call does not wait for a holder further out") {
  const AsyncMutex mutex;
  lian::block_on(lock_and_block(mutex));
  CHECK(mutex.try_lock());
}
