// when_any takes the first that ends; the others are cancelled and have ended when it returns.
#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include <fmt/core.h>

#include <lian/core/runtime.hpp>
#include <lian/core/sleep.hpp>
#include <lian/core/when_any.hpp>

using namespace std::chrono_literals;

lian::Task<std::string> ask(std::string server, std::chrono::nanoseconds time) {
  try {
    co_await lian::sleep(time);
  } catch (const lian::Error&) {
    fmt::print("{} is not needed\n", server);
    throw;
  }
  co_return server + " answered";
}

int main() {
  std::vector<lian::Task<std::string>> servers;
  servers.push_back(ask("far", 1h));
  servers.push_back(ask("near", 1ms));
  const auto first = lian::block_on(lian::when_any(std::move(servers)));
  fmt::print("{} (number {})\n", first.value, first.index);
}
