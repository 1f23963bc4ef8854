/// What the behaviours of the conformance test have in common.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "lian/core/context.hpp"
#include "lian/core/error.hpp"
#include "lian/core/runtime.hpp"
#include "support/catch.hpp"
#include "support/simulated_provider.hpp"

namespace lian::test {

/// One behaviour: checks by Catch; false when the vendor says by its table that it has no such
/// thing.
struct Behaviour {
  const char* name;
  bool (*check)(SimulatedProvider& provider);
};

/// What a model can be asked.
const std::vector<Behaviour>& asking_behaviours();
/// What comes back: thoughts, usage, ends, errors, and what is done about them.
const std::vector<Behaviour>& answering_behaviours();

inline Context once() { return Context::root().with_tries(1); }

inline AIMessage collect_stream(const ChatModel& model, const ChatInput& input,
                                Context context = once()) {
  AIMessage message;
  auto pieces = model.stream(input, std::move(context));
  while (ChatPiece* piece = pieces.next()) append(message, std::move(*piece));
  finish(message);
  return message;
}

inline ToolSpec adder(const std::string& name = "add") {
  return ToolSpec(name, "adds two integers",
                  Json::parse(R"({"type":"object","properties":{"a":{"type":"integer"},)"
                              R"("b":{"type":"integer"}},"required":["a","b"]})"));
}

/// Whether `ask` is refused as not offered, before a byte is sent.
template <class Ask>
bool offered(SimulatedProvider& provider, Ask ask) {
  const int before = provider.server().counts().requests;
  try {
    ask();
    return true;
  } catch (const UnsupportedError& error) {
    CHECK_FALSE(error.feature.empty());
    CHECK(provider.server().counts().requests == before);
    return false;
  }
}

}  // namespace lian::test
