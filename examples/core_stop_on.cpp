// stop_on turns Ctrl-C into a stop request; a second Ctrl-C ends the program.
#include <chrono>
#include <csignal>
#include <string>

#include <fmt/core.h>

#include <lian/core/function_step.hpp>
#include <lian/core/sleep.hpp>
#include <lian/core/stop_on.hpp>

int main() {
  const lian::StopOn interrupt = lian::stop_on(SIGINT);
  const auto slow = lian::step(
      [](std::string question) -> lian::Task<std::string> {
        std::raise(SIGINT);  // as if somebody had pressed Ctrl-C now
        co_await lian::sleep(std::chrono::hours(1));
        co_return "an answer to " + question;
      },
      "slow");
  try {
    slow.invoke("why?", lian::Context().with_stop(interrupt.token()));
  } catch (const lian::Error& error) {
    fmt::print("{}\n", error.what());
  }
}
