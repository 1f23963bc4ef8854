#pragma once
// OpenAI's Responses API, simulated: it refuses what the API refuses and answers whole or streamed.

#include <memory>

#include "support/simulated_provider.hpp"

namespace lian::test {

std::unique_ptr<SimulatedProvider> make_responses_server();

}  // namespace lian::test
