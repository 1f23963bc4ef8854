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
