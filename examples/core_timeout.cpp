// with_timeout ends what a task waits for; the task may do something else then.
#include <chrono>
#include <string>

#include <fmt/core.h>

#include <lian/core/runtime.hpp>
#include <lian/core/sleep.hpp>
#include <lian/core/timeout.hpp>

using namespace std::chrono_literals;

lian::Task<std::string> fetch(std::chrono::nanoseconds time) {
  co_await lian::sleep(time);
  co_return "fresh";
}

lian::Task<std::string> fetch_or_cached(std::chrono::nanoseconds time) {
  try {
    co_return co_await lian::with_timeout(fetch(time), 50ms);
  } catch (const lian::Error& error) {
    if (error.kind() != lian::ErrorKind::timeout) throw;
  }
  co_return "cached";
}

int main() {
  fmt::print("{}\n", lian::block_on(fetch_or_cached(0ns)));
  fmt::print("{}\n", lian::block_on(fetch_or_cached(1h)));
}
