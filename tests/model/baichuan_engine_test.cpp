// Baichuan's signed API over real sockets.
#include "model/engine_support.hpp"
#include "support/baichuan_server.hpp"
#include "support/catch.hpp"

namespace lian {
namespace {

using test::BaichuanServer;
using test::Outcome;
using test::Reply;

TEST_CASE("baichuan engine: invoke and stream, whole and in slices of one byte") {
  BaichuanServer server;
  Runtime runtime;
  const ChatModel model = server.model();
  for (const bool sliced : {false, true}) {
    if (sliced) server.deliver([](Reply& reply) { reply.slices(1); });
    for (const bool streamed : {false, true}) {
      const Outcome out = streamed ? test::stream(model, test::once(runtime))
                                   : test::invoke(model, test::once(runtime));
      INFO(out.what);
      REQUIRE(out.ok);
      CHECK(out.message.text() == "Hello, world");
      CHECK(out.message.finish_reason == FinishReason::stop);
      CHECK(out.message.usage->output_tokens == 7);
      CHECK(server.seen().stream == streamed);
    }
  }
  CHECK(server.refused().empty());
  CHECK(server.server().problems().empty());
}

TEST_CASE("baichuan engine: a stream that is cut is never an answer") {
  BaichuanServer server;
  Runtime runtime;
  const ChatModel model = server.model();
  std::size_t whole = 0;
  server.deliver([&whole](Reply& reply) { whole = reply.framed_body().size(); });
  REQUIRE(test::stream(model, test::once(runtime)).ok);
  for (const test::Ending how : {test::Ending::close, test::Ending::reset}) {
    for (std::size_t cut = 0; cut < whole; cut += 23) {
      server.deliver([cut, how](Reply& reply) { reply.cut_body(cut, how); });
      const Outcome out = test::stream(model, test::once(runtime));
      INFO("cut at " << cut << " of " << whole << ": " << out.what);
      CHECK_FALSE(out.ok);
      CHECK((out.truncated || out.kind == ErrorKind::network || out.kind == ErrorKind::truncated));
    }
  }
}

TEST_CASE("baichuan engine: errors with status 200, whole and streamed") {
  BaichuanServer server;
  Runtime runtime;
  const Context twice = Context::root().with(runtime).with_tries(2);
  for (const bool streamed : {false, true}) {
    const auto call = [&](const ChatModel& model) {
      return streamed ? test::stream(model, twice) : test::invoke(model, twice);
    };
    server.fail_with(10203, 1);  // tried again
    CHECK(call(server.model()).ok);
    const std::size_t before = server.server().requests().size();
    server.fail_with(10300, -1);
    CHECK(call(server.model()).kind == ErrorKind::quota);
    CHECK(server.server().requests().size() == before + 1);
    server.answer({});
    CHECK(call(server.model_with_wrong_key()).kind == ErrorKind::authentication);
  }
}

TEST_CASE("baichuan engine: an expired time stamp is signed anew, once, and then names the clock") {
  BaichuanServer server;
  Runtime runtime;
  server.fail_with(10104, 1);
  CHECK(test::invoke(server.model(), test::once(runtime)).ok);
  CHECK(server.server().requests().size() == 2);
  server.fail_with(10104, -1);
  const Outcome out = test::stream(server.model(), test::once(runtime));
  CHECK(out.kind == ErrorKind::authentication);
  CHECK_THAT(out.what, Catch::Contains("clock"));
  CHECK(server.server().requests().size() == 4);
  CHECK(out.what.find(BaichuanServer::secret()) == std::string::npos);
}

}  // namespace
}  // namespace lian
