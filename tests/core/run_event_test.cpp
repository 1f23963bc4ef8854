#include "lian/core/run_event.hpp"

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "lian/core/parallel.hpp"
#include "lian/core/pipe.hpp"
#include "lian/core/sleep.hpp"
#include "support/async.hpp"
#include "support/catch.hpp"

using lian::Context;
using lian::Error;
using lian::ErrorKind;
using lian::EventFilter;
using lian::EventType;
using lian::RunEvent;
using lian::Runnable;
using lian::Stream;
using lian::Task;
using lian::test::kind_of;
using namespace std::chrono_literals;

namespace {

class Words : public lian::Step<int, std::string> {
 public:
  explicit Words(bool fails = false) : fails_(fails) {}
  Task<std::string> run(int, Context) const override { co_return ""; }
  Stream<std::string> transform(Stream<int> in, Context) const override {
    const int count = *co_await in.next();
    for (int i = 0; i < count; ++i) {
      co_await lian::sleep(0ns);
      ++given;
      co_yield std::to_string(i) + " ";
    }
    if (fails_) throw Error(ErrorKind::server, "broke off");
  }
  bool streams() const noexcept override { return true; }
  std::string name() const override { return "words"; }
  lian::StepKind kind() const noexcept override { return lian::StepKind::chat_model; }
  mutable int given = 0;

 private:
  bool fails_;
};

Stream<std::string> shout(Stream<std::string> pieces) {
  while (const std::string* piece = co_await pieces.next()) co_yield *piece + "!";
}

class Shout : public lian::Step<std::string, std::string> {
 public:
  Task<std::string> run(std::string text, Context) const override { co_return text; }
  Stream<std::string> transform(Stream<std::string> in, Context) const override {
    return shout(std::move(in));
  }
  bool streams() const noexcept override { return true; }
  std::string name() const override { return "shout"; }
  lian::StepKind kind() const noexcept override { return lian::StepKind::parser; }
};

Runnable<int, std::string> words(bool fails = false) {
  return Runnable<int, std::string>(std::make_shared<Words>(fails));
}
Runnable<std::string, std::string> loud() {
  return Runnable<std::string, std::string>(std::make_shared<Shout>());
}

std::string line(const RunEvent& event) {
  return event.event + " " + event.name + " " + event.data.text();
}

std::vector<std::string> lines(lian::PieceRange<RunEvent> events) {
  std::vector<std::string> out;
  for (const RunEvent& event : events) out.push_back(line(event));
  return out;
}

}  // namespace

TEST_CASE("astream_events: start, pieces and end of each step, the chain's own around them") {
  const auto chain = words() | loud();
  CHECK(lines(chain.stream_events(2)) ==
        std::vector<std::string>{"on_chain_start chain 2", "on_parser_start shout ",
                                 "on_chat_model_start words 2", "on_chat_model_stream words 0 ",
                                 "on_parser_stream shout 0 !", "on_chain_stream chain 0 !",
                                 "on_chat_model_stream words 1 ", "on_parser_stream shout 1 !",
                                 "on_chain_stream chain 1 !", "on_chat_model_end words 0 1 ",
                                 "on_parser_end shout 0 !1 !", "on_chain_end chain 0 !1 !"});
}

TEST_CASE("astream_events: parents stand root first; values keep their types") {
  const auto inner = lian::step([](int x) { return x + 1; }, "inner");
  const auto outer = lian::step(
      [inner](int x, const Context& context) { return inner.ainvoke(x, context); }, "outer");
  const auto chain = outer | lian::step([](int x) { return x; }, "last");
  std::vector<lian::RunId> ids, parents;
  int output = 0;
  for (const RunEvent& event : chain.stream_events(1)) {
    if (event.name == "inner" && event.type == EventType::start) parents = event.parent_ids;
    if (event.type == EventType::start && event.name != "inner" && event.name != "last")
      ids.push_back(event.run_id);
    if (event.name == "chain" && event.type == EventType::end) output = *event.data.as<int>();
    CHECK_FALSE(event.data.as<std::string>());
  }
  CHECK(ids.size() == 2);
  CHECK(parents == ids);
  CHECK(output == 2);
}

TEST_CASE("astream_events: filters by name, kind and tag, as asked") {
  const auto chain = words() | loud();
  CHECK(lines(chain.stream_events(1, Context(), EventFilter().include_types({"chat_model"}))) ==
        std::vector<std::string>{"on_chat_model_start words 1", "on_chat_model_stream words 0 ",
                                 "on_chat_model_end words 0 "});
  CHECK(lines(chain.stream_events(1, Context(),
                                  EventFilter().exclude_types({"chat_model", "chain"}))) ==
        std::vector<std::string>{"on_parser_start shout ", "on_parser_stream shout 0 !",
                                 "on_parser_end shout 0 !"});
  CHECK(lines(chain.stream_events(1, Context(), EventFilter().include_names({"shout"}))).size() ==
        3);
  CHECK(lines(chain.stream_events(1, Context(),
                                  EventFilter().include_names({"shout"}).exclude_names({"shout"})))
            .empty());
  const auto tagged = words().with_config(lian::RunnableConfig().tags({"mine"})) | loud();
  CHECK(lines(tagged.stream_events(1, Context(), EventFilter().include_tags({"mine"}))).size() ==
        3);
  CHECK(lines(tagged.stream_events(1, Context(), EventFilter().exclude_tags({"mine"}))).size() ==
        6);
}

TEST_CASE("astream_events: a failure comes as events, then is thrown") {
  const auto chain = words(true) | loud();
  std::vector<std::string> seen;
  std::string last;
  CHECK(kind_of([&] {
          for (const RunEvent& event : chain.stream_events(1)) {
            if (event.type != EventType::error) continue;
            seen.push_back(event.event);
            last = event.message;
            CHECK(kind_of([&] { std::rethrow_exception(event.error); }) == ErrorKind::server);
          }
        }) == ErrorKind::server);
  CHECK(seen ==
        std::vector<std::string>{"on_chat_model_error", "on_parser_error", "on_chain_error"});
  CHECK(last == "broke off");
}

TEST_CASE("astream_events: events come while the run goes on") {
  std::atomic<bool> read = false;
  const auto waits = lian::step(
      [&read](int) -> Task<int> {
        struct Wait {
          static Task<int> until(std::atomic<bool>* flag) {
            while (!*flag) co_await lian::sleep(1ms);
            co_return 1;
          }
        };
        return Wait::until(&read);
      },
      "waits");
  for (const RunEvent& event : waits.stream_events(1))
    if (event.type == EventType::start) read = true;
  CHECK(read);
}

TEST_CASE("astream_events: a slow reader holds the run, and may leave half-way") {
  const auto many = std::make_shared<Words>();
  {
    auto events = Runnable<int, std::string>(many).stream_events(10'000);
    for (int i = 0; i < 3; ++i) events.next();
  }
  CHECK(many->given < 200);
}

TEST_CASE("astream_events: handlers of the call see the run too; a stop ends it") {
  class Counts : public lian::Handler {
   public:
    void on_event(const lian::Event&) override { ++count; }
    int count = 0;
  };
  const auto counts = std::make_shared<Counts>();
  CHECK(lines(words().stream_events(1, Context().with_handler(counts))).size() == 3);
  CHECK(counts->count == 3);
  const auto forever = lian::step([](int) -> Task<int> {
    co_await lian::test::wait_forever();
    co_return 1;
  });
  CHECK(kind_of([&] { lines(forever.stream_events(1, Context().with_timeout(5ms))); }) ==
        ErrorKind::timeout);
}

TEST_CASE("astream_events: side by side branches keep their own parents") {
  const auto both = lian::parallel(lian::key<"a"> = words(), lian::key<"b"> = words() | loud());
  lian::RunId root = 0;
  int starts = 0;
  for (const RunEvent& event : both.stream_events(3)) {
    if (event.name == "parallel" && event.type == EventType::start) root = event.run_id;
    if (event.type != EventType::start || event.name == "parallel") continue;
    ++starts;
    CHECK(event.parent_ids == std::vector<lian::RunId>{root});
  }
  CHECK(starts == 3);
}

TEST_CASE("event data: copies what can be copied, whatever a container says of itself") {
  const auto moved = lian::step([](int x) {
    std::vector<std::unique_ptr<int>> out;
    out.push_back(std::make_unique<int>(x));
    return out;
  });
  bool ended = false;
  for (const RunEvent& event : moved.stream_events(1)) {
    if (event.type != EventType::end) continue;
    ended = true;
    CHECK(event.data.empty());
  }
  CHECK(ended);
}
