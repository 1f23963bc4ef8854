/// The providers the conformance test runs over: adding one is adding its line.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "support/glm_server.hpp"
#include "support/openai_simulated.hpp"
#include "support/spark_server.hpp"

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
  all.push_back({"glm", &make_glm_server});
  all.push_back({"chatglm", &make_chatglm_server});
  all.push_back({"spark", &make_spark_server});
  all.push_back({"spark http", &make_spark_http_server});
  return all;
}

}  // namespace lian::test
