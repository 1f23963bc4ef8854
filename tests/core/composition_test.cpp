#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "lian/core/assign.hpp"
#include "lian/core/branch.hpp"
#include "lian/core/generator.hpp"
#include "lian/core/loop_until.hpp"
#include "lian/core/parallel.hpp"
#include "lian/core/pipe.hpp"
#include "lian/core/router.hpp"
#include "lian/core/sleep.hpp"
#include "support/async.hpp"
#include "support/catch.hpp"

using lian::Context;
using lian::Error;
using lian::ErrorKind;
using lian::FallbackOptions;
using lian::RetryOptions;
using lian::Runnable;
using lian::RunnableConfig;
using lian::Stream;
using lian::Task;
using lian::Values;
using lian::test::kind_of;
using lian::test::message_of;
using namespace std::chrono_literals;

namespace {

RetryOptions at_once(int attempts = 3) {
  return RetryOptions(attempts).wait_exponential_jitter(false);
}

class Recorder : public lian::Handler {
 public:
  void on_event(const lian::Event& event) override {
    if (!line.empty()) line += "; ";
    line += std::string(to_string(event.type)) + " " + std::string(event.name);
    if (!event.message.empty()) messages.emplace_back(event.message);
    tags = event.tags ? *event.tags : std::vector<std::string>();
    metadata = event.metadata ? *event.metadata : Values();
  }
  std::string line;
  std::vector<std::string> messages, tags;
  Values metadata;
};

// Gives so many pieces, then fails; so many times.
class Breaks : public lian::Step<int, std::string> {
 public:
  Breaks(int pieces, int failures) : pieces_(pieces), failures_(failures) {}
  Task<std::string> run(int, Context) const override { co_return "whole"; }
  Stream<std::string> transform(Stream<int> in, Context) const override {
    co_await in.next();
    const bool fails = ++runs <= failures_;
    for (int i = 0; i < pieces_; ++i) co_yield std::to_string(i);
    if (fails) throw Error(ErrorKind::server, "broke off");
    co_yield "end";
  }
  bool streams() const noexcept override { return true; }
  std::string name() const override { return "breaks"; }
  mutable std::atomic<int> runs = 0;

 private:
  int pieces_, failures_;
};

std::string read_all(lian::PieceRange<std::string> pieces) {
  std::string all;
  for (const std::string& piece : pieces) all += piece + "|";
  return all;
}

}  // namespace

// ------------------------------------------------------------------ with_retry

TEST_CASE("with_retry: runs again what fails, at most so many times, any exception") {
  std::atomic<int> runs = 0;
  const auto flaky = lian::step([&runs](int failures) {
    if (++runs <= failures) throw std::runtime_error("not yet");
    return std::to_string(runs);
  });
  CHECK(flaky.with_retry(at_once()).invoke(2) == "3");
  runs = 0;
  CHECK_THROWS_WITH(flaky.with_retry(at_once()).invoke(3), "not yet");
  CHECK(runs == 3);
  runs = 0;
  CHECK_THROWS_WITH(flaky.with_retry(at_once(1)).invoke(1), "not yet");
  CHECK(runs == 1);
}

TEST_CASE("with_retry: only the exceptions that are asked for") {
  std::atomic<int> runs = 0;
  const auto picky = lian::step([&runs](int x) {
    ++runs;
    if (x == 1) throw std::invalid_argument("x is 1");
    if (x == 2) throw std::runtime_error("x is 2");
    return x;
  });
  const auto retried =
      picky.with_retry(at_once(2).retry_if_exception_type<std::invalid_argument>());
  CHECK(retried.invoke(3) == 3);
  CHECK(runs == 1);
  runs = 0;
  CHECK_THROWS_WITH(retried.invoke(1), "x is 1");
  CHECK(runs == 2);
  runs = 0;
  CHECK_THROWS_WITH(retried.invoke(2), "x is 2");
  CHECK(runs == 1);
  runs = 0;
  const auto results = retried.try_batch({1, 2, 0});
  CHECK(runs == 4);
  CHECK(results[0].message() == "x is 1");
  CHECK(results[1].message() == "x is 2");
  CHECK(results[2].value() == 0);
}

TEST_CASE("with_retry: what stays wrong, and what was cancelled, is not run again") {
  for (const ErrorKind kind :
       {ErrorKind::authentication, ErrorKind::invalid_request, ErrorKind::cancelled,
        ErrorKind::config, ErrorKind::context_length}) {
    std::atomic<int> runs = 0;
    const auto failing = lian::step([&runs, kind](int) -> int {
      ++runs;
      throw Error(kind, "no");
    });
    CHECK(kind_of([&] { failing.with_retry(at_once()).invoke(0); }) == kind);
    CHECK(runs == 1);
  }
  for (const ErrorKind kind : {ErrorKind::parse, ErrorKind::validation, ErrorKind::network,
                               ErrorKind::server, ErrorKind::tool, ErrorKind::timeout}) {
    std::atomic<int> runs = 0;
    const auto failing = lian::step([&runs, kind](int) -> int {
      ++runs;
      throw Error(kind, "once more");
    });
    CHECK(kind_of([&] { failing.with_retry(at_once()).invoke(0); }) == kind);
    CHECK(runs == 3);
  }
}

TEST_CASE("with_retry: nested owners do not multiply, and a model inside makes one try") {
  std::atomic<int> runs = 0;
  int tries = 0;
  const auto failing = lian::step([&](int, const Context& context) -> int {
    ++runs;
    tries = context.tries();
    throw std::runtime_error("no");
  });
  CHECK_THROWS(failing.with_retry(at_once(4)).with_retry(at_once(3)).invoke(0));
  CHECK(runs == 3);
  CHECK(tries == 1);
}

TEST_CASE("with_retry: a stream is run again before its first piece alone") {
  const auto early = std::make_shared<Breaks>(0, 2);
  CHECK(read_all(Runnable<int, std::string>(early).with_retry(at_once()).stream(0)) == "end|");
  CHECK(early->runs == 3);
  const auto late = std::make_shared<Breaks>(2, 1);
  const auto retried = Runnable<int, std::string>(late).with_retry(at_once());
  CHECK(kind_of([&] { read_all(retried.stream(0)); }) == ErrorKind::server);
  CHECK(late->runs == 1);
}

TEST_CASE("with_retry: waits as told; the provider's hint counts, a long one is thrown") {
  std::atomic<int> runs = 0;
  const auto limited = [&runs](double seconds) {
    return lian::step([&runs, seconds](int) -> int {
             ++runs;
             lian::ApiError error(ErrorKind::rate_limited, "slow down");
             error.retry_after_seconds = seconds;
             throw error;
           })
        .with_retry(RetryOptions(2).initial_wait(0ns));
  };
  const auto started = lian::Clock::now();
  CHECK(kind_of([&] { limited(0.02).invoke(0); }) == ErrorKind::rate_limited);
  CHECK(runs == 2);
  CHECK(lian::Clock::now() - started >= 20ms);
  runs = 0;
  CHECK(kind_of([&] { limited(121).invoke(0); }) == ErrorKind::rate_limited);
  CHECK(runs == 1);
  runs = 0;
  CHECK(kind_of([&] { limited(60).invoke(0, Context().with_timeout(1s)); }) ==
        ErrorKind::rate_limited);
  CHECK(runs == 1);
}

TEST_CASE("with_retry: every retry is an event; errors name the step once") {
  const auto recorder = std::make_shared<Recorder>();
  const auto failing =
      lian::step([](int) -> int { throw Error(ErrorKind::server, "down"); }, "work");
  CHECK(message_of([&] {
          failing.with_retry(at_once(2)).invoke(0, Context().with_handler(recorder));
        }) == "work: down");
  CHECK(recorder->line == "start work; error work; retry work; start work; error work");
  CHECK(recorder->messages ==
        std::vector<std::string>{"attempt 1 of 2 failed (down); next attempt in 0.00 s"});
  CHECK(kind_of([&] { failing.with_retry(0); }) == ErrorKind::config);
}

TEST_CASE("with_retry: ends at once when stopped while it waits") {
  const auto failing = lian::step([](int) -> int { throw std::runtime_error("no"); });
  const auto patient = failing.with_retry(RetryOptions(5).initial_wait(1h).max_wait(1h));
  CHECK(lian::test::time_to_stop([&](std::stop_token token, std::promise<void>& waiting) {
          waiting.set_value();
          patient.invoke(1, Context().with_stop(token));
        }) < 50ms);
}

// ------------------------------------------------------------------ with_fallbacks

TEST_CASE("with_fallbacks: the next one runs where one fails; all failed, the first error counts") {
  const auto fails = [](std::string text) {
    return lian::step([text](int) -> std::string { throw std::runtime_error(text); }, text);
  };
  const auto works = lian::step([](int x) { return "got " + std::to_string(x); }, "works");
  CHECK(fails("a").with_fallbacks({fails("b"), works}).invoke(7) == "got 7");
  CHECK_THROWS_WITH(fails("a").with_fallbacks({fails("b")}).invoke(7), "a");
  const auto recorder = std::make_shared<Recorder>();
  fails("a").with_fallbacks({works}).invoke(1, Context().with_handler(recorder));
  CHECK(recorder->line == "start a; error a; warning a; start works; end works");
  CHECK(recorder->messages == std::vector<std::string>{"failed (a); falling back to works"});
}

TEST_CASE("with_fallbacks: only after the exceptions it is for, never after cancelled") {
  std::atomic<int> runs = 0;
  const auto other = lian::step([&runs](int) { return ++runs, 0; });
  const auto failing = [](ErrorKind kind) {
    return lian::step([kind](int) -> int { throw Error(kind, "no"); });
  };
  CHECK(kind_of([&] { failing(ErrorKind::cancelled).with_fallbacks({other}).invoke(0); }) ==
        ErrorKind::cancelled);
  const auto picky = lian::step([](int) -> int {
                       throw std::runtime_error("other");
                     }).with_fallbacks({other}, FallbackOptions().exceptions_to_handle<Error>());
  CHECK_THROWS_WITH(picky.invoke(0), "other");
  CHECK(runs == 0);
  CHECK(failing(ErrorKind::server)
            .with_fallbacks({other}, FallbackOptions().exceptions_to_handle<Error>())
            .invoke(0) == 0);
}

TEST_CASE("with_fallbacks: the error is told to the next one under its key") {
  const auto first =
      lian::step([](Values) -> std::string { throw std::runtime_error("too long"); });
  const auto second = lian::step([](Values in) { return *in.at("problem").text(); });
  const auto chain = first.with_fallbacks({second}, FallbackOptions().exception_key("problem"));
  CHECK(chain.invoke({{"text", "x"}}) == "too long");
  const auto number = lian::step([](int x) { return x; });
  CHECK(kind_of([&] { number.with_fallbacks({number}, FallbackOptions().exception_key("e")); }) ==
        ErrorKind::config);
}

TEST_CASE("with_fallbacks: a stream falls back before its first piece alone") {
  const Runnable<int, std::string> early(std::make_shared<Breaks>(0, 1));
  const Runnable<int, std::string> late(std::make_shared<Breaks>(1, 1));
  const Runnable<int, std::string> sound(std::make_shared<Breaks>(1, 0));
  CHECK(read_all(early.with_fallbacks({sound}).stream(0)) == "0|end|");
  CHECK(kind_of([&] { read_all(late.with_fallbacks({sound}).stream(0)); }) == ErrorKind::server);
}

// ------------------------------------------------------------------ with_timeout, with_config, map

TEST_CASE("with_timeout: ends the step, streams too, and leaves what is quick alone") {
  const auto slow = lian::step([](int ms) -> Task<int> {
    co_await lian::sleep(std::chrono::milliseconds(ms));
    co_return ms;
  });
  CHECK(slow.with_timeout(10s).invoke(1) == 1);
  CHECK(kind_of([&] { slow.with_timeout(5ms).invoke(60'000); }) == ErrorKind::timeout);
  CHECK(kind_of([&] {
          for (int piece : slow.with_timeout(5ms).stream(60'000)) static_cast<void>(piece);
        }) == ErrorKind::timeout);
  CHECK((slow.with_timeout(5ms).with_fallbacks({lian::step([](int) { return -1; })}))
            .invoke(60'000) == -1);
}

TEST_CASE("with_config: name, tags, metadata and handlers are the step's and what is below") {
  const auto own = std::make_shared<Recorder>();
  const auto calls = std::make_shared<Recorder>();
  const auto configured = lian::step([](int x) { return x + 1; }, "plus")
                              .with_config(RunnableConfig()
                                               .run_name("increment")
                                               .tags({"math", "call"})
                                               .metadata({{"who", "bound"}, {"what", "sum"}})
                                               .callbacks({own}));
  const auto chain = configured | lian::step([](int x) { return x * 2; }, "twice");
  const Context context =
      Context().with_handler(calls).with_tag("call").with_metadata("who", "caller");
  CHECK(chain.invoke(1, context) == 4);
  CHECK(own->line == "start increment; end increment");
  CHECK(own->tags == std::vector<std::string>{"call", "math"});
  CHECK(*own->metadata.at("who").text() == "caller");
  CHECK(*own->metadata.at("what").text() == "sum");
  CHECK(calls->line ==
        "start chain; start increment; end increment; start twice; end twice; "
        "end chain");
  CHECK(calls->tags == std::vector<std::string>{"call"});
}

TEST_CASE("with_config: a chain takes the name of its run; nothing changes unobserved") {
  const auto recorder = std::make_shared<Recorder>();
  const auto sum =
      lian::step([](int x) { return x + 1; }, "a") | lian::step([](int x) { return x + 1; }, "b");
  const auto named = sum.with_config(RunnableConfig().run_name("sum"));
  CHECK(named.invoke(1, Context().with_handler(recorder)) == 3);
  CHECK(recorder->line == "start sum; start a; end a; start b; end b; end sum");
  CHECK(named.invoke(1) == 3);
  recorder->line.clear();
  for (int piece : named.stream(1, Context().with_handler(recorder))) CHECK(piece == 3);
  CHECK(recorder->line.substr(0, 9) == "start sum");
  CHECK(recorder->line.substr(recorder->line.size() - 7) == "end sum");
}

TEST_CASE("with_config: says at once what is wrong with it") {
  const auto same = lian::step([](int x) { return x; });
  CHECK(kind_of([&] { same.with_config(RunnableConfig().max_concurrency(0)); }) ==
        ErrorKind::config);
  CHECK(kind_of([&] { same.with_config(RunnableConfig().callbacks({nullptr})); }) ==
        ErrorKind::config);
}

TEST_CASE("map: the step for each element, so many at once, in order") {
  std::atomic<int> running = 0, most = 0;
  const auto slow = lian::step([&](int x) -> Task<int> {
    struct Count {
      std::atomic<int>& running;
      ~Count() { --running; }
    };
    auto work = [](std::atomic<int>* now, std::atomic<int>* top, int value) -> Task<int> {
      const Count count{*now};
      *top = std::max(top->load(), ++*now);
      co_await lian::sleep(2ms);
      co_return value* value;
    };
    return work(&running, &most, x);
  });
  const auto all = slow.map().with_config(RunnableConfig().max_concurrency(3));
  CHECK(all.invoke({1, 2, 3, 4, 5, 6, 7}) == std::vector<int>{1, 4, 9, 16, 25, 36, 49});
  CHECK(most == 3);
  CHECK(all.invoke({}).empty());
  const auto chain =
      lian::step([](std::string text) { return std::vector<char>(text.begin(), text.end()); }) |
      lian::step([](char c) { return std::string(2, c); }).map() |
      lian::step([](std::vector<std::string> parts) {
        std::string text;
        for (const std::string& part : parts) text += part;
        return text;
      });
  CHECK(chain.invoke("abc") == "aabbcc");
}

// ------------------------------------------------------------------ router, loop_until, generator

TEST_CASE("router: goes the way that is named, says which there are") {
  const auto chain = lian::router(lian::route("add", [](int x) { return x + 1; }),
                                  lian::route("square", lian::step([](int x) { return x * x; })));
  CHECK(chain.invoke({"add", 10}) == 11);
  CHECK(chain.invoke({"square", 10}) == 100);
  CHECK(chain.batch({{"add", 1}, {"square", 2}}) == std::vector<int>{2, 4});
  CHECK(message_of([&] {
          chain.invoke({"cube", 1});
        }) == "router: no way of the router is named 'cube'; there are add, square");
  const auto twice = [] {
    const auto same = lian::step([](int x) { return x; });
    return lian::router(lian::route("a", same), lian::route("a", same));
  };
  CHECK(kind_of([&] { twice(); }) == ErrorKind::config);
}

TEST_CASE("router: streams the way it goes") {
  const Runnable<int, std::string> sound(std::make_shared<Breaks>(2, 0));
  const auto chain = lian::router(lian::route("a", sound), lian::route("b", sound));
  CHECK(read_all(chain.stream({"b", 1})) == "0|1|end|");
}

TEST_CASE("loop_until: runs on its own result until the condition holds") {
  const auto doubled = lian::step([](int x) { return x * 2; });
  CHECK(lian::loop_until(doubled, [](int x) { return x > 100; }).invoke(3) == 192);
  CHECK(lian::loop_until(doubled, [](int) { return true; }).invoke(3) == 6);
  const auto endless = lian::loop_until(
      doubled, [](int) { return false; }, 4);
  CHECK(
      message_of([&] { endless.invoke(1); }) ==
      "loop_until: its condition did not hold after 4 iterations; allow more, or let the step come "
      "to an end");
  CHECK(kind_of([&] { endless.invoke(1); }) == ErrorKind::limit);
  CHECK(kind_of([&] {
          lian::loop_until(
              doubled, [](int) { return true; }, 0);
        }) == ErrorKind::config);
}

namespace {

Stream<std::string> shout(Stream<std::string> pieces) {
  while (const std::string* piece = co_await pieces.next()) co_yield *piece + "!";
}

}  // namespace

TEST_CASE("generator: a coroutine from pieces to pieces stands in a chain") {
  const Runnable<int, std::string> words(std::make_shared<Breaks>(2, 0));
  const auto chain = words | lian::generator<std::string, std::string>(shout, "shout");
  CHECK(read_all(chain.stream(0)) == "0!|1!|end!|");
  CHECK(chain.invoke(0) == "whole!");
  CHECK(lian::describe(chain).back().name == "shout");
  CHECK(lian::describe(chain).back().streams);
}

TEST_CASE("step: a function that gives a step chooses it; endless choosing ends") {
  const auto even = lian::step([](int x) { return "even " + std::to_string(x); });
  const auto odd = lian::step([](int x) { return "odd " + std::to_string(x); });
  const auto chosen = lian::step([even, odd](int x) { return x % 2 == 0 ? even : odd; });
  CHECK(chosen.invoke(4) == "even 4");
  CHECK(chosen.invoke(5) == "odd 5");
  static std::optional<Runnable<int, std::string>> itself;
  itself = lian::step([](int) { return *itself; });
  CHECK(kind_of([&] { itself->invoke(1); }) == ErrorKind::limit);
  itself.reset();
}
