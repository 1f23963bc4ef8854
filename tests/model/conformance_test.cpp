/// The same behaviours over every provider, each simulated over loopback sockets. What comes out is
/// the matrix that docs/providers.md shows: ✓ works, – is not offered by the vendor.

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "model/conformance.hpp"
#include "model/conformance_providers.hpp"
#include "support/data.hpp"

namespace lian {
namespace {

using test::Behaviour;

std::vector<Behaviour> all_behaviours() {
  std::vector<Behaviour> all = test::asking_behaviours();
  const std::vector<Behaviour>& more = test::answering_behaviours();
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

// Every body that a provider was sent and took, a file each, where LIAN_REQUESTS names a folder:
// tests/sdk_types holds them against the vendors' own types.
void keep_requests(const std::string& title, const std::string& behaviour,
                   test::SimulatedProvider& provider) {
  const char* folder = std::getenv("LIAN_REQUESTS");
  if (folder == nullptr || !provider.refused().empty()) return;
  const std::filesystem::path place = std::filesystem::path(folder) / title;
  std::filesystem::create_directories(place);
  int number = 0;
  for (const test::Request& request : provider.server().requests()) {
    if (request.body.empty() || request.body.front() != '{') continue;
    const std::string name = behaviour + "-" + std::to_string(number++);
    std::ofstream(place / (name + ".json")) << request.target << "\n" << request.body;
  }
}

// The matrix as docs/providers.md shows it.
std::string matrix(const std::vector<std::string>& titles,
                   const std::vector<std::vector<bool>>& works,
                   const std::vector<Behaviour>& behaviours) {
  std::string text = "| |";
  for (const std::string& title : titles) text += " " + title + " |";
  text += "\n|---|";
  for (std::size_t i = 0; i < titles.size(); ++i) text += "---|";
  text += "\n";
  for (std::size_t row = 0; row < behaviours.size(); ++row) {
    text += std::string("| ") + behaviours[row].name + " |";
    for (const auto& column : works) text += column[row] ? " ✓ |" : " – |";
    text += "\n";
  }
  return text;
}

}  // namespace

TEST_CASE("conformance: the same behaviours over every provider") {
  const std::vector<Behaviour> behaviours = all_behaviours();
  std::vector<std::string> titles;
  std::vector<std::vector<bool>> works;
  for (const test::Conforming& conforming : test::conforming_providers()) {
    titles.push_back(conforming.title);
    works.emplace_back();
    for (const Behaviour& behaviour : behaviours) {
      INFO(conforming.title << ": " << behaviour.name);
      const auto provider = conforming.make();
      bool offered = false;
      try {
        offered = behaviour.check(*provider);
      } catch (const std::exception& error) {
        FAIL_CHECK("unexpected error: " << error.what());
      }
      works.back().push_back(offered);
      CHECK(provider->refused() == std::vector<std::string>());
      keep_requests(conforming.title, behaviour.name, *provider);
    }
  }
  const std::string text = matrix(titles, works, behaviours);
  if (const char* file = std::getenv("LIAN_MATRIX")) std::ofstream(file) << text;
  INFO("docs/providers.md shows another matrix; the one that holds:\n" << text);
  CHECK(test::read_doc("providers.md").find(text) != std::string::npos);
}

}  // namespace lian
