// The examples extract and agent as their users meet them.
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "data/temp_folder.hpp"
#include "examples/child.hpp"
#include "support/catch.hpp"
#include "support/openai_server.hpp"

namespace lian::test {
namespace {

Environment reaching(const OpenAiServer& server) {
  return {{"OPENAI_BASE_URL", server.url()},
          {"OPENAI_API_KEY", OpenAiServer::key()},
          {"http_proxy", ""},
          {"https_proxy", ""},
          {"all_proxy", ""}};
}

Finished run(const OpenAiServer& server, const std::string& program,
             const std::vector<std::string>& arguments, const std::string& input = {}) {
  return Child(LIAN_TEST_EXAMPLES "/" + program, arguments, reaching(server), input).finish();
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST_CASE("example extract: text to a struct to JSON") {
  OpenAiServer server;
  server.set_answer(
      R"({"summary":"Two people.","people":[{"name":"Ada","role":null,"email":"ada@x.org"},)"
      R"({"name":"Bob","role":"cook","email":null}]})");
  const Finished done = run(server, "extract", {"Ada (ada@x.org) and Bob, a cook."});
  INFO(done.err);
  CHECK(done.exit_code == 0);
  CHECK(has(done.out, "\"summary\": \"Two people.\""));
  CHECK(has(done.out, "\"role\": \"cook\""));
  CHECK(server.last_body()["response_format"]["type"] == "json_schema");
  CHECK(server.last_body()["response_format"]["json_schema"]["strict"] == true);
  CHECK(server.refused().empty());
}

TEST_CASE("example extract: a reply that does not fit twice is an error") {
  OpenAiServer server;
  server.set_answer("I cannot say.");
  const Finished done = run(server, "extract", {}, "Some text from a pipe.");
  CHECK(done.exit_code == 1);
  CHECK(done.out.empty());
  CHECK(has(done.err, "goes back to the model"));
  CHECK(has(done.err, "the reply is not JSON"));
  CHECK(server.requests().size() == 2);
}

TEST_CASE("example agent: shows its steps, prints its answer") {
  OpenAiServer server;
  server.set_tool_calls({{"calculator", R"({"expression":"6 * 7"})"}});
  server.set_answer("It is 42.");
  const Finished done = run(server, "agent", {"what is 6 * 7?"});
  INFO(done.err);
  CHECK(done.exit_code == 0);
  CHECK(done.out == "It is 42.\n");
  CHECK(has(done.err, "> calculator{\"expression\":\"6 * 7\"}\n< 42\n"));
  CHECK(has(done.err, "[2 calls of the model, 1 of tools, "));
  CHECK(server.refused().empty());
}

TEST_CASE("example agent: uses the tools of MCP servers, and asks before it does") {
  const TempFolder folder;
  nlohmann::json file;
  file["mcpServers"]["fake"]["command"] = LIAN_TEST_MCP_SERVER;
  nlohmann::json script;
  for (const char* name : {"echo", "process", "bad name"}) {
    nlohmann::json tool{{"name", name}, {"inputSchema", {{"type", "object"}}}};
    tool["annotations"]["readOnlyHint"] = std::string(name) != "echo";
    script["tools"].push_back(tool);
  }
  file["mcpServers"]["fake"]["args"] = {script.dump()};
  const std::string path = folder.write("mcp.json", file.dump());
  OpenAiServer server;
  server.set_tool_calls({{"fake__echo", R"({"text":"hello from a child"})"}});
  server.set_answer("It said hello.");
  const std::vector<std::string> task{"--mcp", path, "say hello"};
  const Finished asked = run(server, "agent", task, "y\n");
  INFO(asked.err);
  CHECK(asked.exit_code == 0);
  CHECK(asked.out == "It said hello.\n");
  CHECK(has(asked.err, "! bad name of fake is refused: its name holds"));
  CHECK(has(asked.err, "? run fake__echo{\"text\":\"hello from a child\"} [y/N]"));
  CHECK(has(asked.err, "< hello from a child\n"));
  const Finished told = run(server, "agent", {"--yes", "--mcp", path, "say hello"});
  CHECK(has(told.err, "< hello from a child\n"));
  CHECK_FALSE(has(told.err, "[y/N]"));

  const Finished none = run(server, "agent", {"--mcp", folder.path("none"), "say hello"});
  CHECK(none.exit_code == 1);
  CHECK(has(none.err, "agent: the MCP servers' file"));
}

TEST_CASE("example agent: asks before it writes, unless told not to") {
  const TempFolder folder;
  OpenAiServer server;
  server.set_tool_calls({{"write_file", R"({"path":"note.txt","content":"hi"})"}});
  server.set_answer("Done.");
  const std::vector<std::string> task{"--files", folder.path(), "write a note"};
  const Finished no = run(server, "agent", task, "n\n");
  CHECK(has(no.err, "? run write_file{\"path\":\"note.txt\",\"content\":\"hi\"} [y/N]"));
  CHECK_FALSE(std::filesystem::exists(folder.path("note.txt")));
  const Finished yes = run(server, "agent", task, "y\n");
  CHECK(has(yes.err, "< wrote 2 bytes to note.txt"));
  CHECK(std::filesystem::exists(folder.path("note.txt")));
  std::filesystem::remove(folder.path("note.txt"));
  const Finished unasked =
      run(server, "agent", {"--files", folder.path(), "--yes", "write a note"});
  CHECK_FALSE(has(unasked.err, "[y/N]"));
  CHECK(std::filesystem::exists(folder.path("note.txt")));
}

TEST_CASE("example agent: a model that never answers is stopped, with an exit code of its own") {
  OpenAiServer server;
  server.add_model("tool-loop");
  server.set_tool_calls({{"clock", "{}"}});
  const Finished done =
      run(server, "agent", {"--model", "openai:tool-loop", "--max-iterations", "3", "loop"});
  INFO(done.err);
  CHECK(done.exit_code == 3);
  CHECK(has(done.out, "Agent stopped due to iteration limit or time limit."));
  CHECK(server.requests().size() == 3);
}

TEST_CASE("example agent: reasons in text where asked to") {
  OpenAiServer server;
  server.set_answer("I know it.\nFinal Answer: in text");
  const Finished done = run(server, "agent", {"--react", "?"});
  INFO(done.err);
  CHECK(done.out == "in text\n");
}

}  // namespace
}  // namespace lian::test
