#include "lian/core/pieces.hpp"

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "support/async.hpp"
#include "support/catch.hpp"

using lian::AIMessage;
using lian::ErrorKind;
using lian::Json;
using lian::Pieces;

namespace {

template <class T>
T joined(std::vector<lian::Piece<T>> pieces) {
  std::optional<T> value;
  for (auto& piece : pieces) Pieces<T>::join(value, std::move(piece));
  return Pieces<T>::finish(std::move(value));
}

template <class T>
T round_trip(T value) {
  std::optional<T> out;
  auto piece = Pieces<T>::split(std::move(value));
  Pieces<T>::join(out, std::move(piece));
  return Pieces<T>::finish(std::move(out));
}

struct Own {
  int number = 0;
};

}  // namespace

TEST_CASE("pieces: text and lists append; none is empty") {
  CHECK(joined<std::string>({"ab", "", "c"}) == "abc");
  CHECK(joined<std::string>({}).empty());
  CHECK(joined<std::vector<int>>({{1, 2}, {}, {3}}) == std::vector<int>{1, 2, 3});
  CHECK(joined<std::vector<int>>({}).empty());
}

TEST_CASE("pieces: of partial values the last counts") {
  CHECK(joined<Json>({Json::parse("{\"a\":1}"), Json::parse("{\"a\":1,\"b\":2}")}).dump() ==
        "{\"a\":1,\"b\":2}");
  CHECK(lian::test::kind_of([] { joined<Json>({}); }) == ErrorKind::validation);
}

TEST_CASE("pieces: a type that does not stream has exactly one") {
  CHECK(joined<Own>({Own{4}}).number == 4);
  CHECK(lian::test::kind_of([] { joined<Own>({Own{}, Own{}}); }) == ErrorKind::validation);
  CHECK(lian::test::kind_of([] { joined<Own>({}); }) == ErrorKind::validation);
  CHECK(Pieces<Own>::whole);
  CHECK_FALSE(Pieces<std::string>::whole);
}

TEST_CASE("pieces: join and split are inverse") {
  CHECK(round_trip<std::string>("text") == "text");
  CHECK(round_trip<std::vector<int>>({1, 2}) == std::vector<int>{1, 2});
  CHECK(round_trip<int>(3) == 3);
  CHECK(*round_trip(std::make_unique<int>(5)) == 5);
  CHECK(round_trip(Json::parse("[1]")).dump() == "[1]");
  CHECK(round_trip(AIMessage("a reply")).text() == "a reply");
}
