// A Semaphore lets a number of coroutines in at once; the others wait in order.
#include <algorithm>
#include <chrono>
#include <utility>
#include <vector>

#include <fmt/core.h>

#include <lian/core/runtime.hpp>
#include <lian/core/semaphore.hpp>
#include <lian/core/sleep.hpp>
#include <lian/core/when_all.hpp>

struct Counts {
  int inside = 0, most = 0, visits = 0;
};

lian::Task<void> visit(lian::Semaphore doors, Counts* counts) {
  auto acquire = doors.acquire();
  const auto permit = co_await acquire;
  counts->most = std::max(counts->most, ++counts->inside);
  co_await lian::sleep(std::chrono::milliseconds(1));
  --counts->inside;
  ++counts->visits;
}

int main() {
  const lian::Semaphore doors(3);
  Counts counts;
  std::vector<lian::Task<void>> visitors;
  for (int i = 0; i < 10; ++i) visitors.push_back(visit(doors, &counts));
  static_cast<void>(lian::block_on(lian::when_all(std::move(visitors))));
  fmt::print("{} visits, at most {} at once\n", counts.visits, counts.most);
}
