/// The providers the conformance test runs over: adding one is adding its line.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "support/claude_server.hpp"
#include "support/openai_simulated.hpp"

namespace lian::test {

struct Conforming {
  std::string title;  // a column of the matrix
  std::function<std::unique_ptr<SimulatedProvider>()> make;
};

inline std::vector<Conforming> conforming_providers() {
  std::vector<Conforming> all;
  all.push_back({"openai", [] { return make_openai_server("openai"); }});
  all.push_back({"openai responses", [] { return make_responses_server(); }});
  for (const char* vendor : {"deepseek", "moonshot", "minimax", "openrouter", "groq", "together",
                             "mistral", "xai", "siliconflow"})
    all.push_back({vendor, [vendor] { return make_openai_server(vendor); }});
  all.push_back({"claude", [] { return make_claude_server(); }});
  return all;
}

}  // namespace lian::test
