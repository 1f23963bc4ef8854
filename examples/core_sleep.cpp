// sleep suspends a coroutine; the loop runs the others meanwhile.
#include <chrono>
#include <string>
#include <utility>

#include <fmt/core.h>

#include <lian/core/runtime.hpp>
#include <lian/core/sleep.hpp>
#include <lian/core/when_all.hpp>

lian::Task<void> say(std::string word, lian::Clock::time_point when) {
  co_await lian::sleep_until(when);
  fmt::print("{}\n", word);
}

int main() {
  using namespace std::chrono_literals;
  const auto now = lian::Clock::now();
  auto all = lian::when_all(say("third", now + 9ms), say("first", now + 1ms), say("second", now + 5ms));
  static_cast<void>(lian::block_on(std::move(all)));
}
