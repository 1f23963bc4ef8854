// The seeds of every fuzz target, and what once failed, in the ordinary suite.
#include <cstdlib>
#include <string>

#include "fuzz/target.hpp"
#include "support/catch.hpp"

namespace lian::fuzz {
namespace {

TEST_CASE("fuzz: the properties hold for every seed") {
  const char* only = std::getenv("LIAN_FUZZ_ONLY");
  for (const Target& target : targets()) {
    if (only && target.name != only) continue;
    const std::vector<Seed> all = seeds(target);
    INFO("target " << target.name);
    CHECK_FALSE(all.empty());
    for (const Seed& seed : all) {
      INFO("seed " << seed.name << ", input " << seed.input.substr(0, 2));
      CHECK_NOTHROW(check(target, seed.input));
    }
  }
}

TEST_CASE("fuzz: inputs too short to have a head are read as empty bodies") {
  for (const Target& target : targets())
    for (const std::string_view input : {"", "0", "00\x01\x01\x01", "20\x01\x01\x01\x01"}) {
      INFO("target " << target.name);
      CHECK_NOTHROW(check(target, input));
    }
}

TEST_CASE("fuzz: a property that does not hold is a finding") {
  CHECK_THROWS_AS(require(false, "why"), Finding);
  CHECK_THROWS_AS(require_utf8("\xff", "a text"), Finding);
  CHECK_THROWS_AS(target("none"), std::invalid_argument);
  const Input input(
      std::string_view("13\x02\x01\x01\x01"
                       "abcdef",
                       12));
  CHECK(input.mode == Mode::cut_stream);
  CHECK(input.flags == 3);
  CHECK(input.chunks() == std::vector<std::string_view>{"ab", "c", "d", "e", "f"});
}

}  // namespace
}  // namespace lian::fuzz
