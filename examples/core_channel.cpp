// A Channel hands elements from one coroutine to another; a full one makes the sender wait.
#include <optional>
#include <string>

#include <fmt/core.h>

#include <lian/core/channel.hpp>
#include <lian/core/runtime.hpp>
#include <lian/core/when_all.hpp>

using Lines = lian::Channel<std::string>;

lian::Task<void> produce(Lines lines) {
  for (int i = 1; i <= 3; ++i) {
    static_cast<void>(co_await lines.send(fmt::format("line {}", i)));
    fmt::print("sent {}\n", i);
  }
  lines.close();
}

lian::Task<void> consume(Lines lines) {
  while (const std::optional<std::string> line = co_await lines.receive())
    fmt::print("received {}\n", *line);
}

int main() {
  const Lines lines(3);
  static_cast<void>(lian::block_on(lian::when_all(produce(lines), consume(lines))));
}
