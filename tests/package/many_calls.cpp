// A program of a user with many calls at once, over loopback: composed, streamed, batched,
// cancelled and dropped half-read. Built with the sanitizers of the library; it counts its
// descriptors, threads and connections itself.
#include <lian/core/pipe.hpp>
#include <lian/core/runtime.hpp>
#include <lian/core/version.hpp>
#include <lian/model/output_parser.hpp>
#include <lian/model/prompt.hpp>
#include <lian/model/registry.hpp>

#include <dirent.h>
#include <signal.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <exception>
#include <memory>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "support/raw_server.hpp"

namespace {

using lian::test::Ending;
using lian::test::RawServer;
using lian::test::Reply;
using lian::test::Request;

constexpr std::size_t calls = 1000;
constexpr int at_once = 100;

int failures = 0;

void expect(bool holds, const char* what) {
  if (holds) return;
  ++failures;
  std::fprintf(stderr, "does not hold: %s\n", what);
}

std::size_t entries(const char* folder) {
  std::size_t count = 0;
  DIR* open = opendir(folder);
  while (readdir(open)) ++count;
  closedir(open);
  return count;
}
std::size_t descriptors() { return entries("/proc/self/fd"); }
std::size_t threads() { return entries("/proc/self/task"); }

std::vector<void (*)(int)> dispositions() {
  std::vector<void (*)(int)> handlers;
  for (int number = 1; number < NSIG; ++number) {
    struct sigaction action {};
    const bool known = sigaction(number, nullptr, &action) == 0;
    handlers.push_back(known ? action.sa_handler : nullptr);
  }
  return handlers;
}

// ------------------------------------------------------------------ the server

// The number at the end of what the user said: every odd one of the calls to be cancelled stalls,
// and asks from the server's thread for its call to stop.
class Provider {
 public:
  static Reply stream() {
    std::vector<std::string> events(30, R"({"choices":[{"index":0,"delta":{"content":"hi "}}]})");
    events.push_back(R"({"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]})");
    events.push_back("[DONE]");
    return Reply::events(events);
  }
  static Reply answer() {
    return Reply::json(200, R"({"choices":[{"index":0,"finish_reason":"stop",)"
                            R"("message":{"role":"assistant","content":"hi"}}]})");
  }
  Reply operator()(const Request& request) const {
    const bool streams = request.body.find(R"("stream":true)") != std::string::npos;
    if (request.body.find("half ") != std::string::npos)
      return stream().cut_body(1500, Ending::stall);
    if (streams) return stream();
    const std::size_t mark = request.body.find("stop ");
    if (mark == std::string::npos) return answer();
    const std::size_t number = std::stoul(request.body.substr(mark + 5));
    if (number % 2 == 0) return answer();
    sources->at(number).request_stop();
    return Reply::nothing(Ending::stall);
  }
  std::shared_ptr<std::vector<std::stop_source>> sources =
      std::make_shared<std::vector<std::stop_source>>(calls);
};

// ------------------------------------------------------------------ the program

using Chain = lian::Runnable<lian::Values, std::string>;

Chain chain_of(const lian::ChatModel& model) {
  return lian::ChatPromptTemplate({"Answer: {text}"}) | model | lian::StrOutputParser();
}

lian::Values asking(const std::string& text) { return lian::Values{{"text", text}}; }

// Each call has a stop token of its own.
class Stoppable final : public lian::Step<std::size_t, std::string> {
 public:
  Stoppable(Chain chain, std::shared_ptr<std::vector<std::stop_source>> sources)
      : chain_(std::move(chain)), sources_(std::move(sources)) {}
  lian::Task<std::string> run(std::size_t number, lian::Context context) const override {
    lian::Context own = context.with_stop(sources_->at(number).get_token());
    return chain_.ainvoke(asking("stop " + std::to_string(number)), std::move(own));
  }

 private:
  Chain chain_;
  std::shared_ptr<std::vector<std::stop_source>> sources_;
};

void composes_and_streams(const Chain& chain, const lian::Context& context) {
  expect(chain.invoke(asking("one"), context) == "hi", "a chain gives its answer");
  std::string streamed;
  for (const std::string& piece : chain.stream(asking("one"), context)) streamed += piece;
  std::string whole;
  for (int i = 0; i < 30; ++i) whole += "hi ";
  expect(streamed == whole, "the pieces of a stream are its answer");
}

void batches(const Chain& chain, const lian::Context& context, const RawServer& server) {
  const std::size_t threads_before = threads();
  std::size_t most_threads = 0;
  const Chain counting = chain | [&](std::string answer) {
    most_threads = std::max(most_threads, threads());
    return answer;
  };
  const std::vector<lian::Values> inputs(calls, asking("one"));
  expect(counting.batch(inputs, context) == std::vector<std::string>(calls, "hi"),
         "a batch gives every answer");
  expect(most_threads == threads_before, "a batch runs on one thread");
  const int peak = server.counts().peak_open;
  expect(peak > 1 && peak <= at_once, "a batch keeps to its concurrency");
}

lian::ErrorKind kind_of(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const lian::Error& known) {
    return known.kind();
  } catch (const std::exception&) {
    return lian::ErrorKind::config;
  }
}

void cancels_half(const Chain& chain, const lian::Context& context, const Provider& provider) {
  const lian::Runnable<std::size_t, std::string> stoppable(
      std::make_shared<Stoppable>(chain, provider.sources));
  std::vector<std::size_t> numbers;
  for (std::size_t i = 0; i < calls; ++i) numbers.push_back(i);
  const auto results = stoppable.try_batch(numbers, context);
  bool right = results.size() == calls;
  for (std::size_t i = 0; i < results.size(); ++i)
    right = right && (i % 2 == 0 ? results[i].ok() && *results[i] == "hi"
                                 : !results[i].ok() &&
                                       kind_of(results[i].error()) == lian::ErrorKind::cancelled);
  expect(right, "the calls that are told to stop are cancelled, the others answered");
}

void drops_half_read(const Chain& chain, const lian::Context& context) {
  for (int i = 0; i < 200; ++i) {
    auto pieces = chain.stream(asking("half "), context);
    for (int read = 0; read < i % 5; ++read) expect(pieces.next() != nullptr, "a piece comes");
  }
  std::vector<lian::PieceRange<std::string>> open;
  for (int i = 0; i < 50; ++i) {
    open.push_back(chain.stream(asking("half "), context));
    expect(open.back().next() != nullptr, "a piece comes to each of many streams");
  }
}

void nests(const std::string& url, const lian::Context& context) {
  const auto model = lian::chat_model(
      "openai:gpt-4o-mini", lian::ModelConfig().base_url(url).api_key("k").max_concurrency(1));
  const Chain chain = chain_of(model) | [model](std::string answer) {
    return answer + " " + model.invoke(answer).text();
  };
  const std::vector<lian::Values> inputs(100, asking("one"));
  expect(chain.batch(inputs, context) == std::vector<std::string>(100, "hi hi"),
         "a hundred chains at concurrency 1 whose step asks the model all finish");
}

void run(const Provider& provider) {
  RawServer server(provider);
  lian::Runtime runtime;
  const lian::Context context =
      lian::Context().with(runtime).with_concurrency(at_once).with_tries(1);
  const Chain chain = chain_of(lian::chat_model(
      "openai:gpt-4o-mini", lian::ModelConfig().base_url(server.url()).api_key("k")));
  composes_and_streams(chain, context);
  runtime.release_idle();
  expect(server.wait_for_open(0), "no connection is left behind the first calls");
  const std::size_t before = descriptors();

  batches(chain, context, server);
  cancels_half(chain, context, provider);
  drops_half_read(chain, context);
  nests(server.url(), context);
  runtime.release_idle();
  expect(server.wait_for_open(0), "no connection is left");
  expect(descriptors() == before, "no descriptor is left");
  expect(server.problems().empty(), "every request was well-formed");
}

}  // namespace

int main() {
  const auto signals = dispositions();
  run(Provider());
  expect(dispositions() == signals, "no signal's disposition has changed");
  if (failures > 0) return 1;
  return std::printf("lian %s\n", lian::version()) > 0 ? 0 : 1;
}
