#include "lian/callback/usage_handler.hpp"

#include <memory>
#include <string>

#include "support/catch.hpp"
#include "support/scripted.hpp"

using lian::test::Script;
using lian::test::scripted;

TEST_CASE("usage handler: sums over runs, streams and batches") {
  const auto script = std::make_shared<Script>();
  script->pieces = {"Hel", "lo"};
  const lian::ChatModel model = scripted(script);
  const auto usage = std::make_shared<lian::UsageHandler>();
  const lian::Context context = lian::Context().with_handler(usage);

  model.invoke("hi", context);
  for (auto& piece : model.stream("hi", context)) static_cast<void>(piece);
  model.batch({"a", "b"}, context);

  CHECK(usage->runs() == 4);
  CHECK(usage->total().input_tokens == 80);
  CHECK(usage->total().output_tokens == 12);
  CHECK(usage->total().total_tokens == 92);
  REQUIRE(usage->by_model().size() == 1);
  CHECK(usage->by_model().at("scripted-1").total_tokens == 92);

  usage->reset();
  CHECK(usage->runs() == 0);
  CHECK(usage->total() == lian::Usage());
  CHECK(usage->by_model().empty());
}

TEST_CASE("usage handler: failed runs and other steps do not count") {
  const auto script = std::make_shared<Script>();
  script->error = lian::Error(lian::ErrorKind::server, "broken");
  const auto usage = std::make_shared<lian::UsageHandler>();
  const auto chain = lian::step([](std::string text) { return text; }) | scripted(script);
  CHECK_THROWS(chain.invoke("hi", lian::Context().with_handler(usage)));
  CHECK(usage->runs() == 0);
  CHECK(usage->total() == lian::Usage());
}

TEST_CASE("usage handler: cost by the prices given; what has none is named") {
  const auto script = std::make_shared<Script>();
  const lian::ChatModel model = scripted(script);
  const auto priced = std::make_shared<lian::UsageHandler>(
      lian::UsageHandler::Prices{{"scripted-1", lian::TokenPrice(2.5, 10)}});
  const auto unpriced = std::make_shared<lian::UsageHandler>(
      lian::UsageHandler::Prices{{"scripted", lian::TokenPrice(2.5, 10)}});
  model.batch({"a", "b"}, lian::Context().with_handler(priced).with_handler(unpriced));

  CHECK(priced->cost() == Approx((40 * 2.5 + 6 * 10) / 1e6));
  CHECK(priced->cost_by_model().at("scripted-1") == Approx(priced->cost()));
  CHECK(priced->unpriced_models().empty());
  CHECK(unpriced->cost() == 0);
  CHECK(unpriced->unpriced_models() == std::vector<std::string>{"scripted-1"});
  CHECK(unpriced->runs_without_usage() == 0);
  priced->reset();
  CHECK(priced->cost() == 0);
}
