#include "lian/core/context.hpp"

#include <future>
#include <optional>
#include <string>
#include <thread>

#include "lian/core/pipe.hpp"
#include "lian/core/sleep.hpp"
#include "support/async.hpp"
#include "support/catch.hpp"

using lian::Clock;
using lian::Context;
using lian::ErrorKind;
using lian::Task;
using lian::test::kind_of;
using namespace std::chrono_literals;

namespace {

Task<int> never(int) {
  co_await lian::test::wait_forever();
  co_return 0;
}

// Gives a piece, then waits for ever.
class OnePieceThenSilence : public lian::Step<int, std::string> {
 public:
  Task<std::string> run(int, Context) const override {
    co_await lian::test::wait_forever();
    co_return "";
  }
  lian::Stream<std::string> transform(lian::Stream<int> in, Context) const override {
    co_await in.next();
    co_yield "first ";
    co_yield "second";
    co_await lian::test::wait_forever();
  }
  bool streams() const noexcept override { return true; }
};

class Counting : public lian::Step<int, std::string> {
 public:
  Task<std::string> run(int, Context) const override { co_return ""; }
  lian::Stream<std::string> transform(lian::Stream<int> in, Context) const override {
    co_await in.next();
    for (int i = 0; i < 1000; ++i) {
      co_await lian::sleep(0ns);
      co_yield std::to_string(i);
    }
  }
  bool streams() const noexcept override { return true; }
};

class PassOn : public lian::Step<std::string, std::string> {
 public:
  Task<std::string> run(std::string text, Context) const override { co_return text; }
  lian::Stream<std::string> transform(lian::Stream<std::string> in, Context) const override {
    while (std::string* piece = co_await in.next()) co_yield std::move(*piece);
  }
  bool streams() const noexcept override { return true; }
};

// A loop that keeps the letters of other threads instead of delivering them.
class Unopened final : public lian::detail::Loop {
 public:
  struct Box final : lian::detail::Mailbox {
    void post(std::shared_ptr<lian::detail::Posted> item) override {
      letters.push_back(std::move(item));
    }
    std::vector<std::shared_ptr<lian::detail::Posted>> letters;
  };
  explicit Unopened(lian::Runtime& runtime) : Loop(runtime) { mailbox_ = box_; }
  const auto& letters() const noexcept { return box_->letters; }

 private:
  void turn(bool) override {}
  void timers_changed() noexcept override {}
  std::shared_ptr<Box> box_ = std::make_shared<Box>();
};

Task<void> read_pieces(lian::Stream<std::string> stream, int count, lian::test::Gate* gate,
                       bool* ended) {
  for (int i = 0; i < count; ++i) co_await stream.next();
  *ended = true;
  lian::test::Gate::Pass pass = gate->pass();
  co_await pass;
}

lian::Runnable<int, std::string> one_piece_then_silence() {
  return lian::Runnable<int, std::string>(std::make_shared<OnePieceThenSilence>());
}

}  // namespace

TEST_CASE("context: setters change a copy; an earlier deadline stays") {
  const Context empty = Context::root();
  const auto soon = Clock::now() + 1h;
  const Context set = empty.with_deadline(soon)
                          .with_deadline(soon + 1h)
                          .with_concurrency(3)
                          .with_tries(1)
                          .with_tag("a")
                          .with_metadata("user", "lin");
  CHECK(set.deadline() == soon);
  CHECK(set.with_timeout(1min).deadline() < soon);
  CHECK(set.concurrency() == 3);
  CHECK(set.tries() == 1);
  CHECK(set.tags() == std::vector<std::string>{"a"});
  CHECK(set.metadata().size() == 1);
  CHECK_FALSE(empty.deadline());
  CHECK(empty.concurrency() == 16);
  CHECK(empty.tries() == 3);
  CHECK_FALSE(empty.observed());
  CHECK_FALSE(empty.ends());
  CHECK(kind_of([&] { empty.with_concurrency(0); }) == ErrorKind::config);
  CHECK(kind_of([&] { empty.with_tries(0); }) == ErrorKind::config);
  CHECK(kind_of([&] { empty.with_handler(nullptr); }) == ErrorKind::config);
}

TEST_CASE("context: a stop request ends a run that waits") {
  const auto chain = lian::step(never);
  CHECK(lian::test::time_to_stop([&](std::stop_token token, std::promise<void>& waiting) {
          waiting.set_value();
          chain.invoke(1, Context().with_stop(token));
        }) < 50ms);
}

TEST_CASE("context: a stop request runs no coroutine on the requesting thread") {
  std::optional<std::thread::id> resumed_on;
  std::promise<void> waiting;
  auto watch = [](std::optional<std::thread::id>* where, std::promise<void>* told) -> Task<void> {
    try {
      told->set_value();
      co_await lian::test::wait_forever();
    } catch (const lian::Error&) {
      *where = std::this_thread::get_id();
      throw;
    }
  };
  std::stop_source source;
  std::thread requester([&] {
    waiting.get_future().wait();
    source.request_stop();
  });
  CHECK(kind_of([&] {
          lian::block_on(lian::test::stoppable(watch(&resumed_on, &waiting), source.get_token()));
        }) == ErrorKind::cancelled);
  requester.join();
  CHECK(resumed_on == std::this_thread::get_id());
}

TEST_CASE("context: a stop is one letter to a run, whatever steps and pieces it has") {
  lian::Runtime runtime;
  Unopened loop(runtime);
  const lian::detail::Driving driving(loop);
  const auto pass_on = lian::Runnable<std::string, std::string>(std::make_shared<PassOn>());
  const auto chain =
      lian::Runnable<int, std::string>(std::make_shared<Counting>()) | pass_on | pass_on;
  std::stop_source source;
  lian::test::Gate gate;
  bool ended = false;
  lian::detail::RootResult<void> result;
  auto stream = chain.astream(1, Context().with_stop(source.get_token()));
  const auto root =
      lian::detail::run_root<void>(read_pieces(std::move(stream), 100, &gate, &ended), &result);
  root.handle().resume();
  loop.run_until(ended);
  source.request_stop();  // nobody waits for a piece now
  CHECK(loop.letters().size() == 1);
}

TEST_CASE("context: a run whose stop was requested already does no step") {
  std::stop_source source;
  source.request_stop();
  int runs = 0;
  const auto chain = lian::step([&runs](int number) { return ++runs, number; });
  CHECK(kind_of([&] { chain.invoke(1, Context().with_stop(source.get_token())); }) ==
        ErrorKind::cancelled);
  CHECK(kind_of([&] { chain.stream(1, Context().with_stop(source.get_token())).next(); }) ==
        ErrorKind::cancelled);
  CHECK(kind_of([&] { chain.invoke(1, Context().with_timeout(-1s)); }) == ErrorKind::timeout);
  CHECK(runs == 0);
}

TEST_CASE("context: a stop requested by one step keeps the next from running") {
  std::stop_source source;
  int later = 0;
  const auto chain = lian::step([&](int number) { return source.request_stop(), number; }) |
                     [&](int number) { return ++later, number; };
  CHECK(kind_of([&] { chain.invoke(1, Context().with_stop(source.get_token())); }) ==
        ErrorKind::cancelled);
  CHECK(later == 0);
}

TEST_CASE("context: the deadline ends a run and a stream that wait") {
  CHECK(kind_of([] { lian::step(never).invoke(1, Context().with_timeout(2ms)); }) ==
        ErrorKind::timeout);
  auto pieces = one_piece_then_silence().stream(1, Context().with_timeout(20ms));
  CHECK(kind_of([&] {
          while (pieces.next()) {
          }
        }) == ErrorKind::timeout);
}

TEST_CASE("context: a stop request ends a stream that has given pieces already") {
  std::stop_source source;
  auto pieces = one_piece_then_silence().stream(1, Context().with_stop(source.get_token()));
  CHECK(*pieces.next() == "first ");
  CHECK(*pieces.next() == "second");
  std::thread requester([&] { source.request_stop(); });
  CHECK(kind_of([&] { pieces.next(); }) == ErrorKind::cancelled);
  requester.join();
}

TEST_CASE("context: a nested blocking call inherits stop, deadline, tags, concurrency and tries") {
  std::stop_source source;
  const auto deadline = Clock::now() + 1h;
  std::optional<Context> seen;
  const auto inner = lian::step([&](int number, Context context) {
    seen = context;
    return number;
  });
  const auto outer = lian::step([&](int number) { return inner.invoke(number); });
  outer.invoke(1, Context()
                      .with_stop(source.get_token())
                      .with_deadline(deadline)
                      .with_concurrency(2)
                      .with_tries(2)
                      .with_tag("t"));
  REQUIRE(seen);
  CHECK(seen->deadline() == deadline);
  CHECK(seen->concurrency() == 2);
  CHECK(seen->tries() == 2);
  CHECK(seen->tags() == std::vector<std::string>{"t"});
  CHECK_FALSE(seen->stop_requested());
  source.request_stop();
  CHECK(seen->stop_requested());
  CHECK_FALSE(Context().deadline());  // nothing is left on this thread
}

TEST_CASE("context: stop and deadline end a nested blocking call that waits") {
  const auto inner = lian::step(never);
  const auto outer = lian::step([&](int number) { return inner.invoke(number); });
  CHECK(kind_of([&] { outer.invoke(1, Context().with_timeout(2ms)); }) == ErrorKind::timeout);
  CHECK(lian::test::time_to_stop([&](std::stop_token token, std::promise<void>& waiting) {
          waiting.set_value();
          outer.invoke(1, Context().with_stop(token));
        }) < 50ms);
}

TEST_CASE("context: one that has left its run is enforced in the next one") {
  std::optional<Context> kept;
  const auto keeps = lian::step([&](int number, Context context) {
    kept = context;
    return number;
  });
  keeps.invoke(1, Context().with_timeout(200ms));
  CHECK(kind_of([&] { lian::step(never).invoke(1, *kept); }) == ErrorKind::timeout);
}

TEST_CASE("context: names the runtime whose loops are used") {
  lian::Runtime runtime;
  const lian::Runtime* seen = nullptr;
  const auto chain = lian::step([&](int number) {
    seen = &Context().runtime();
    return number;
  });
  chain.invoke(1, Context().with(runtime));
  CHECK(seen == &runtime);
  chain.invoke(1);
  CHECK(seen == &lian::Runtime::shared());
}
