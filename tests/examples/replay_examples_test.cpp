// The examples from recordings, without a network. `LIAN_RECORD=1 test_examples "recordings*"` in a
// terminal makes the recordings anew.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "data/temp_folder.hpp"
#include "examples/child.hpp"
#include "support/catch.hpp"
#include "support/data.hpp"
#include "support/openai_server.hpp"

using Catch::Matchers::ContainsSubstring;
using lian::test::Child;
using lian::test::data_path;
using lian::test::Environment;
using lian::test::Finished;
using lian::test::OpenAiServer;
using lian::test::TempFolder;

namespace {

// No address and no proxy: whoever went to the network would not get there.
const std::string real_url = "https://api.openai.com/v1";

struct Example {
  std::string program;
  std::vector<std::string> arguments;
  std::string input;
  void (*script)(OpenAiServer&);
  std::string answer;
  std::string file() const { return data_path("recordings/" + program + ".jsonl"); }
};

const std::vector<Example>& examples() {
  static const std::vector<Example> all = {
      {"extract",
       {"Ada (ada@x.org) and Bob, a cook."},
       "",
       [](OpenAiServer& server) {
         server.set_answer(
             R"({"summary":"Two people.","people":[{"name":"Ada","role":null,"email":"ada@x.org"},)"
             R"({"name":"Bob","role":"cook","email":null}]})");
       },
       "\"summary\": \"Two people.\""},
      {"agent",
       {"what is 6 * 7 and 10 / 4?"},
       "",
       [](OpenAiServer& server) {
         server.set_tool_calls({{"calculator", R"({"expression":"6 * 7"})"},
                                {"calculator", R"({"expression":"10 / 4"})"}});
         server.set_answer("It is 42, and 2.5.");
       },
       "It is 42, and 2.5.\n"},
      {"chat",
       {"--model", "openai:gpt-4o-mini"},
       "你好\nand again\n",
       [](OpenAiServer& server) { server.set_answer("你好！How can I help?"); },
       "你好！How can I help?\n你好！How can I help?\n"},
  };
  return all;
}

Environment without_network() {
  return {{"OPENAI_API_KEY", "none-is-needed"},
          {"OPENAI_BASE_URL", ""},
          {"http_proxy", "http://127.0.0.1:9"},
          {"https_proxy", "http://127.0.0.1:9"},
          {"all_proxy", ""}};
}

Finished run(const Example& example, const std::string& flag, const std::string& file,
             const Environment& environment) {
  const TempFolder folder;
  std::vector<std::string> arguments = example.arguments;
  arguments.insert(arguments.end(), {flag, file});
  if (example.program == "chat")
    arguments.insert(arguments.end(), {"--store", folder.path("chat.db")});
  return Child(LIAN_TEST_EXAMPLES "/" + example.program, arguments, environment, example.input)
      .finish();
}

std::string read(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
}

void replace_all(std::string& text, const std::string& from, const std::string& to) {
  for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size())
    text.replace(at, from.size(), to);
}

// Recorded from the simulated provider; the address is made the real one's.
void record(const Example& example, const std::string& file) {
  OpenAiServer server;
  example.script(server);
  Environment environment = without_network();
  environment[0].second = OpenAiServer::key();
  environment[1].second = server.url();
  environment[2].second = environment[3].second = "";
  const Finished done = run(example, "--record", file, environment);
  INFO(done.err);
  REQUIRE(done.exit_code == 0);
  REQUIRE(done.out.find(example.answer) != std::string::npos);
  std::string text = read(file);
  replace_all(text, server.url(), real_url);
  std::ofstream(file, std::ios::binary) << text;
}

}  // namespace

TEST_CASE("recordings of the examples: replayed without a network") {
  for (const Example& example : examples()) {
    if (std::getenv("LIAN_RECORD")) record(example, example.file());
    const Finished done = run(example, "--replay", example.file(), without_network());
    INFO(example.program << ": " << done.err);
    CHECK(done.exit_code == 0);
    CHECK_THAT(done.out, ContainsSubstring(example.answer));
  }
}

TEST_CASE("recordings of the examples: recorded and replayed at once") {
  const TempFolder folder;
  for (const Example& example : examples()) {
    const std::string file = folder.path(example.program + ".jsonl");
    record(example, file);
    const Finished done = run(example, "--replay", file, without_network());
    INFO(example.program << ": " << done.err);
    CHECK(done.exit_code == 0);
    CHECK_THAT(done.out, ContainsSubstring(example.answer));
    CHECK(read(file).find(OpenAiServer::key()) == std::string::npos);
  }
}

TEST_CASE("recordings of the examples: another question is refused with the difference") {
  Example other = examples().at(0);
  other.arguments = {"Another text."};
  const Finished done = run(other, "--replay", other.file(), without_network());
  CHECK(done.exit_code == 1);
  CHECK_THAT(done.err, ContainsSubstring("$.messages[1].content is \"Another text.\""));
}

TEST_CASE("recordings in tests/data hold no secret") {
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(data_path("recordings"))) {
    if (entry.path().extension() != ".jsonl") continue;
    ++files;
    const std::string text = read(entry.path().string());
    INFO(entry.path());
    for (const char* sign : {"sk-", "Bearer ", "AIza", "eyJ", "bce-v3/", "/home/", "/root/"})
      CHECK(text.find(sign) == std::string::npos);
    CHECK(text.find(OpenAiServer::key()) == std::string::npos);
    CHECK_THAT(text, ContainsSubstring(R"(["authorization","[redacted]"])"));
    CHECK(text.find("127.0.0.1") == std::string::npos);
  }
  CHECK(files == examples().size());
}
