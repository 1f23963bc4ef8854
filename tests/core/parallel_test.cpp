#include "lian/core/parallel.hpp"

#include <chrono>
#include <string>
#include <vector>

#include "lian/core/assign.hpp"
#include "lian/core/branch.hpp"
#include "lian/core/passthrough.hpp"
#include "lian/core/sleep.hpp"
#include "support/catch.hpp"

using namespace lian;
using namespace std::chrono_literals;

namespace {

// Gives its input word by word, also when it is asked for the whole.
class Words final : public Step<std::string, std::string> {
 public:
  Task<std::string> run(std::string in, Context) const override { co_return in; }
  Stream<std::string> transform(Stream<std::string> in, Context) const override {
    Task<std::string> joining = join<std::string>(std::move(in));
    const std::string text = co_await std::move(joining);
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t end = std::min(text.find(' ', at), text.size() - 1) + 1;
      std::string word = text.substr(at, end - at);
      Sleep pause = lian::sleep(0ns);
      co_await pause;
      co_yield word;
      at = end;
    }
  }
  bool streams() const noexcept override { return true; }
  std::string name() const override { return "words"; }
};

Runnable<std::string, std::string> words() {
  return Runnable<std::string, std::string>(std::make_shared<Words>());
}

auto failing(std::string name) {
  return step(
      [](std::string) -> std::string { throw Error(ErrorKind::tool, "no luck"); }, std::move(name));
}

}  // namespace

TEST_CASE("parallel: gives a record of what its branches give") {
  const auto both = parallel(key<"same"> = passthrough<std::string>(),
                             key<"size"> = [](const std::string& s) { return s.size(); });
  const auto record = both.invoke("four");
  CHECK(record.get<"same">() == "four");
  CHECK(record.get<"size">() == 4);
  static_assert(decltype(both)::Out::has<"same">);
  static_assert(!decltype(both)::Out::has<"other">);
}

TEST_CASE("parallel: branches run side by side") {
  const auto slow = [](std::string s) -> Task<std::string> {
    Sleep pause = lian::sleep(100ms);
    co_await pause;
    co_return s;
  };
  const auto all = parallel<std::string>(key<"a"> = slow, key<"b"> = slow, key<"c"> = slow);
  const auto start = Clock::now();
  CHECK(all.invoke("x").get<"c">() == "x");
  CHECK(Clock::now() - start < 250ms);
}

TEST_CASE("parallel: streams pieces under their names, which join to the record") {
  const auto both = parallel(key<"first"> = words(), key<"second"> = words());
  std::string first, second;
  int first_pieces = 0, second_pieces = 0;
  for (auto& piece : both.stream("one two three")) {
    if (auto* text = piece.get<"first">()) first += *text, ++first_pieces;
    if (auto* text = piece.get<"second">()) second += *text, ++second_pieces;
  }
  CHECK(first == "one two three");
  CHECK(second == first);
  CHECK(first_pieces == 3);
  CHECK(second_pieces == 3);
}

TEST_CASE("parallel: a piece of input reaches branches that have not finished the last one") {
  const auto chain = words() | parallel(key<"same"> = passthrough<std::string>(),
                                        key<"whole"> = [](std::string s) { return s.size(); });
  std::vector<std::string> order;
  for (auto& piece : chain.stream("a b c")) {
    if (auto* text = piece.get<"same">()) order.push_back(*text);
    if (piece.get<"whole">()) order.push_back("whole");
  }
  CHECK(order == std::vector<std::string>{"a ", "b ", "c", "whole"});
}

TEST_CASE("parallel: more pieces than the buffers hold") {
  std::string text;
  for (int i = 0; i < 500; ++i) text += "w ";
  const auto chain = words() | parallel(key<"a"> = passthrough<std::string>(),
                                        key<"b"> = passthrough<std::string>());
  std::string a, b;
  for (auto& piece : chain.stream(text)) {
    if (auto* part = piece.get<"a">()) a += *part;
    if (auto* part = piece.get<"b">()) b += *part;
  }
  CHECK(a == text);
  CHECK(b == text);
}

TEST_CASE("parallel: the first error ends the others and names its branch") {
  const auto both = parallel(key<"good"> = words(), key<"bad"> = failing("unlucky"));
  try {
    both.invoke("x");
    FAIL("no error");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::tool);
    CHECK(error.path() == "parallel > unlucky");
  }
  CHECK_THROWS_AS([&] {
    for (auto& piece : both.stream("a b c d")) static_cast<void>(piece);
  }(), Error);
}

TEST_CASE("parallel: dropped half-read, it frees its branches") {
  std::string text;
  for (int i = 0; i < 100; ++i) text += "w ";
  auto pieces = parallel(key<"a"> = words(), key<"b"> = words()).stream(text);
  CHECK(pieces.next() != nullptr);
}

TEST_CASE("record: converts to Values by name") {
  const auto record =
      parallel(key<"text"> = passthrough<std::string>(), key<"n"> = [](std::string s) {
        return static_cast<int>(s.size());
      }).invoke("abc");
  const Values values = record;
  CHECK(values == Values({{"text", "abc"}, {"n", 3}}));
}

TEST_CASE("record: pieces are the inverse of joining") {
  using R = Record<Field<"a", std::string>, Field<"b", int>>;
  std::get<0>(R().slots());
  R record;
  std::get<0>(record.slots()) = "text";
  std::get<1>(record.slots()) = 7;
  std::optional<R> joined;
  R copy = record;
  Pieces<R>::join(joined, Pieces<R>::split(std::move(copy)));
  CHECK(Pieces<R>::finish(std::move(joined)) == record);
}

TEST_CASE("assign: keeps a record and adds to it") {
  const auto chain = parallel(key<"q"> = passthrough<std::string>()) |
                     assign(key<"loud"> = [](auto r) { return r.template get<"q">() + "!"; });
  const auto record = chain.invoke("hey");
  CHECK(record.get<"q">() == "hey");
  CHECK(record.get<"loud">() == "hey!");
}

TEST_CASE("assign: a name the record has gets the new value") {
  const auto chain =
      parallel(key<"a"> = passthrough<std::string>(), key<"b"> = passthrough<std::string>()) |
      assign(
          key<"a"> = [](auto record) { return record.template get<"a">().size(); },
          key<"c"> = [](auto record) { return record.template get<"b">() + "!"; });
  const auto record = chain.invoke("four");
  CHECK(record.get<"a">() == 4);
  CHECK(record.get<"b">() == "four");
  CHECK(Values(record) == Values{{"b", "four"}, {"a", 4}, {"c", "four!"}});
}

TEST_CASE("assign: adds to Values") {
  const auto chain = passthrough<Values>() |
                     assign(key<"n"> = [](Values v) { return static_cast<int>(v.size()); });
  CHECK(chain.invoke({{"a", 1}, {"b", 2}}) == Values({{"a", 1}, {"b", 2}, {"n", 2}}));
}

TEST_CASE("branch: takes the first way whose condition holds, else the last") {
  const auto say = [](std::string word) {
    return step([word](const std::string&) { return word; });
  };
  const auto chain = branch(when([](const std::string& s) { return s.empty(); }, say("empty")),
                            when([](const std::string& s) { return s.size() < 3; }, say("short")),
                            say("long"));
  CHECK(chain.batch({"", "ab", "abc"}) == std::vector<std::string>{"empty", "short", "long"});
}

TEST_CASE("branch: functions may stand for steps") {
  const auto chain = branch(when([](const std::string& s) { return s.empty(); },
                                 [](std::string) { return std::string("nothing"); }),
                            [](auto text) { return text + "!"; });
  CHECK(chain.invoke("") == "nothing");
  CHECK(chain.invoke("a") == "a!");
}

TEST_CASE("branch: streams the way it takes") {
  const auto chain = branch(when([](const std::string& s) { return s.size() > 3; }, words()),
                            passthrough<std::string>());
  int pieces = 0;
  for (const std::string& piece : chain.stream("a b c")) pieces += piece.empty() ? 0 : 1;
  CHECK(pieces == 3);
}

TEST_CASE("passthrough: gives pieces as they come") {
  int pieces = 0;
  for (const std::string& piece : (words() | passthrough<std::string>()).stream("a b"))
    pieces += piece.empty() ? 0 : 1;
  CHECK(pieces == 2);
}
