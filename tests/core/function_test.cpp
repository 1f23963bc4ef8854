#include "lian/core/function.hpp"

#include <array>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>

#include "lian/core/error.hpp"
#include "support/catch.hpp"

using lian::Function;

namespace {

int twice(int x) { return 2 * x; }

struct Counted {
  explicit Counted(int& alive_in) : alive(&alive_in) { ++*alive; }
  Counted(Counted&& other) noexcept : alive(other.alive) { ++*alive; }
  ~Counted() { --*alive; }
  int operator()() const { return *alive; }
  int* alive;
};

struct Large : Counted {
  using Counted::Counted;
  std::array<char, 200> more{};
};

struct MutableOnly {
  int operator()() { return 1; }
};

}  // namespace

static_assert(std::is_nothrow_move_constructible_v<Function<int(int)>>);
static_assert(!std::is_copy_constructible_v<Function<int(int)>>);
static_assert(std::is_constructible_v<Function<int()>, MutableOnly>);
static_assert(!std::is_constructible_v<Function<int() const>, MutableOnly>);
static_assert(!std::is_constructible_v<Function<int(int)>, std::string>);
static_assert(!std::is_constructible_v<Function<std::string()>, int (*)()>);

TEST_CASE("function: holds function pointers, lambdas and move-only callables") {
  Function<int(int)> function = twice;
  CHECK(function(4) == 8);
  function = [n = 1](int x) mutable { return n += x; };
  CHECK(function(4) == 5);
  CHECK(function(4) == 9);

  auto owner = std::make_unique<int>(7);
  const Function<int() const> shared = [owner = std::move(owner)] { return *owner; };
  CHECK(shared() == 7);

  Function<void(std::unique_ptr<int>)> sink = [](std::unique_ptr<int> p) { return *p; };
  sink(std::make_unique<int>(1));
  Function<int&(int&)> reference = [](int& x) -> int& { return x; };
  int value = 3;
  CHECK(&reference(value) == &value);
  Function<std::string(const char*)> converted = [](std::string text) { return text + "!"; };
  CHECK(converted("a") == "a!");
}

TEMPLATE_TEST_CASE("function: what it holds is destroyed once, small or large", "", Counted,
                   Large) {
  int alive = 0;
  {
    Function<int()> a = TestType(alive);
    CHECK(alive == 1);
    Function<int()> b = std::move(a);
    CHECK(alive == 1);
    CHECK_FALSE(static_cast<bool>(a));
    CHECK(b() == 1);
    Function<int()> c = TestType(alive);
    CHECK(alive == 2);
    c = std::move(b);
    CHECK(alive == 1);
    auto& self = c;
    c = std::move(self);
    CHECK(c() == 1);
    c = nullptr;
    CHECK(alive == 0);
  }
  CHECK(alive == 0);
}

TEST_CASE("function: an empty one says so") {
  Function<int()> function;
  CHECK(function == nullptr);
  CHECK_FALSE(static_cast<bool>(function));
  CHECK_THROWS_AS(function(), lian::Error);
  int (*none)() = nullptr;
  CHECK(Function<int()>(none) == nullptr);
  const Function<void() const> empty(nullptr);
  CHECK_THROWS_AS(empty(), lian::Error);
}
