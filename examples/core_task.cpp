// A Task is a coroutine's result to be: lazy, awaited once, errors come out where it is awaited.
#include <string>

#include <fmt/core.h>

#include <lian/core/runtime.hpp>
#include <lian/core/task.hpp>

lian::Task<int> half(int number) {
  if (number % 2 != 0)
    throw lian::Error(lian::ErrorKind::validation, fmt::format("{} has no half", number));
  co_return number / 2;
}

lian::Task<int> halves(int number) {
  int count = 0;
  try {
    while (number > 0) {
      number = co_await half(number);
      ++count;
    }
  } catch (const lian::Error& error) {
    fmt::print("stopped: {}\n", error.what());
  }
  co_return count;
}

int main() { fmt::print("halved {} times\n", lian::block_on(halves(40))); }
