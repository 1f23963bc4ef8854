// No call outlives its limits, wherever it stands still.
#include <stop_token>
#include <thread>

#include "model/engine_support.hpp"
#include "support/catch.hpp"

namespace lian {
namespace {

using test::Ending;
using test::milliseconds;
using test::Outcome;
using test::RawServer;
using test::Reply;
using test::Request;
using test::ServerOptions;

constexpr double slack = 100 * test::slowness;

// A call that stands still ends as a timeout between `limit` and `limit` + slack.
template <class Call>
void ends_within(const char* where, double limit, Call call) {
  const double ms = test::quickest(limit + slack, [&] {
    const Outcome out = call();
    INFO(where << ": " << out.what);
    REQUIRE_FALSE(out.ok);
    CHECK(out.kind == ErrorKind::timeout);
    CHECK(out.ms >= limit - 2);
    return out.ms;
  });
  INFO(where << ": " << ms << " ms");
  CHECK(ms <= limit + slack);
}

// What stands still where.
struct Stalls {
  Stalls() : answers([](const Request& request) { return reply(request.path()); }) {}
  static Reply reply(const std::string& path) {
    const Reply whole = Reply::events(test::small_events({"a", "b"}));
    const std::size_t head = whole.head(true).size();
    if (path.starts_with("/first")) return Reply::nothing(Ending::stall);
    if (path.starts_with("/header")) return Reply(whole).cut(head - 10, Ending::stall);
    if (path.starts_with("/body")) return Reply(whole).cut(head, Ending::stall);
    return Reply(whole).cut(head + 80, Ending::stall);
  }
  std::vector<std::pair<std::string, std::string>> places() const {
    return {{"connect", full.url()},
            {"tls", "https://127.0.0.1:" + std::to_string(silent.port())},
            {"first byte", answers.url() + "/first"},
            {"header", answers.url() + "/header"},
            {"body", answers.url() + "/body"},
            {"event", answers.url() + "/event"}};
  }
  static ServerOptions never() {
    ServerOptions options;
    options.accepting = ServerOptions::Accepting::never;
    return options;
  }
  RawServer full{std::vector<Reply>{Reply::nothing(Ending::stall)}, never()};
  test::SilentListener silent;
  RawServer answers;
};

TEST_CASE("engine: the deadline ends a call wherever it stands still") {
  Stalls stalls;
  Runtime runtime;
  for (const auto& [where, url] : stalls.places()) {
    const ChatModel model = test::model_at(url);
    const ChatModel timed = test::model_at(url, ModelConfig().timeout(milliseconds(120)));
    ends_within(where.c_str(), 120, [&] {
      return test::stream(model, test::once(runtime).with_timeout(milliseconds(120)));
    });
    ends_within(where.c_str(), 120, [&] { return test::stream(timed, test::once(runtime)); });
    ends_within(where.c_str(), 120, [&] {
      return test::invoke(model.with_timeout(milliseconds(120)), Context::root().with(runtime));
    });
  }
}

TEST_CASE("engine: each limit of its own ends what stands still, and says which it was") {
  Stalls stalls;
  Runtime runtime;
  const auto limits = HttpLimits()
                          .connect_timeout(milliseconds(100))
                          .first_byte_timeout(milliseconds(100))
                          .idle_timeout(milliseconds(100));
  for (const auto& [where, url] : stalls.places()) {
    const ChatModel model = test::model_at(url, ModelConfig().limits(limits));
    ends_within(where.c_str(), 100, [&] { return test::stream(model, test::once(runtime)); });
  }
  const auto names = [&](std::size_t place, HttpLimits only) {
    const ChatModel model =
        test::model_at(stalls.places()[place].second, ModelConfig().limits(only));
    return test::stream(model, test::once(runtime)).what;
  };
  CHECK_THAT(names(0, HttpLimits().connect_timeout(milliseconds(50))),
             Catch::Contains("connect_timeout"));
  CHECK_THAT(names(1, HttpLimits().connect_timeout(milliseconds(50))),
             Catch::Contains("connect_timeout"));
  CHECK_THAT(names(2, HttpLimits().first_byte_timeout(milliseconds(50))),
             Catch::Contains("first_byte_timeout"));
  CHECK_THAT(names(5, HttpLimits().idle_timeout(milliseconds(50))),
             Catch::Contains("idle_timeout"));
}

TEST_CASE("engine: silence after any event is noticed, a trickle is not silence") {
  Runtime runtime;
  const auto events = test::small_events({"a", "b", "c", "d", "e", "f"});
  RawServer server([&](const Request& request) {
    Reply reply = Reply::events(events);
    if (request.path().starts_with("/trickle"))
      return reply.slices(reply.body().size() / 20, milliseconds(40));
    if (request.path().starts_with("/ping"))
      return Reply::event_stream(": 1\n\n: 2\n\n: 3\n\n: 4\n\n: 5\n\n: 6\n\n: 7\n\n: 8\n\n" +
                                 std::string("data: ") + events[0] + "\n\ndata: " + events[6] +
                                 "\n\ndata: [DONE]\n\n")
          .slices(5, milliseconds(15));
    const std::string path = request.path();
    const auto k = static_cast<std::size_t>(std::stoi(path.substr(1, path.find('/', 1) - 1)));
    const std::string wire = reply.framed_body();
    std::size_t at = 0;
    for (std::size_t i = 0; i < k; ++i) at = wire.find("\n\n\r\n", at) + 4;
    return reply.cut_body(at, Ending::stall);
  });
  const auto limits = HttpLimits().idle_timeout(milliseconds(60));
  for (std::size_t k = 1; k + 1 < events.size(); ++k) {
    const ChatModel model =
        test::model_at(server.url() + "/" + std::to_string(k), ModelConfig().limits(limits));
    const Outcome out = test::stream(model, test::once(runtime));
    INFO("after event " << k << ": " << out.what);
    CHECK(out.kind == ErrorKind::timeout);
    CHECK(out.message.text() == std::string("abcdef").substr(0, std::min<std::size_t>(k, 6)));
  }
  const auto patient = ModelConfig().limits(HttpLimits().idle_timeout(milliseconds(400)));
  for (const char* path : {"/trickle", "/ping"}) {
    const Outcome out =
        test::stream(test::model_at(server.url() + path, patient), test::once(runtime));
    INFO(path << ": " << out.what);
    CHECK(out.ok);
  }
}

TEST_CASE("engine: the deadline covers all tries and the waits between them") {
  RawServer server([](const Request& request) {
    if (request.number % 3 != 0) return Reply::json(503, "{}").header("retry-after-ms", "40");
    return Reply::nothing(Ending::stall);
  });
  Runtime runtime;
  const ChatModel model = test::model_at(server.url());
  ends_within("third try", 200, [&] {
    return test::invoke(model, Context::root().with(runtime).with_timeout(milliseconds(200)));
  });
  CHECK(server.counts().requests % 3 == 0);
}

TEST_CASE("engine: a stop from another thread ends a call in every phase at once") {
  Stalls stalls;
  RawServer failing({Reply::json(503, "{}").header("retry-after", "60")});
  Runtime runtime;
  auto places = stalls.places();
  places.emplace_back("retry sleep", failing.url());
  for (const auto& [where, url] : places) {
    const ChatModel model = test::model_at(url);
    double best = 1e9;
    for (int i = 0; i < 3 && best >= 50 * test::slowness; ++i) {
      std::stop_source stop;
      std::chrono::steady_clock::time_point asked;
      // Reading certificates is no wait: a stop that fell into it is given again, later.
      std::thread stopper([&, pause = milliseconds(30 + 250 * i)] {
        std::this_thread::sleep_for(pause);
        asked = std::chrono::steady_clock::now();
        stop.request_stop();
      });
      const Outcome out =
          test::stream(model, Context::root().with(runtime).with_stop(stop.get_token()));
      const auto back = std::chrono::steady_clock::now();
      stopper.join();
      INFO(where << ": " << out.what);
      CHECK(out.kind == ErrorKind::cancelled);
      best = std::min(best, std::chrono::duration<double, std::milli>(back - asked).count());
    }
    INFO(where << ": " << best << " ms");
    CHECK(best < 50 * test::slowness);
  }
}

}  // namespace
}  // namespace lian
