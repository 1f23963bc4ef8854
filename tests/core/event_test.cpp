#include "lian/core/event.hpp"

#include <mutex>
#include <stdexcept>
#include <string>
#include <vector>

#include "lian/core/pipe.hpp"
#include "support/async.hpp"
#include "support/catch.hpp"

using lian::Context;
using lian::Event;
using lian::EventType;
using lian::Task;

namespace {

// What a test looks at; views end with the call.
struct Seen {
  EventType type;
  std::string name, text;
  lian::RunId run, parent;
  bool tagged;
};

class Recorder : public lian::Handler {
 public:
  void on_event(const Event& event) override {
    std::string text = event.data.text();
    if (event.error) text = event.error->message();
    if (event.type == EventType::warning) text = std::string(event.message);
    const std::lock_guard lock(mutex_);
    seen.push_back(Seen{event.type, std::string(event.name), text, event.run_id, event.parent_id,
                        event.tags != nullptr});
  }
  std::string line() const {
    std::string out;
    for (const Seen& event : seen) {
      if (!out.empty()) out += "; ";
      out += std::string(to_string(event.type)) + " " + event.name + " " + event.text;
    }
    return out;
  }
  std::vector<Seen> seen;

 private:
  std::mutex mutex_;
};

class Throws : public lian::Handler {
 public:
  void on_event(const Event& event) override {
    if (event.type == EventType::end) throw std::runtime_error("no room");
  }
};

class Words : public lian::Step<int, std::string> {
 public:
  Task<std::string> run(int count, Context) const override {
    co_return std::string(static_cast<std::size_t>(count), 'w');
  }
  lian::Stream<std::string> transform(lian::Stream<int> in, Context) const override {
    const int* count = co_await in.next();
    const int words = *count;
    for (int i = 0; i < words; ++i) co_yield "w";
  }
  bool streams() const noexcept override { return true; }
  std::string name() const override { return "words"; }
};

lian::Runnable<int, std::string> words() {
  return lian::Runnable<int, std::string>(std::make_shared<Words>());
}

struct Opaque {
  int number = 0;
};

}  // namespace

TEST_CASE("event: every step of a chain reports start and end under its caller's run") {
  const auto recorder = std::make_shared<Recorder>();
  const auto inner = lian::step([](int number) { return number + 1; }, "inner");
  const auto chain = lian::step([&](int number) { return inner.invoke(number); }, "outer") |
                     lian::step([](int number) { return std::to_string(number); }, "text");
  CHECK(chain.invoke(1, Context().with_handler(recorder).with_tag("t")) == "2");
  CHECK(recorder->line() ==
        "start chain 1; start outer 1; start inner 1; end inner 2; end outer 2; start text 2; "
        "end text 2; end chain 2");
  const auto& seen = recorder->seen;
  CHECK(seen[0].parent == 0);
  CHECK(seen[1].parent == seen[0].run);
  CHECK(seen[2].parent == seen[1].run);
  CHECK(seen[3].run == seen[2].run);
  CHECK(seen[4].run == seen[1].run);
  CHECK(seen[5].parent == seen[0].run);
  CHECK(seen[5].run != seen[1].run);
  CHECK(seen[0].tagged);
}

TEST_CASE("event: a stream reports every piece and the joined end") {
  const auto recorder = std::make_shared<Recorder>();
  std::string all;
  for (const std::string& piece : words().stream(3, Context().with_handler(recorder))) all += piece;
  CHECK(all == "www");
  CHECK(recorder->line() ==
        "start words 3; piece words w; piece words w; piece words w; end words www");
}

TEST_CASE("event: an error is reported by each step it crosses") {
  const auto recorder = std::make_shared<Recorder>();
  const auto chain =
      lian::step([](int) -> int { throw lian::Error(lian::ErrorKind::tool, "broke"); }, "bad");
  const auto context = Context().with_handler(recorder);
  CHECK(lian::test::message_of([&] { chain.invoke(1, context); }) == "bad: broke");
  CHECK(recorder->line() == "start bad 1; error bad broke");

  recorder->seen.clear();
  const auto other = lian::step([](int) -> int { throw std::runtime_error("foreign"); }, "bad");
  CHECK(lian::test::message_of([&] { other.invoke(1, context); }) == "foreign");
  CHECK(recorder->line() == "start bad 1; error bad foreign");
}

TEST_CASE("event: a stream dropped half-read is reported as cancelled") {
  const auto recorder = std::make_shared<Recorder>();
  {
    auto pieces = words().stream(3, Context().with_handler(recorder));
    pieces.next();
  }
  CHECK(recorder->line() ==
        "start words 3; piece words w; "
        "error words cancelled: the result is not wanted any more");
}

TEST_CASE("event: a handler that throws becomes a warning and harms nothing") {
  const auto recorder = std::make_shared<Recorder>();
  const auto chain = lian::step([](int number) { return number; }, "same");
  const auto context = Context().with_handler(std::make_shared<Throws>()).with_handler(recorder);
  CHECK(chain.invoke(1, context) == 1);
  REQUIRE(recorder->seen.size() == 3);
  const bool warned =
      recorder->line().find("warning same a handler threw while it was told 'end': no room") !=
      std::string::npos;
  CHECK(warned);
}

TEST_CASE("event: nobody watches, nothing is numbered") {
  lian::RunId seen = 1;
  const auto chain = lian::step([&](int number, Context context) {
    seen = context.run_id();
    context.warn("step", "nobody hears this");
    return number;
  });
  chain.invoke(1);
  CHECK(seen == 0);
}

TEST_CASE("event: serialized keeps a handler's calls apart") {
  class Unguarded : public lian::Handler {
   public:
    void on_event(const Event&) override { ++count; }
    int count = 0;
  };
  const auto handler = std::make_shared<Unguarded>();
  const auto context = Context().with_handler(lian::serialized(handler));
  const auto chain = lian::step([](int number) { return number; });
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&] {
      for (int k = 0; k < 50; ++k) chain.invoke(k, context);
    });
  for (auto& thread : threads) thread.join();
  CHECK(handler->count == 400);
}

TEST_CASE("event: payloads show values and give them back by type") {
  const int number = 5;
  const std::string text = "hi";
  const bool yes = true;
  const Opaque opaque;
  CHECK(lian::Payload(number).text() == "5");
  CHECK(lian::Payload(text).text() == "hi");
  CHECK(lian::Payload(yes).text() == "true");
  CHECK(lian::Payload(opaque).text().find("Opaque>") != std::string::npos);
  CHECK(lian::Payload().empty());
  CHECK(*lian::Payload(number).as<int>() == 5);
  CHECK(lian::Payload(number).as<long>() == nullptr);
}
