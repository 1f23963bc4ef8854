/// Serves simulated providers to the vendors' SDKs: a line of JSON each on stdout tells where, as
/// whom and which model; the end of stdin ends it.

#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "support/claude_server.hpp"
#include "support/google_server.hpp"
#include "support/ollama_server.hpp"
#include "support/responses_server.hpp"
#include "support/vendor_server.hpp"

namespace lian::test {
namespace {

struct Served {
  std::string name, path, key, model;
  std::unique_ptr<SimulatedProvider> (*make)();
};

std::vector<Served> others() {
  return {
      {"openai-responses", "/v1", "sk-simulated-0123456789", "gpt-5-mini", &make_responses_server},
      {"claude", "", ClaudeServer::key(), "claude-sonnet-4-5", &make_claude_server},
      {"gemini", "", GoogleServer::key(), "gemini-2.5-flash", &make_gemini_server},
      {"ollama", "", OllamaServer::key(), "llama3.2", &make_ollama_server}};
}

void tell(const std::string& name, const std::string& base, const std::string& key,
          const std::string& model, bool calls) {
  std::cout << nlohmann::json{{"name", name},
                              {"base", base},
                              {"key", key},
                              {"model", model},
                              {"calls", calls}}
            << std::endl;
}

Script script_of(bool calls) {
  Script script;
  if (!calls) return script;
  script.pieces.clear();
  script.calls = {{"add", R"({"a":1,"b":2})"}};
  return script;
}

}  // namespace
}  // namespace lian::test

int main() {
  using namespace lian::test;
  std::vector<std::unique_ptr<SimulatedProvider>> running;
  for (const bool calls : {false, true}) {
    for (const char* name : {"openai", "groq", "together", "mistral", "openrouter"}) {
      auto server = std::make_unique<VendorServer>(name);
      server->answer(script_of(calls));
      tell(name, server->server().url() + server->rules()["base"].get<std::string>(), server->key(),
           server->rules()["model"], calls);
      running.push_back(std::move(server));
    }
    for (const Served& served : others()) {
      auto server = served.make();
      server->answer(script_of(calls));
      tell(served.name, server->server().url() + served.path, served.key, served.model, calls);
      running.push_back(std::move(server));
    }
  }
  std::cout << std::flush;
  std::fclose(stdout);
  while (std::cin.get() != std::char_traits<char>::eof()) {
  }
}
