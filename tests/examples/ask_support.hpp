/// The example `ask` as its user meets it: a folder, a store of its own, a shell's exit code.
#pragma once

#include <string>
#include <vector>

#include "data/temp_folder.hpp"
#include "examples/child.hpp"
#include "support/openai_server.hpp"

namespace lian::test {

/// A folder `notes` and a cache in a temporary place; no keys and proxies from outside.
class AskWorld {
 public:
  AskWorld() { folder_.write("notes/.keep", ""); }
  std::string notes() const { return folder_.path("notes"); }
  std::string store() const { return folder_.path("index.db"); }
  std::string write(const std::string& name, const std::string& text) const {
    return folder_.write("notes/" + name, text);
  }
  const TempFolder& folder() const { return folder_; }

  /// Lets `ask` find its provider there.
  void use(const OpenAiServer& server, const std::string& key = OpenAiServer::key()) {
    provider_ = {{"OPENAI_BASE_URL", server.url()}, {"OPENAI_API_KEY", key}};
  }
  Environment environment() const {
    Environment all{{"XDG_CACHE_HOME", folder_.path("cache")}, {"OPENAI_API_KEY", ""},
                    {"OPENAI_BASE_URL", ""}, {"http_proxy", ""}, {"https_proxy", ""},
                    {"all_proxy", ""}};
    all.insert(all.end(), provider_.begin(), provider_.end());
    return all;
  }
  static std::string program() { return LIAN_TEST_EXAMPLES "/ask"; }
  Finished ask(const std::vector<std::string>& arguments, const std::string& input = {}) const {
    return Child(program(), arguments, environment(), input).finish();
  }

 private:
  TempFolder folder_;
  Environment provider_;
};

/// How often `part` occurs in `text`.
inline std::size_t times(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

}  // namespace lian::test
