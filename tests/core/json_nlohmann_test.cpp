#include "lian/core/json_nlohmann.hpp"

#include <limits>

#include "support/catch.hpp"

TEST_CASE("json_nlohmann: every type goes over and comes back") {
  const auto theirs = nlohmann::ordered_json::parse(
      R"({"b":null,"a":[true,-1,18446744073709551615,0.5,"链",{"x":[]}]})");
  const lian::Json ours = lian::from_nlohmann(theirs);
  CHECK(ours.dump() == theirs.dump());
  CHECK(lian::to_nlohmann<nlohmann::ordered_json>(ours) == theirs);
  CHECK(lian::to_nlohmann(ours) == nlohmann::json::parse(theirs.dump()));
  CHECK(lian::to_nlohmann(lian::Json(-5)).get<int>() == -5);
}

TEST_CASE("json_nlohmann: what JSON text cannot say is refused") {
  CHECK_THROWS_AS(lian::from_nlohmann(nlohmann::json::binary({1, 2})), lian::Error);
  CHECK_THROWS_AS(lian::from_nlohmann(nlohmann::json("\xFF")), lian::Error);
  CHECK_THROWS_AS(lian::from_nlohmann(nlohmann::json(std::numeric_limits<double>::infinity())),
                  lian::Error);
}
