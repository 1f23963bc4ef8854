// A program that has a loop of its own drives lian from it: wait on fd(), call poll().
#include <poll.h>

#include <chrono>
#include <exception>

#include <fmt/core.h>

#include <lian/core/runtime.hpp>
#include <lian/core/sleep.hpp>

lian::Task<void> count_down() {
  for (int i = 3; i > 0; --i) {
    fmt::print("{}\n", i);
    co_await lian::sleep(std::chrono::milliseconds(1));
  }
}

int main() {
  lian::Runtime runtime;
  bool done = false;
  runtime.start(count_down(), [&done](std::exception_ptr) { done = true; });
  while (!done) {
    pollfd watched{runtime.fd(), POLLIN, 0};
    ::poll(&watched, 1, -1);  // beside the program's own descriptors
    runtime.poll();
  }
  fmt::print("lift off\n");
}
