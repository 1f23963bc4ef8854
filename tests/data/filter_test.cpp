#include "lian/data/filter.hpp"

#include <cmath>
#include <cstdint>
#include <limits>

#include "lian/core/error.hpp"
#include "support/catch.hpp"

using lian::Filter;
using lian::Value;
using lian::Values;
using lian::values;
using lian::where;

namespace {

Values sample() {
  return values("lang", "zh", "year", 2023, "score", 0.5, "draft", false, "none", Value(), "tags",
                Value::List{Value("a"), Value(7)});
}

}  // namespace

TEST_CASE("filter: comparisons of text, numbers and bools") {
  const Values m = sample();
  CHECK((where("lang") == "zh").matches(m));
  CHECK_FALSE((where("lang") == "ZH").matches(m));
  CHECK((where("lang") != "en").matches(m));
  CHECK((where("lang") > "en").matches(m));
  CHECK((where("year") == 2023.0).matches(m));
  CHECK((where("year") >= 2023).matches(m));
  CHECK_FALSE((where("year") < 2023).matches(m));
  CHECK((where("year") <= 2023.5).matches(m));
  CHECK((where("score") < 1).matches(m));
  CHECK((where("draft") == false).matches(m));
  CHECK((where("draft") < true).matches(m));
}

TEST_CASE("filter: values of different kinds are unequal and in no order") {
  const Values m = sample();
  CHECK_FALSE((where("year") == "2023").matches(m));
  CHECK((where("year") != "2023").matches(m));
  CHECK_FALSE((where("draft") == 0).matches(m));
  CHECK_FALSE((where("lang") > 1).matches(m));
  CHECK_FALSE((where("lang") <= 1).matches(m));
  CHECK_FALSE((where("none") == false).matches(m));
}

TEST_CASE("filter: a missing key fulfils only ne, not_in and negations") {
  const Values m = sample();
  CHECK((where("x") != 1).matches(m));
  CHECK((where("x").not_in({1, 2})).matches(m));
  CHECK((!(where("x") == 1)).matches(m));
  for (const Filter& filter :
       {where("x") == 1, where("x") > 1, where("x") <= 1, where("x").in({1}),
        where("x").contains("a"), where("x").exists(), where("none").exists()}) {
    CHECK_FALSE(filter.matches(m));
  }
}

TEST_CASE("filter: in, contains, exists") {
  const Values m = sample();
  CHECK(where("lang").in({"en", "zh"}).matches(m));
  CHECK(where("year").in({"x", 2023.0}).matches(m));
  CHECK_FALSE(where("lang").in({}).matches(m));
  CHECK(where("lang").not_in({}).matches(m));
  CHECK(where("lang").contains("h").matches(m));
  CHECK(where("lang").contains("").matches(m));
  CHECK_FALSE(where("lang").contains("%").matches(m));
  CHECK(where("tags").contains("a").matches(m));
  CHECK(where("tags").contains(7.0).matches(m));
  CHECK_FALSE(where("tags").contains("7").matches(m));
  CHECK_FALSE(where("year").contains(2023).matches(m));
  CHECK(where("draft").exists().matches(m));
  CHECK(where("tags").exists().matches(m));
}

TEST_CASE("filter: and, or, not; the empty filter holds for all") {
  const Values m = sample();
  const Filter zh = where("lang") == "zh", old = where("year") < 2000, all;
  CHECK((zh && !old).matches(m));
  CHECK_FALSE((zh && old).matches(m));
  CHECK((zh || old).matches(m));
  CHECK_FALSE((!(zh || old)).matches(m));
  CHECK((!(!zh)).matches(m));
  CHECK(all.matches(m));
  CHECK_FALSE((!all).matches(m));
  CHECK((all && zh).matches(m));
  CHECK_FALSE((all && old).matches(m));
  CHECK((all || old).matches(m));
}

TEST_CASE("filter: integers and reals compare exactly beyond 53 bits") {
  const std::int64_t big = 9007199254740993;  // 2^53 + 1
  const Values m = values("n", big, "least", std::numeric_limits<std::int64_t>::min());
  CHECK_FALSE((where("n") == 9007199254740992.0).matches(m));
  CHECK((where("n") > 9007199254740992.0).matches(m));
  CHECK((where("n") < 9007199254740994.0).matches(m));
  CHECK((where("n") < 1e300).matches(m));
  CHECK((where("least") == -9223372036854775808.0).matches(m));
  CHECK((where("least") > -1e300).matches(m));
}

TEST_CASE("filter: what cannot be compared with is refused") {
  CHECK_THROWS_WITH(where("x") == Value(), Catch::Contains("\"x\"") && Catch::Contains("exists()"));
  CHECK_THROWS_AS(where("x") == NAN, lian::Error);
  CHECK_THROWS_AS((where("x") == Value(Value::List{})), lian::Error);
  CHECK_THROWS_AS(where("x").in({1, Value()}), lian::Error);
  CHECK_THROWS_AS(Filter(Filter::Op::eq, "x", {}), lian::Error);
  CHECK_THROWS_AS(Filter(Filter::Op::all_of, "x", {Value(1)}), lian::Error);
}

TEST_CASE("filter: many joined conditions are flat, deep ones are refused") {
  Filter any;
  any = where("n") == 0;
  for (int i = 1; i < 5000; ++i) any = any || where("n") == i;
  CHECK(any.operands().size() == 5000);
  CHECK(any.matches(values("n", 4999)));
  Filter deep = where("n") == 0;
  const auto nest = [&] {
    for (int i = 0; i < 100; ++i)
      deep = i % 2 == 0 ? (deep && where("n") > i) : (deep || where("n") > i);
  };
  CHECK_THROWS_AS(nest(), lian::Error);
}
