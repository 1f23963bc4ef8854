/// The providers the conformance test runs over: adding one is adding its line.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "support/baichuan_server.hpp"
#include "support/claude_server.hpp"
#include "support/ernie_server.hpp"
#include "support/glm_server.hpp"
#include "support/google_server.hpp"
#include "support/ollama_server.hpp"
#include "support/qwen_server.hpp"
#include "support/responses_server.hpp"
#include "support/spark_server.hpp"
#include "support/vendor_server.hpp"

namespace lian::test {

struct Conforming {
  std::string title;  // a column of the matrix
  std::function<std::unique_ptr<SimulatedProvider>()> make;
};

inline std::vector<Conforming> conforming_providers() {
  std::vector<Conforming> all;
  const auto add_vendor = [&](const char* title) {
    all.push_back({title, [title] { return make_vendor_server(title); }});
  };
  add_vendor("openai");
  all.push_back({"openai-responses", &make_responses_server});
  for (const char* vendor :
       {"azure", "deepseek", "moonshot", "minimax", "openrouter", "groq", "together", "mistral",
        "xai", "siliconflow", "qwen-compatible", "llamacpp", "vllm"})
    add_vendor(vendor);
  all.push_back({"claude", &make_claude_server});
  all.push_back({"gemini", &make_gemini_server});
  all.push_back({"palm", &make_palm_server});
  all.push_back({"vertex-gemini", &make_vertex_gemini_server});
  all.push_back({"vertex-palm", &make_vertex_palm_server});
  all.push_back({"ernie", &make_ernie_server});
  add_vendor("ernie-v2");
  all.push_back({"qwen", &make_qwen_server});
  add_vendor("baichuan");
  all.push_back({"baichuan2-53b", &make_baichuan_server});
  all.push_back({"ollama", &make_ollama_server});
  all.push_back({"glm", &make_glm_server});
  all.push_back({"chatglm", &make_chatglm_server});
  all.push_back({"spark", &make_spark_server});
  all.push_back({"spark-http", &make_spark_http_server});
  return all;
}

}  // namespace lian::test
