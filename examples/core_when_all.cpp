// when_all runs tasks side by side on one thread; the first error ends the others.
#include <chrono>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <fmt/core.h>

#include <lian/core/runtime.hpp>
#include <lian/core/sleep.hpp>
#include <lian/core/when_all.hpp>

using namespace std::chrono_literals;

lian::Task<std::string> cook(std::string dish, std::chrono::milliseconds time) {
  co_await lian::sleep(time);
  co_return dish;
}

lian::Task<std::string> burn() {
  co_await lian::sleep(1ms);
  throw std::runtime_error("the rice is burnt");
}

int main() {
  const auto [rice, soup] = lian::block_on(lian::when_all(cook("rice", 3ms), cook("soup", 1ms)));
  fmt::print("{} and {}\n", rice, soup);

  std::vector<lian::Task<std::string>> dishes;
  dishes.push_back(cook("a stew that would take an hour", 1h));
  dishes.push_back(burn());
  try {
    static_cast<void>(lian::block_on(lian::when_all(std::move(dishes))));
  } catch (const std::exception& error) {
    fmt::print("{}\n", error.what());
  }
}
