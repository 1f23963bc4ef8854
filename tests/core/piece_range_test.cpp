#include "lian/core/piece_range.hpp"

#include <iterator>
#include <stdexcept>
#include <string>
#include <thread>

#include "lian/core/sleep.hpp"
#include "support/async.hpp"
#include "support/catch.hpp"

using lian::PieceRange;
using lian::Stream;
using lian::test::Counted;
using namespace std::chrono_literals;

namespace {

Stream<std::string> pieces(int count) {
  const Counted local;
  for (int i = 0; i < count; ++i) {
    if (i % 2) co_await lian::sleep(0ns);
    co_yield std::to_string(i);
  }
}

Stream<std::string> breaks() {
  co_yield "a";
  throw std::runtime_error("broken off");
}

static_assert(std::input_iterator<PieceRange<std::string>::iterator>);
static_assert(std::sentinel_for<std::default_sentinel_t, PieceRange<std::string>::iterator>);

}  // namespace

TEST_CASE("piece_range: a plain loop reads a stream") {
  lian::Runtime runtime;
  std::string all;
  for (const std::string& piece : PieceRange<std::string>(pieces(5), runtime)) all += piece;
  CHECK(all == "01234");
  CHECK(Counted::alive() == 0);
}

TEST_CASE("piece_range: errors come after the pieces before them") {
  lian::Runtime runtime;
  PieceRange<std::string> range(breaks(), runtime);
  CHECK(*range.next() == "a");
  CHECK_THROWS_WITH(range.next(), "broken off");
  CHECK(range.next() == nullptr);
}

TEST_CASE("piece_range: dropped half-read it frees all, at every piece") {
  lian::Runtime runtime;
  for (int stop_at = 0; stop_at <= 5; ++stop_at) {
    {
      PieceRange<std::string> range(pieces(4), runtime);
      for (int i = 0; i < stop_at; ++i) range.next();
    }
    CHECK(Counted::alive() == 0);
  }
}

TEST_CASE("piece_range: may be moved to, read and destroyed on another thread") {
  lian::Runtime runtime;
  PieceRange<std::string> range(pieces(6), runtime);
  CHECK(*range.next() == "0");
  CHECK(*range.next() == "1");
  std::string rest;
  std::thread reader([&rest, moved = std::move(range)]() mutable {
    rest += *moved.next();
    rest += *moved.next();
    const PieceRange<std::string> destroyed_here = std::move(moved);
  });
  reader.join();
  CHECK(rest == "23");
  CHECK(Counted::alive() == 0);
}

TEST_CASE("piece_range: several may be open at once on one thread") {
  lian::Runtime runtime;
  PieceRange<std::string> first(pieces(4), runtime);
  PieceRange<std::string> second(pieces(4), runtime);
  std::string all;
  while (const std::string* piece = first.next()) {
    all += *piece;
    all += *second.next();
  }
  CHECK(all == "00112233");
}
