#include "lian/core/pipe.hpp"

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "lian/core/sleep.hpp"
#include "support/async.hpp"
#include "support/catch.hpp"

using lian::Context;
using lian::Error;
using lian::ErrorKind;
using lian::Runnable;
using lian::Stream;
using lian::Task;
using lian::test::message_of;
using namespace std::chrono_literals;

namespace {

// Text that comes word by word, and breaks off when told to.
class Generate : public lian::Step<int, std::string> {
 public:
  explicit Generate(bool breaks = false) : breaks_(breaks) {}
  Task<std::string> run(int words, Context) const override {
    if (breaks_) throw Error(ErrorKind::server, "broke off");
    std::string text;
    for (int i = 0; i < words; ++i) text += std::to_string(i) + " ";
    co_return text;
  }
  Stream<std::string> transform(Stream<int> in, Context) const override {
    const int words = *co_await in.next();
    for (int i = 0; i < words; ++i) {
      co_await lian::sleep(0ns);
      co_yield std::to_string(i) + " ";
    }
    if (breaks_) throw Error(ErrorKind::server, "broke off");
  }
  bool streams() const noexcept override { return true; }
  std::string name() const override { return "gen"; }

 private:
  bool breaks_;
};

// Hands pieces on, changed.
class Mark : public lian::Step<std::string, std::string> {
 public:
  Task<std::string> run(std::string text, Context) const override { co_return "<" + text + ">"; }
  Stream<std::string> transform(Stream<std::string> in, Context) const override {
    while (const std::string* piece = co_await in.next()) co_yield "<" + *piece + ">";
  }
  bool streams() const noexcept override { return true; }
  std::string name() const override { return "mark"; }
};

// Gives its input stream on as it is.
class Same : public lian::Step<std::string, std::string> {
 public:
  Task<std::string> run(std::string text, Context) const override { co_return text; }
  Stream<std::string> transform(Stream<std::string> in, Context) const override { return in; }
  bool streams() const noexcept override { return true; }
  std::string name() const override { return "same"; }
};

// Runs another chain inside, with both faces.
class Outer : public lian::Step<int, std::string> {
 public:
  explicit Outer(Runnable<int, std::string> inner) : inner_(std::move(inner)) {}
  Task<std::string> run(int words, Context context) const override {
    return inner_.ainvoke(words, std::move(context));
  }
  Stream<std::string> transform(Stream<int> in, Context context) const override {
    return inner_.atransform(std::move(in), std::move(context));
  }
  bool streams() const noexcept override { return true; }
  std::string name() const override { return "outer"; }

 private:
  Runnable<int, std::string> inner_;
};

Runnable<int, std::string> gen(bool breaks = false) {
  return Runnable<int, std::string>(std::make_shared<Generate>(breaks));
}
Runnable<std::string, std::string> mark() {
  return Runnable<std::string, std::string>(std::make_shared<Mark>());
}
Runnable<std::string, std::string> same() {
  return Runnable<std::string, std::string>(std::make_shared<Same>());
}
Runnable<int, std::string> outer(Runnable<int, std::string> inner) {
  return Runnable<int, std::string>(std::make_shared<Outer>(std::move(inner)));
}

// Made from text, as a chat model's input is.
class Question {
 public:
  Question(std::string text) : text_(std::move(text)) {}
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

template <class Out>
std::vector<std::string> pieces_of(lian::PieceRange<Out> range) {
  std::vector<std::string> all;
  for (auto& piece : range) all.push_back(piece);
  return all;
}

class Ignore : public lian::Handler {
 public:
  void on_event(const lian::Event&) override {}
};

template <class Chain>
std::string invoke_error(const Chain& chain, Context context = Context()) {
  return message_of([&] { chain.invoke(2, context); });
}
template <class Chain>
std::string stream_error(const Chain& chain, Context context = Context()) {
  return message_of([&] { pieces_of(chain.stream(2, context)); });
}

}  // namespace

TEST_CASE("pipe: the result is a plain Runnable") {
  const Runnable<int, std::size_t> chain =
      gen() | mark() | [](const std::string& text) { return text.size(); };
  CHECK(chain.invoke(2) == 6);
}

TEST_CASE("pipe: types meet by conversion") {
  const auto ask = lian::step([](Question question) { return question.text() + "?"; });
  const auto chain = lian::step([](int number) { return std::to_string(number); }) | ask;
  CHECK(chain.invoke(7) == "7?");
  CHECK(pieces_of(chain.stream(7)) == std::vector<std::string>{"7?"});
}

TEST_CASE("pipe: functions, generic lambdas and coroutines may stand on the right") {
  const auto chain = lian::step([](int number) { return 2 * number; }) |
                     [](auto number) { return number + 1; } |
                     [](int number) -> Task<std::string> { co_return std::to_string(number); } |
                     [](const std::string& text, Context context) {
                       return text + (context.tags().empty() ? "" : context.tags().front());
                     };
  CHECK(chain.invoke(5) == "11");
  CHECK(chain.invoke(5, Context().with_tag("!")) == "11!");
}

TEST_CASE("pipe: pieces pass through steps that stream, and collect at those that do not") {
  const auto streams = gen() | mark() | same();
  CHECK(pieces_of(streams.stream(3)) == std::vector<std::string>{"<0 >", "<1 >", "<2 >"});
  const auto collects = gen() | [](std::string text) { return text + "!"; } | mark();
  CHECK(pieces_of(collects.stream(3)) == std::vector<std::string>{"<0 1 2 !>"});
}

TEST_CASE("pipe: describe says where a chain stops streaming") {
  const auto chain = gen() | (mark() | [](std::string text) { return text; }) | mark();
  const auto lines = lian::describe(chain);
  REQUIRE(lines.size() == 4);
  CHECK(lines[0].name == "gen");
  CHECK(lines[0].streams);
  CHECK(lines[1].streams);
  CHECK(lines[2].name == "function");
  CHECK_FALSE(lines[2].streams);
  CHECK(lines[3].streams);
  CHECK_FALSE(chain.step()->streams());
  CHECK((gen() | mark()).step()->streams());
}

TEST_CASE("pipe: an error names the step that failed, and it alone, by every verb") {
  const auto shout = lian::step([](std::string text) { return text + "!"; }, "shout");
  const auto ask = lian::step([](Question question) { return question.text(); }, "ask");
  const auto observed = Context().with_handler(std::make_shared<Ignore>());
  const auto timed = Context().with_timeout(1h);

  for (const auto& chain : {gen(true) | mark(), gen(true) | same() | mark(), gen(true) | shout,
                            gen(true) | ask | mark(), gen(true) | (mark() | shout),
                            (gen(true) | mark()) | same()}) {
    for (const auto& context : {Context(), observed, timed}) {
      CHECK(invoke_error(chain, context) == "gen: broke off");
      CHECK(stream_error(chain, context) == "gen: broke off");
    }
  }
}

TEST_CASE("pipe: an error of the last step names it") {
  const auto fail = lian::step(
      [](const std::string&) -> std::string { throw Error(ErrorKind::tool, "no"); }, "fail");
  const auto chain = gen() | mark() | fail;
  CHECK(invoke_error(chain) == "fail: no");
  CHECK(stream_error(chain) == "fail: no");
  CHECK(stream_error(chain | mark()) == "fail: no");
}

TEST_CASE("pipe: an error in a chain inside a step shows the way") {
  const auto observed = Context().with_handler(std::make_shared<Ignore>());
  const auto chain = outer(gen(true) | mark()) | mark();
  for (const auto& context : {Context(), observed, Context().with_timeout(1h)}) {
    CHECK(invoke_error(chain, context) == "outer > gen: broke off");
    CHECK(stream_error(chain, context) == "outer > gen: broke off");
  }
  CHECK(stream_error(outer(outer(gen(true)))) == "outer > outer > gen: broke off");
  const auto blocking = lian::step(
      [inner = gen(true) | mark()](int words) { return inner.invoke(words); }, "blocking");
  CHECK(invoke_error(blocking) == "blocking > gen: broke off");
  CHECK(stream_error(blocking | mark()) == "blocking > gen: broke off");
}

TEST_CASE("pipe: the output may be move-only") {
  const auto chain = lian::step([](int number) { return number + 1; }) |
                     [](int number) { return std::make_unique<int>(number); };
  CHECK(*chain.invoke(1) == 2);
  CHECK(**chain.stream(1).next() == 2);
  CHECK(*chain.batch({4}).front() == 5);
  const auto context = Context().with_handler(std::make_shared<Ignore>());
  CHECK(*chain.invoke(1, context) == 2);
  CHECK(**chain.stream(1, context).next() == 2);
}

TEST_CASE("pipe: a chain half-read is dropped at every piece") {
  const auto chain = gen() | mark() | same();
  for (int stop_at = 0; stop_at <= 4; ++stop_at) {
    auto pieces = chain.stream(3, Context().with_timeout(1h));
    for (int i = 0; i < stop_at; ++i) pieces.next();
  }
  SUCCEED("the sanitizers look for what is left");
}
