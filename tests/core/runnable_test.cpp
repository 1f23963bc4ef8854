#include "lian/core/runnable.hpp"

#include <algorithm>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "lian/core/pipe.hpp"
#include "lian/core/sleep.hpp"
#include "support/async.hpp"
#include "support/catch.hpp"

using lian::Context;
using lian::Error;
using lian::ErrorKind;
using lian::Result;
using lian::Runnable;
using lian::Task;
using lian::test::Counted;
using namespace std::chrono_literals;

namespace {

std::vector<int> counting(int count) {
  std::vector<int> numbers;
  for (int i = 0; i < count; ++i) numbers.push_back(i);
  return numbers;
}

// Counts how many run at once.
class Busy : public lian::Step<int, int> {
 public:
  Task<int> run(int number, Context) const override {
    most = std::max(most, ++inside);
    for (int i = 0; i <= number % 3; ++i) co_await lian::sleep(0ns);
    --inside;
    co_return 10 * number;
  }
  mutable int inside = 0, most = 0;
};

// Fails at one number; the others wait until they are cancelled.
class FailsAt : public lian::Step<int, int> {
 public:
  explicit FailsAt(int bad) : bad_(bad) {}
  Task<int> run(int number, Context) const override {
    ++begun;
    if (number == bad_) {
      co_await lian::sleep(0ns);
      throw Error(ErrorKind::validation, "number " + std::to_string(number) + " is bad");
    }
    const Counted local;
    try {
      co_await lian::test::wait_forever();
    } catch (const Error&) {
      ++cancelled;
      throw;
    }
    co_return number;
  }
  std::string name() const override { return "picky"; }
  mutable int begun = 0, cancelled = 0;

 private:
  int bad_;
};

// Every other number waits for ever.
Task<int> half_wait(int number) {
  const Counted local;
  if (number % 2)
    co_await lian::test::wait_forever();
  else
    co_await lian::sleep(0ns);
  co_return number;
}

Task<int> invoke_twice(Runnable<int, int> chain) {
  const int once = co_await chain.ainvoke(1);
  co_return co_await chain.ainvoke(once);
}

Task<std::string> read(Runnable<std::string, std::string> chain) {
  std::string all;
  auto stream = chain.astream("abc");
  while (const std::string* piece = co_await stream.next()) all += *piece + ".";
  co_return all;
}

class Characters : public lian::Step<std::string, std::string> {
 public:
  Task<std::string> run(std::string text, Context) const override { co_return text; }
  lian::Stream<std::string> transform(lian::Stream<std::string> in, Context) const override {
    while (const std::string* piece = co_await in.next())
      for (const char c : *piece) co_yield std::string(1, c);
  }
  bool streams() const noexcept override { return true; }

 private:
  Counted alive_;
};

}  // namespace

TEST_CASE("runnable: invoke and ainvoke, stream and astream agree") {
  const auto chain = lian::step([](int number) { return number + 4; });
  CHECK(chain.invoke(1) == 5);
  CHECK(lian::block_on(invoke_twice(chain)) == 9);

  const Runnable<std::string, std::string> characters(std::make_shared<Characters>());
  std::string all;
  for (const std::string& piece : characters.stream("abc")) all += piece + ".";
  CHECK(all == "a.b.c.");
  CHECK(lian::block_on(read(characters)) == all);
}

TEST_CASE("runnable: the verbs keep the step alive") {
  {
    auto stream = Runnable<std::string, std::string>(std::make_shared<Characters>()).stream("ab");
    CHECK(*stream.next() == "a");
    CHECK(*stream.next() == "b");
    Task<std::string> task =
        Runnable<std::string, std::string>(std::make_shared<Characters>()).ainvoke("x");
    CHECK(Counted::alive() == 2);
    CHECK(lian::block_on(std::move(task)) == "x");
  }
  CHECK(Counted::alive() == 0);
}

TEST_CASE("runnable: batch gives results in order and keeps to the concurrency") {
  const auto busy = std::make_shared<Busy>();
  const Runnable<int, int> chain(busy);
  const std::vector<int> results = chain.batch(counting(50), Context().with_concurrency(7));
  for (int i = 0; i < 50; ++i) CHECK(results[static_cast<std::size_t>(i)] == 10 * i);
  CHECK(busy->most == 7);
  CHECK(busy->inside == 0);
  CHECK(chain.batch({}).empty());
}

TEST_CASE("runnable: the first error of a batch cancels the others and awaits them") {
  const auto picky = std::make_shared<FailsAt>(3);
  const Runnable<int, int> chain(picky);
  CHECK(lian::test::message_of([&] { chain.batch(counting(100), Context().with_concurrency(8)); }) ==
        "picky: number 3 is bad");
  CHECK(picky->begun == 8);
  CHECK(picky->cancelled == 7);
  CHECK(Counted::alive() == 0);
}

TEST_CASE("runnable: try_batch gives each input its value or its error") {
  const auto chain = lian::step(
      [](int number) {
        if (number % 3 == 1) throw Error(ErrorKind::validation, "bad " + std::to_string(number));
        return 2 * number;
      },
      "check");
  const auto results = chain.try_batch(counting(5));
  REQUIRE(results.size() == 5);
  CHECK(results[0].value() == 0);
  CHECK(results[1].message() == "check: bad 1");
  CHECK(*results[2] == 4);
  CHECK_FALSE(results[4].ok());
  CHECK_THROWS_AS(results[4].value(), Error);
}

TEST_CASE("runnable: a thousand calls on one thread, half of them cancelled") {
  std::stop_source source;
  int ended = 0;
  const auto chain = lian::step(half_wait) | [&](int number) {
    if (++ended == 500) source.request_stop();  // all that can end have ended
    return number;
  };
  const auto context = Context().with_concurrency(600).with_stop(source.get_token());
  const auto results = chain.try_batch(counting(1'000), context);
  int given = 0, cancelled = 0;
  for (std::size_t i = 0; i < results.size(); ++i) {
    if (results[i].ok()) {
      ++given;
      CHECK(*results[i] == static_cast<int>(i));
    } else {
      cancelled += results[i].message().find("a stop was requested") != std::string::npos;
    }
  }
  CHECK(given == 500);
  CHECK(cancelled == 500);
  CHECK(Counted::alive() == 0);
}

TEST_CASE("runnable: a thousand calls with concurrency 100 on one thread") {
  const auto busy = std::make_shared<Busy>();
  const Runnable<int, int> chain(busy);
  std::stop_source source;
  const auto results =
      chain.try_batch(counting(1'000), Context().with_concurrency(100).with_stop(source.get_token()));
  CHECK(std::all_of(results.begin(), results.end(), [](const auto& result) { return result.ok(); }));
  CHECK(busy->most == 100);
}

TEST_CASE("runnable: a batch dropped midway frees all") {
  lian::test::HandDriven loop;
  const auto picky = std::make_shared<FailsAt>(-1);
  {
    const auto batch = loop.start(Runnable<int, int>(picky).abatch(counting(20)));
    CHECK(Counted::alive() == 16);
  }
  CHECK(Counted::alive() == 0);
}

TEST_CASE("result: holds a value or an error") {
  Result<std::string> good(std::string("text"));
  CHECK(good);
  CHECK(good->size() == 4);
  CHECK(good.message().empty());
  const Result<std::string> bad(std::make_exception_ptr(std::runtime_error("no")));
  CHECK_FALSE(bad);
  CHECK(bad.message() == "no");
  CHECK_THROWS_WITH(*bad, "no");
}
