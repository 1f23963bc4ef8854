/// Replies cut at every byte, over real sockets, with every provider of the conformance test.

#include <cstddef>
#include <string>

#include "model/conformance.hpp"
#include "model/conformance_providers.hpp"

namespace lian {
namespace {

using test::Reply;
using test::SimulatedProvider;

// Asks for a whole reply or a stream cut after each number of bytes; how many were errors.
int errors_of_cuts(SimulatedProvider& provider, bool stream) {
  const ChatModel model = provider.model();
  const auto ask = [&] {
    return stream ? test::collect_stream(model, "hi") : model.invoke("hi", test::once());
  };
  std::size_t size = 0;
  provider.deliver([&size](Reply& reply) {
    size = reply.is_raw() ? reply.body().size() : reply.framed_body().size();
  });
  ask();
  int errors = 0;
  for (std::size_t bytes = 0; bytes < size; ++bytes) {
    provider.deliver([bytes](Reply& reply) { reply.cut_body(bytes, test::Ending::truncate); });
    try {
      const AIMessage message = ask();
      const bool whole = message.text() == "Hello" && message.finish_reason == FinishReason::stop;
      if (!whole) FAIL_CHECK("cut after " << bytes << " bytes it became: " << message.text());
    } catch (const Error&) {
      ++errors;
    }
  }
  return errors;
}

}  // namespace

TEST_CASE("cuts: a reply cut at any byte is an error or the whole, with every provider") {
  for (const test::Conforming& conforming : test::conforming_providers()) {
    INFO(conforming.title);
    const auto provider = conforming.make();
    test::Script script;
    script.pieces = {"Hello"};
    provider->answer(script);
    CHECK(errors_of_cuts(*provider, true) > 50);
    CHECK(errors_of_cuts(*provider, false) > 50);
  }
}

}  // namespace lian
