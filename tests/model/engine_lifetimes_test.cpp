// Dropping, cancelling and slow readers: nothing leaks, nothing goes on.
#include <atomic>
#include <random>
#include <stop_token>
#include <thread>

#include "lian/core/pipe.hpp"
#include "lian/core/when_all.hpp"
#include "lian/model/output_parser.hpp"
#include "lian/model/prompt.hpp"
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

Reply long_stream() {
  std::vector<std::string> pieces(40, "piece ");
  return Reply::events(test::small_events(pieces)).cut_body(2000, Ending::stall);
}

// What is open when nothing runs, once everything made at first use has been made.
std::size_t warmed(const ChatModel& model, Runtime& runtime, const RawServer& server) {
  REQUIRE(model.stream("hi", test::once(runtime)).next());
  runtime.release_idle();
  REQUIRE(server.wait_for_open(0));
  return test::open_descriptors();
}

TEST_CASE("engine: streams dropped half-read close their connections and leak nothing") {
  for (const bool http2 : {false, true}) {
    ServerOptions options;
    options.tls = options.http2 = http2;
    RawServer server([](const Request&) { return long_stream(); }, options);
    Runtime runtime(http2 ? RuntimeOptions().ca_file(server.ca_file()) : RuntimeOptions());
    const ChatModel model = test::model_at(server.url());
    const std::size_t before = warmed(model, runtime, server);
    std::mt19937 random(7);
    const int drops = http2 ? 200 : 1000;
    for (int i = 0; i < drops; ++i) {
      auto pieces = model.stream("hi", test::once(runtime));
      for (auto left = random() % 6; left > 0; --left) REQUIRE(pieces.next());
    }
    if (!http2) CHECK(server.wait_for_open(0));
    runtime.release_idle();
    CHECK(server.wait_for_open(0));
    CHECK(test::open_descriptors() == before);
  }
}

Task<int> read_some(ChatModel model, Context context, int pieces) {
  Stream<ChatPiece> stream = model.astream("hi", context);
  int count = 0;
  while (count < pieces && co_await stream.next()) ++count;
  co_return count;
}

Task<int> read_all_some(ChatModel model, Context context, int streams) {
  std::vector<Task<int>> tasks;
  for (int i = 0; i < streams; ++i) tasks.push_back(read_some(model, context, i % 6));
  Task<std::vector<int>> all = when_all(std::move(tasks));
  std::vector<int> counts = co_await std::move(all);
  int sum = 0;
  for (const int count : counts) sum += count;
  co_return sum;
}

TEST_CASE("engine: many streams at once, each dropped at its own point") {
  RawServer server([](const Request&) { return long_stream(); });
  Runtime runtime;
  const std::size_t before = warmed(test::model_at(server.url()), runtime, server);
  CHECK(block_on(read_all_some(test::model_at(server.url()), test::once(runtime), 120), runtime) ==
        300);
  CHECK(server.wait_for_open(0));
  runtime.release_idle();
  CHECK(server.wait_for_open(0));
  CHECK(test::open_descriptors() == before);
}

TEST_CASE("engine: a stream that is abandoned closes its connection at once") {
  RawServer server([](const Request&) { return long_stream(); });
  Runtime runtime;
  const ChatModel model = test::model_at(server.url());
  auto pieces = std::make_unique<PieceRange<ChatPiece>>(model.stream("hi", test::once(runtime)));
  REQUIRE(pieces->next());
  CHECK(server.counts().open == 1);
  SECTION("on its own thread") { pieces.reset(); }
  SECTION("on another thread") {
    std::thread([&] { pieces.reset(); }).join();
  }
  CHECK(server.wait_for_open(0, milliseconds(1000)));
}

TEST_CASE("engine: a reader that does not read pauses the transfer, and that is no silence") {
  const std::string piece(20000, 'x');
  std::vector<std::string> all(1000, piece);  // 20 MB
  RawServer server(
      [reply = Reply::events(test::small_events(all))](const Request&) { return reply; });
  Runtime runtime;
  const ChatModel model = test::model_at(
      server.url(), ModelConfig().limits(HttpLimits().idle_timeout(milliseconds(150))));
  const auto slow = [](ChatModel asked, Context context, RawServer* from) -> Task<std::size_t> {
    Stream<ChatPiece> stream = asked.astream("hi", context);
    std::size_t bytes = 0;
    for (int i = 0; i < 3; ++i) {
      const ChatPiece* first = co_await stream.next();
      bytes += first->text.size();
      co_await sleep(milliseconds(250));
      CHECK(from->counts().bytes_sent < (std::size_t{12} << 20));
    }
    while (const ChatPiece* more = co_await stream.next()) bytes += more->text.size();
    co_return bytes;
  };
  CHECK(block_on(slow(model, test::once(runtime), &server), runtime) == 20000000);
}

TEST_CASE("engine: a batch of a thousand calls of which half are cancelled") {
  RawServer server([](const Request& request) {
    const bool half = request.body.find("odd") != std::string::npos;
    return half ? Reply::nothing(Ending::stall) : Reply::json(200, test::small_json("hi"));
  });
  Runtime runtime;
  const ChatModel model = test::model_at(server.url());
  const std::size_t before = test::open_descriptors();
  std::vector<ChatInput> inputs;
  for (int i = 0; i < 1000; ++i) inputs.emplace_back(i % 2 ? "odd" : "even");
  const auto results = model.with_timeout(milliseconds(30))
                           .try_batch(inputs, test::once(runtime).with_concurrency(100));
  std::size_t answers = 0, timeouts = 0;
  for (const auto& result : results) {
    if (result.ok()) {
      ++answers;
      continue;
    }
    try {
      std::rethrow_exception(result.error());
    } catch (const Error& error) {
      timeouts += error.kind() == ErrorKind::timeout ? 1 : 0;
    }
  }
  CHECK(answers + timeouts == 1000);
  CHECK(timeouts >= 500);
  CHECK(answers > 0);

  // And as one: a stop from outside ends all that still run.
  std::stop_source stop;
  std::thread stopper([&] {
    server.wait_for_stalled(50);
    stop.request_stop();
  });
  const auto stopped = model.try_batch(
      inputs, test::once(runtime).with_concurrency(100).with_stop(stop.get_token()));
  stopper.join();
  CHECK(stopped.size() == 1000);
  CHECK_FALSE(stopped.back().ok());
  runtime.release_idle();
  CHECK(server.wait_for_open(0));
  CHECK(test::open_descriptors() == before);
}

// Asks the model, and then the model again from inside a step.
auto chain_that_asks_again(const ChatModel& model) {
  return ChatPromptTemplate({"{text}"}) | model | StrOutputParser() |
         [model](std::string answer) { return answer + model.invoke(answer).text(); } | model |
         StrOutputParser();
}

TEST_CASE("engine: a hundred chains at concurrency 1 whose step asks the model again all finish") {
  RawServer server({Reply::json(200, test::small_json("hi"))});
  Runtime runtime;
  const ChatModel model = test::model_at(server.url(), ModelConfig().max_concurrency(1));
  const auto chain = chain_that_asks_again(model);
  const Context context = test::once(runtime).with_concurrency(100);
  const std::vector<Values> inputs(100, Values{{"text", "hi"}});
  CHECK(chain.batch(inputs, context) == std::vector<std::string>(100, "hi"));
  CHECK(server.counts().requests == 300);

  std::atomic<int> finished{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 10; ++t)
    threads.emplace_back([&] {
      const std::vector<Values> ten(10, Values{{"text", "hi"}});
      for (const std::string& answer : chain.batch(ten, context)) finished += answer == "hi";
    });
  for (std::thread& thread : threads) thread.join();
  CHECK(finished == 100);
  CHECK(server.counts().requests == 600);
  runtime.release_idle();
  CHECK(server.wait_for_open(0));
}

TEST_CASE("engine: one model used from many threads at once") {
  test::OpenAiServer provider;
  Runtime runtime;
  const ChatModel model = test::model_at(provider.url(), ModelConfig().max_concurrency(3));
  std::atomic<int> good{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < 10; ++i) {
        const Outcome out = i % 2 ? test::stream(model, test::once(runtime))
                                  : test::invoke(model, test::once(runtime));
        good += out.message.text() == test::OpenAiServer::default_answer() ? 1 : 0;
      }
    });
  for (std::thread& thread : threads) thread.join();
  CHECK(good == 80);
  CHECK(provider.server().counts().accepted <= 16);
}

}  // namespace
}  // namespace lian
