// offload runs work that blocks on the Runtime's threads; the loop goes on meanwhile.
#include <cstdint>
#include <thread>
#include <utility>

#include <fmt/core.h>

#include <lian/core/offload.hpp>
#include <lian/core/runtime.hpp>

std::uint64_t sum_of_squares(std::uint64_t count) {
  std::uint64_t sum = 0;
  for (std::uint64_t i = 1; i <= count; ++i) sum += i * i;
  return sum;
}

lian::Task<void> report() {
  const auto here = std::this_thread::get_id();
  auto work = [here] {
    fmt::print("working on {} thread\n", std::this_thread::get_id() == here ? "the same" : "another");
    return sum_of_squares(1'000);
  };
  auto task = lian::offload(work);
  const std::uint64_t sum = co_await std::move(task);
  fmt::print("{} on {} thread\n", sum, std::this_thread::get_id() == here ? "the first" : "a new");
}

int main() { lian::block_on(report()); }
