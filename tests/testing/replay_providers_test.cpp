// Every provider's exchanges recorded and replayed: signatures, tokens and dates change with each
// request and must neither break the match nor stand in the file.
#include <functional>
#include <string>
#include <vector>

#include "lian/testing/recording.hpp"
#include "model/conformance_providers.hpp"
#include "support/catch.hpp"
#include "testing/recording_support.hpp"

using lian::testing::Recording;

namespace lian::test {
namespace {

std::string all_of(SimulatedProvider& provider, const Context& context) {
  const ChatModel model = provider.model();
  std::string text = model.invoke("Hello", context).text();
  for (auto& piece : model.stream("Hello again", context)) text += "[" + piece.text + "]";
  if (const auto embeddings = provider.embeddings())
    text += std::to_string(embeddings->embed_query("a text", context).size());
  return text;
}

bool is_credential(const std::string& name) {
  for (const char* secret : {"authorization", "x-api-key", "api-key", "x-goog-api-key",
                             "x-bc-signature", "x-bc-request-id"})
    if (name == secret) return true;
  return false;
}

// What the server was shown that must not be written: credentials in headers and queries.
std::vector<std::string> credentials(SimulatedProvider& provider) {
  std::vector<std::string> all;
  for (const Request& request : provider.server().requests()) {
    for (const auto& [name, value] : request.headers) {
      std::string lower;
      for (const char c : name)
        lower += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
      if (is_credential(lower)) all.push_back(value.substr(value.find(' ') + 1));
    }
    for (const char* field : {"key=", "access_token=", "client_secret=", "authorization="})
      if (const auto at = request.target.find(field); at != std::string::npos) {
        const std::size_t begin = at + std::string(field).size();
        all.push_back(request.target.substr(begin, request.target.find('&', begin) - begin));
      }
  }
  return all;
}

}  // namespace

TEST_CASE("recording: every provider replays, and no credential is in its file") {
  std::size_t shown = 0;
  for (const Conforming& conforming : conforming_providers()) {
    INFO(conforming.title);
    const TempFolder files;
    const auto provider = conforming.make();
    std::string first;
    {
      Recording recording(files.path("a.jsonl"));
      first = all_of(*provider, recording.context());
      recording.save();
    }
    const std::size_t asked = provider->server().requests().size();
    Recording replay(files.path("a.jsonl"));
    CHECK(all_of(*provider, replay.context()) == first);
    CHECK(replay.diverged().empty());
    CHECK(provider->server().requests().size() == asked);
    const std::string text = read_file(files.path("a.jsonl"));
    for (const std::string& secret : credentials(*provider)) {
      if (secret.size() < 8) continue;
      ++shown;
      INFO(secret);
      CHECK(text.find(secret) == std::string::npos);
    }
  }
  CHECK(shown > 60);
}

}  // namespace lian::test
