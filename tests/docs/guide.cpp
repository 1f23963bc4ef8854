#include "docs/guide.hpp"

#include <cstdlib>
#include <filesystem>

namespace lian::test {

Guide::Guide() : before_(std::filesystem::current_path().string()) {
  ::setenv("OPENAI_BASE_URL", server_.url().c_str(), 1);
  ::setenv("OPENAI_API_KEY", OpenAiServer::key().c_str(), 1);
  server_.add_model("text-embedding-3-small");
  folder_.write("notes/house.md", "# House\n\nThe spare key is under the blue pot.\n");
  folder_.write("notes/garden.md", "# Garden\n\nWater the roses every second day.\n");
  std::filesystem::current_path(folder_.path());
}

Guide::~Guide() { std::filesystem::current_path(before_); }

}  // namespace lian::test
