// An AsyncMutex keeps a coroutine alone with something, also while it waits.
#include <chrono>
#include <utility>
#include <vector>

#include <fmt/core.h>

#include <lian/core/async_mutex.hpp>
#include <lian/core/runtime.hpp>
#include <lian/core/sleep.hpp>
#include <lian/core/when_all.hpp>

lian::Task<void> deposit(lian::AsyncMutex mutex, int* balance) {
  auto lock = mutex.lock();
  const auto guard = co_await lock;
  const int before = *balance;
  co_await lian::sleep(std::chrono::milliseconds(1));
  *balance = before + 10;
}

int main() {
  const lian::AsyncMutex mutex;
  int balance = 0;
  std::vector<lian::Task<void>> deposits;
  for (int i = 0; i < 5; ++i) deposits.push_back(deposit(mutex, &balance));
  static_cast<void>(lian::block_on(lian::when_all(std::move(deposits))));
  fmt::print("balance {}\n", balance);
}
