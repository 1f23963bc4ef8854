// How many requests reach the server, and when.
#include <algorithm>
#include <cmath>
#include <set>

#include "model/engine_support.hpp"
#include "model/retry.hpp"
#include "support/catch.hpp"

namespace lian {
namespace {

using test::Ending;
using test::OpenAiServer;
using test::Outcome;
using test::RawServer;
using test::Reply;
using test::Request;

Context tries(Runtime& runtime, int n) { return Context::root().with(runtime).with_tries(n); }

ChatModel named(const OpenAiServer& provider, const std::string& name) {
  return test::model_at(provider.url(), ModelConfig(), name);
}

TEST_CASE("engine: failures that pass are tried three times, others once") {
  OpenAiServer provider;
  Runtime runtime;
  int seen = 0;
  for (const int status : {408, 409, 429, 500, 502, 503, 504, 529}) {
    for (const bool streamed : {false, true}) {
      INFO(status);
      const ChatModel model = named(provider, "fail-" + std::to_string(status));
      const Context context = Context::root().with(runtime);
      const Outcome out = streamed ? test::stream(model, context) : test::invoke(model, context);
      CHECK(out.status == status);
      CHECK(static_cast<int>(provider.requests().size()) - seen == 3);
      seen = static_cast<int>(provider.requests().size());
    }
  }
  for (const int status : {400, 401, 403, 404, 413, 422, 300, 302, 307, 501}) {
    INFO(status);
    const ChatModel model = named(provider, "fail-" + std::to_string(status));
    CHECK(test::invoke(model, Context::root().with(runtime)).status == status);
    CHECK(test::stream(model, Context::root().with(runtime)).status == status);
    CHECK(static_cast<int>(provider.requests().size()) - seen == 2);
    seen = static_cast<int>(provider.requests().size());
  }
  CHECK(test::invoke(named(provider, "quota"), Context::root().with(runtime)).kind ==
        ErrorKind::quota);
  CHECK(static_cast<int>(provider.requests().size()) - seen == 1);
}

TEST_CASE("engine: a failure that passes gives the answer and every try the same key") {
  OpenAiServer provider;
  Runtime runtime;
  const auto recorder = std::make_shared<test::Recorder>();
  const Context context = Context::root().with(runtime).with_handler(recorder);
  CHECK(test::invoke(named(provider, "fail-503-2"), context).ok);
  CHECK(recorder->retries() == 2);
  CHECK(test::stream(named(provider, "fail-429-1"), context).ok);
  CHECK(test::invoke(named(provider, "fail-500-2").with_retry(3), context).ok);
  CHECK(test::stream(named(provider, "fail-502-2").with_retry(3), context).ok);
  CHECK(test::invoke(named(provider, "gpt-4o-mini"), context).ok);
  CHECK(test::invoke(named(provider, "gpt-4o-mini"), context).ok);
  const auto requests = provider.requests();
  REQUIRE(requests.size() == 13);
  std::set<std::string> keys;
  std::size_t at = 0;
  for (const unsigned group : {3U, 2U, 3U, 3U, 1U, 1U}) {
    std::set<std::string> own;
    for (std::size_t i = 0; i < group; ++i) own.insert(requests[at++].header("Idempotency-Key"));
    CHECK(own.size() == 1);
    CHECK_FALSE(own.contains(""));
    keys.insert(own.begin(), own.end());
  }
  CHECK(keys.size() == 6);
}

TEST_CASE("engine: with_retry, nested or with fallbacks, keeps to its number") {
  OpenAiServer provider;
  Runtime runtime;
  const ChatModel bad = named(provider, "fail-503"), other = named(provider, "fail-500");
  const Context context = Context::root().with(runtime);
  std::size_t seen = 0;
  const auto requests_of = [&](const ChatModel& model, const Context& given) {
    CHECK_FALSE(test::invoke(model, given).ok);
    const std::size_t whole =
        provider.requests().size() - std::exchange(seen, provider.requests().size());
    CHECK_FALSE(test::stream(model, given).ok);
    const std::size_t streamed =
        provider.requests().size() - std::exchange(seen, provider.requests().size());
    CHECK(whole == streamed);
    return whole;
  };
  CHECK(requests_of(bad.with_retry(1), context) == 1);
  CHECK(requests_of(bad.with_retry(2), context) == 2);
  CHECK(requests_of(bad.with_retry(4), context) == 4);
  CHECK(requests_of(bad.with_retry(4).with_retry(2), context) == 2);
  CHECK(requests_of(bad.with_retry(2).with_timeout(std::chrono::seconds(30)).with_retry(3),
                    context) == 3);
  CHECK(requests_of(bad, tries(runtime, 2)) == 2);
  CHECK(requests_of(bad.with_retry(4), tries(runtime, 1)) == 1);
  CHECK(requests_of(bad.with_fallbacks({other}), context) == 6);
  CHECK(requests_of(bad.with_retry(2).with_fallbacks({other.with_retry(2)}), context) == 4);
  CHECK(requests_of(bad.with_fallbacks({other}).with_retry(2), context) == 4);

  const ChatModel good = named(provider, "gpt-4o-mini");
  CHECK(test::invoke(bad.with_fallbacks({other, good}), context).ok);
  CHECK(test::stream(bad.with_fallbacks({good}), context).message.text() ==
        OpenAiServer::default_answer());
}

TEST_CASE("engine: no try follows once a piece was handed on") {
  OpenAiServer provider;
  Runtime runtime;
  const ChatModel good = named(provider, "gpt-4o-mini");
  for (const char* name : {"stream-cut", "stream-error", "stream-no-done"}) {
    INFO(name);
    const std::size_t before = provider.requests().size();
    const ChatModel model = named(provider, name).with_retry(3).with_fallbacks({good});
    CHECK_FALSE(test::stream(model, Context::root().with(runtime)).ok);
    CHECK(provider.requests().size() == before + 1);
  }
}

TEST_CASE("engine: a stream cut before its first piece is tried again") {
  RawServer server({Reply::event_stream(": hi\n\n").then(Ending::close),
                    Reply::events({R"({"error":{"type":"server_error","message":"busy"}})"}),
                    Reply::events(test::small_events({"a"}))});
  Runtime runtime;
  const Outcome out = test::stream(test::model_at(server.url()), Context::root().with(runtime));
  INFO(out.what);
  CHECK(out.message.text() == "a");
  CHECK(server.counts().requests == 3);
}

TEST_CASE("engine: the server's own words about retries count") {
  Runtime runtime;
  const auto requests_of = [&](int status, const char* name, const char* value) {
    RawServer server({Reply::json(status, "{}").header(name, value).header("retry-after-ms", "1")});
    CHECK(test::invoke(test::model_at(server.url()), Context::root().with(runtime)).status ==
          status);
    return server.counts().requests;
  };
  CHECK(requests_of(503, "x-should-retry", "false") == 1);
  CHECK(requests_of(400, "x-should-retry", "true") == 3);
  OpenAiServer provider;
  const Outcome longer =
      test::invoke(named(provider, "fail-429-5-long"), Context::root().with(runtime));
  CHECK(longer.kind == ErrorKind::rate_limited);
  CHECK(provider.requests().size() == 1);
  CHECK(test::invoke(named(provider, "fail-503-1-date"), Context::root().with(runtime)).ok);
}

TEST_CASE("engine: a wait is as long as the server asks, and none is begun past the deadline") {
  RawServer server({Reply::json(503, "{}").header("retry-after-ms", "120"),
                    Reply::json(200, test::small_json("hi"))});
  Runtime runtime;
  const Outcome out = test::invoke(test::model_at(server.url()), Context::root().with(runtime));
  CHECK(out.ok);
  CHECK(out.ms >= 119);
  RawServer slow({Reply::json(503, "{}").header("retry-after", "100")});
  const Outcome late =
      test::invoke(test::model_at(slow.url()),
                   Context::root().with(runtime).with_timeout(std::chrono::seconds(20)));
  CHECK(late.status == 503);
  CHECK(late.ms < 10000);
  CHECK(slow.counts().requests == 1);
}

TEST_CASE("engine: resets and refused connections are tried within the number given") {
  Runtime runtime;
  for (const bool warm : {false, true}) {
    INFO((warm ? "on a warm connection" : "on a new connection"));
    RawServer server([&](const Request& request) {
      if (request.path().starts_with("/ok")) return Reply::json(200, test::small_json("hi"));
      return Reply::nothing(request.path().starts_with("/fin") ? Ending::close : Ending::reset);
    });
    for (const char* path : {"/rst", "/fin"}) {
      for (const int n : {1, 2}) {
        if (warm) CHECK(test::invoke(test::model_at(server.url() + "/ok"), test::once(runtime)).ok);
        const int before = server.counts().requests;
        const Outcome out = test::invoke(test::model_at(server.url() + path), tries(runtime, n));
        INFO(path << " " << n << ": " << out.what);
        CHECK(out.kind == ErrorKind::network);
        CHECK(server.counts().requests - before == n);
      }
    }
    runtime.release_idle();
  }
  const auto recorder = std::make_shared<test::Recorder>();
  const Outcome refused =
      test::invoke(test::model_at("http://127.0.0.1:" + std::to_string(test::closed_port())),
                   tries(runtime, 2).with_handler(recorder));
  CHECK(refused.kind == ErrorKind::network);
  CHECK_THAT(refused.what, Catch::Contains("is the server running"));
  CHECK(recorder->retries() == 1);
}

TEST_CASE("engine: a retry storm is bounded by the quota of its host") {
  OpenAiServer provider;
  Runtime runtime;
  constexpr std::size_t calls = 400, capacity = 500, price = 5;
  std::vector<ChatInput> inputs(calls, ChatInput("hi"));
  const auto results =
      named(provider, "fail-503")
          .try_batch(std::move(inputs), Context::root().with(runtime).with_concurrency(20));
  CHECK(std::none_of(results.begin(), results.end(), [](const auto& r) { return r.ok(); }));
  CHECK(provider.requests().size() == calls + capacity / price);
  // Another host has its own.
  OpenAiServer other;
  CHECK(test::invoke(named(other, "fail-503-2"), Context::root().with(runtime)).ok);
}

TEST_CASE("retry: waits are spread evenly over the whole interval") {
  Runtime runtime;
  const Context context = Context::root().with(runtime);
  constexpr int plans = 2000;
  std::vector<double> first, second;
  for (int i = 0; i < plans; ++i) {
    RetryPlan plan(context, "step", "host");
    const auto failure = std::make_exception_ptr(Error(ErrorKind::network, "reset"));
    first.push_back(std::chrono::duration<double>(plan.next(failure)).count());
    second.push_back(std::chrono::duration<double>(plan.next(failure)).count());
    CHECK_THROWS_AS(plan.next(failure), Error);
    plan.succeeded();
  }
  // Kolmogorov-Smirnov against the uniform distribution, significance far below one in a million.
  const auto distance = [](std::vector<double> waits, double ceiling) {
    std::sort(waits.begin(), waits.end());
    double worst = 0;
    for (std::size_t i = 0; i < waits.size(); ++i) {
      const double share = waits[i] / ceiling, n = static_cast<double>(waits.size());
      worst = std::max({worst, std::abs(share - static_cast<double>(i) / n),
                        std::abs(share - static_cast<double>(i + 1) / n)});
    }
    return worst;
  };
  CHECK(*std::max_element(first.begin(), first.end()) < 0.5);
  CHECK(*std::max_element(second.begin(), second.end()) < 1.0);
  CHECK(distance(first, 0.5) < 2.8 / std::sqrt(plans));
  CHECK(distance(second, 1.0) < 2.8 / std::sqrt(plans));
  std::sort(first.begin(), first.end());
  std::size_t most = 0;
  for (auto from = first.begin(); from != first.end(); ++from)
    most = std::max(
        most, static_cast<std::size_t>(std::upper_bound(from, first.end(), *from + 0.010) - from));
  CHECK(most <= plans / 20);
}

}  // namespace
}  // namespace lian
