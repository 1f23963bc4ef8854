#include "lian/core/channel.hpp"

#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "lian/core/runtime.hpp"
#include "lian/core/when_all.hpp"
#include "support/async.hpp"
#include "support/catch.hpp"

using lian::Channel;
using lian::Task;
using lian::test::HandDriven;
using namespace std::chrono_literals;

namespace {

Task<int> send_all(Channel<int> channel, int from, int count) {
  int sent = 0;
  for (int i = 0; i < count; ++i) {
    if (!co_await channel.send(from + i)) break;
    ++sent;
  }
  co_return sent;
}

Task<int> send_and_close(Channel<int> channel, int count) {
  const int sent = co_await send_all(channel, 0, count);
  channel.close();
  co_return sent;
}

Task<std::vector<int>> receive_all(Channel<int> channel) {
  std::vector<int> all;
  while (const std::optional<int> item = co_await channel.receive()) all.push_back(*item);
  co_return all;
}

Task<std::unique_ptr<int>> pass_owned(Channel<std::unique_ptr<int>> channel) {
  static_cast<void>(co_await channel.send(std::make_unique<int>(9)));
  auto item = co_await channel.receive();
  co_return std::move(*item);
}

Task<std::optional<int>> receive_told(Channel<int> channel, std::promise<void>* waiting) {
  waiting->set_value();
  co_return co_await channel.receive();
}

}  // namespace

TEST_CASE("channel: elements come in order; a full channel makes the sender wait") {
  HandDriven loop;
  const Channel<int> channel(3);
  const auto sender = loop.start(send_and_close(channel, 10));
  CHECK_FALSE(sender->done());
  const auto receiver = loop.start(receive_all(channel));
  CHECK(loop.finish(*receiver) == std::vector<int>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9});
  CHECK(loop.finish(*sender) == 10);
}

TEST_CASE("channel: closing lets receivers take the rest and turns senders away") {
  HandDriven loop;
  const Channel<int> channel(2);
  const auto sender = loop.start(send_all(channel, 0, 5));
  channel.close();
  CHECK(loop.finish(*sender) == 2);
  const auto receiver = loop.start(receive_all(channel));
  CHECK(loop.finish(*receiver) == std::vector<int>{0, 1});
  const auto late = loop.start(send_all(channel, 0, 1));
  CHECK(loop.finish(*late) == 0);
}

TEST_CASE("channel: closing wakes receivers that wait") {
  HandDriven loop;
  const Channel<int> channel(1);
  const auto first = loop.start(receive_all(channel));
  const auto second = loop.start(receive_all(channel));
  channel.close();
  CHECK(loop.finish(*first).empty());
  CHECK(loop.finish(*second).empty());
}

TEST_CASE("channel: elements may be move-only; no room is an error") {
  CHECK(*lian::block_on(pass_owned(Channel<std::unique_ptr<int>>(1))) == 9);
  CHECK(lian::test::kind_of([] { const Channel<int> none(0); }) == lian::ErrorKind::config);
}

TEST_CASE("channel: a receiver that was told and is dropped passes its turn on") {
  HandDriven loop;
  const Channel<int> channel(1);
  auto dropped = loop.start(receive_all(channel));
  const auto kept = loop.start(receive_all(channel));
  const auto sender = loop.start(send_and_close(channel, 1));
  dropped.reset();
  CHECK(loop.finish(*kept) == std::vector<int>{0});
  CHECK(sender->done());
}

TEST_CASE("channel: a sender that was told and is dropped passes its turn on") {
  HandDriven loop;
  const Channel<int> channel(1);
  static_cast<void>(loop.start(send_all(channel, 0, 1)));
  auto dropped = loop.start(send_all(channel, 100, 1));
  const auto kept = loop.start(send_all(channel, 200, 1));
  const auto first = loop.start(channel.receive());
  dropped.reset();
  CHECK(first->result().value.value() == 0);
  CHECK(loop.finish(*kept) == 1);
  const auto second = loop.start(channel.receive());
  CHECK(loop.finish(*second) == 200);
}

TEST_CASE("channel: threads exchange every element exactly once") {
  constexpr int senders = 3, receivers = 3, each = 2'000;
  const Channel<int> channel(4);
  std::vector<std::thread> threads;
  std::atomic<int> open{senders};
  for (int i = 0; i < senders; ++i)
    threads.emplace_back([&, i] {
      lian::block_on(send_all(channel, i * each, each));
      if (--open == 0) channel.close();
    });
  std::vector<std::vector<int>> taken(receivers);
  for (auto& mine : taken)
    threads.emplace_back([&] { mine = lian::block_on(receive_all(channel)); });
  for (auto& thread : threads) thread.join();

  std::vector<int> seen(senders * each);
  for (const auto& mine : taken)
    for (const int item : mine) ++seen[static_cast<std::size_t>(item)];
  CHECK(std::all_of(seen.begin(), seen.end(), [](int times) { return times == 1; }));
}

TEST_CASE("channel: a stop request from another thread ends the wait within 50 ms") {
  CHECK(lian::test::time_to_stop([](std::stop_token token, std::promise<void>& waiting) {
          const Channel<int> channel(1);
          static_cast<void>(
              lian::block_on(lian::test::stoppable(receive_told(channel, &waiting), token)));
        }) < 50ms);
}
