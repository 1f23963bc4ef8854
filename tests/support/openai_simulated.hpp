#pragma once
// OpenAI and the vendors of its dialect as the conformance test sees them.

#include <memory>
#include <string>

#include "support/simulated_provider.hpp"

namespace lian::test {

/// `provider`: a name of lian's registry whose row speaks chat completions.
std::unique_ptr<SimulatedProvider> make_openai_server(const std::string& provider = "openai");
/// OpenAI by its Responses API.
std::unique_ptr<SimulatedProvider> make_responses_server();

}  // namespace lian::test
