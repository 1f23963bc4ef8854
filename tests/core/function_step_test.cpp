#include "lian/core/function_step.hpp"

#include <array>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "lian/core/pipe.hpp"
#include "lian/core/sleep.hpp"
#include "support/async.hpp"
#include "support/catch.hpp"

using lian::Context;
using lian::Task;
using namespace std::chrono_literals;

// Users' own structs: no constructor, owning members. GCC 12 destroys such temporaries twice in
// coroutines; no verb may meet that.
namespace {

struct Name {
  std::string first, last;
};
struct Person {
  Name name;
  std::vector<std::string> tags;
  std::map<std::string, std::string> notes;
  std::optional<std::string> nick;
};

std::string long_text(const char* start) { return std::string(start) + std::string(60, '.'); }

Person make_person(std::string first) {
  return Person{Name{std::move(first), long_text("last")},
                {long_text("a"), long_text("b")},
                {{"key", long_text("value")}},
                long_text("nick")};
}

Task<Person> grown(Person person) {
  co_await lian::sleep(0ns);
  person.tags.push_back(long_text("grown"));
  co_return person;
}

int twice(int number) { return 2 * number; }
int thrice(const int& number) noexcept { return 3 * number; }

struct Adder {
  int amount;
  int operator()(int number) const { return number + amount; }
};

}  // namespace

TEST_CASE("function_step: functions, lambdas, function objects and coroutines") {
  CHECK(lian::step(twice).invoke(2) == 4);
  CHECK(lian::step(thrice).invoke(2) == 6);
  CHECK(lian::step(Adder{3}).invoke(2) == 5);
  CHECK(lian::step([](int number) noexcept { return -number; }).invoke(2) == -2);
  CHECK(lian::step<std::string>([](auto text) { return text + "!"; }).invoke("a") == "a!");
  CHECK(lian::step([](int number) -> Task<int> { co_return number + 1; }).invoke(2) == 3);
  CHECK(lian::step([](std::string_view text) { return text.size(); }).invoke("four") == 4);
  CHECK(lian::step(twice, "twice").name() == "twice");
  CHECK(lian::step(twice).name() == "function");
}

TEST_CASE("function_step: closures may be move-only") {
  auto held = std::make_unique<int>(4);
  const auto chain = lian::step([held = std::move(held)](int number) { return number * *held; });
  CHECK(chain.invoke(5) == 20);
}

TEST_CASE("function_step: aggregates pass through every verb") {
  const auto chain = lian::step(make_person) |
                     [](Person person) {
                       person.tags.push_back(long_text("seen"));
                       return person;
                     } |
                     grown | [](const Person& person) { return person; } |
                     [](Person person, Context) -> Task<Person> { co_return person; };
  for (const auto& context : {Context(), Context().with_timeout(1h)}) {
    CHECK(chain.invoke(long_text("Ada"), context).tags.size() == 4);
    CHECK(chain.stream(long_text("Ada"), context).next()->name.first == long_text("Ada"));
    const auto people = chain.batch({long_text("Ada"), long_text("Grace")}, context);
    CHECK(people[1].name.first == long_text("Grace"));
    const auto results = chain.try_batch({long_text("Ada")}, context);
    CHECK(results[0]->nick == long_text("nick"));
  }
}

TEST_CASE("function_step: aggregates pass through observed runs") {
  class Ignore : public lian::Handler {
   public:
    void on_event(const lian::Event&) override {}
  };
  const auto context = Context().with_handler(std::make_shared<Ignore>());
  const auto chain = lian::step([](Name name) { return Person{name, {name.first}, {}, {}}; }) | grown;
  CHECK(chain.invoke(Name{long_text("Ada"), "L"}, context).tags.size() == 2);
  CHECK(chain.stream(Name{long_text("Ada"), "L"}, context).next()->tags.size() == 2);
}

TEST_CASE("function_step: arrays, optionals and vectors of aggregates") {
  const auto chain = lian::step([](std::array<std::string, 2> pair) {
                       return std::vector<Name>{{pair[0], pair[1]}, {pair[1], pair[0]}};
                     }) |
                     [](std::vector<Name> names) { return std::optional<Name>(names.front()); } |
                     [](std::optional<Name> name) { return name->first + name->last; };
  CHECK(chain.invoke({long_text("a"), long_text("b")}) == long_text("a") + long_text("b"));
  std::string all;
  for (const std::string& piece : chain.stream({"c", "d"})) all += piece;
  CHECK(all == "cd");
}
