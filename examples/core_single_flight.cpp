// SingleFlight: callers that ask for the same thing at the same time share one run.
#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include <fmt/core.h>

#include <lian/core/runtime.hpp>
#include <lian/core/single_flight.hpp>
#include <lian/core/sleep.hpp>
#include <lian/core/when_all.hpp>

lian::Task<std::string> load(std::string name) {
  fmt::print("loading {}\n", name);
  co_await lian::sleep(std::chrono::milliseconds(1));
  co_return "<" + name + ">";
}

int main() {
  const lian::SingleFlight<std::string> flights;
  std::vector<lian::Task<std::string>> callers;
  for (const std::string& name : std::vector<std::string>{"map", "map", "list", "map"})
    callers.push_back(flights.run(name, [name] { return load(name); }));
  for (const std::string& page : lian::block_on(lian::when_all(std::move(callers))))
    fmt::print("{}\n", page);
}
