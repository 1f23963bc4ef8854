// What hostile servers and configurations say: every row of tests/data/mcp/hostile.jsonl, floods,
// lies and deaths; after each the client is used.
#include <map>
#include <set>

#include "agent/mcp_support.hpp"
#include "data/temp_folder.hpp"
#include "lian/core/utf8.hpp"
#include "support/catch.hpp"
#include "support/corpus.hpp"

namespace lian::test {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;

std::vector<json> rows_of(const std::string& kind) {
  std::vector<json> rows;
  for (const json& row : read_jsonl("mcp/hostile.jsonl"))
    if (row["kind"] == kind) rows.push_back(row);
  return rows;
}

// Offers that tool and one of which a test knows the answer; too much for an argument, perhaps.
McpClient client_offering(const TempFolder& folder, const json& tool) {
  json script = offering({"echo"});
  script["tools"].push_back(tool);
  return client_of(McpServer::stdio(LIAN_TEST_MCP_SERVER, {folder.write("script", script.dump())}));
}

void require_usable(const McpClient& client) {
  const std::vector<Tool> tools = client.tools();
  CHECK(answer_of(find_tool(tools, "s__echo"), R"({"text":"well"})") == "well");
}

TEST_CASE("mcp hostile: every kind of row has its test") {
  std::map<std::string, int> kinds;
  for (const json& row : read_jsonl("mcp/hostile.jsonl")) ++kinds[row["kind"]];
  // host_origin is for servers, and lian is none.
  const std::map<std::string, int> known{
      {"tool_description", 6}, {"tool_name", 6},     {"tool_change", 2}, {"jsonrpc_line", 10},
      {"host_origin", 9},      {"stdio_command", 5}, {"oauth_url", 4}};
  CHECK(kinds == known);
}

TEST_CASE("mcp hostile: descriptions are cleaned, cut and reported") {
  const TempFolder folder;
  for (const json& row : rows_of("tool_description")) {
    const std::string text = row["data"], why = row["why"];
    INFO(why);
    json tool = tool_json("bad");
    tool["description"] = text;
    const McpClient client = client_offering(folder, tool);
    const std::vector<Tool> tools = client.tools();
    const std::string shown = find_tool(tools, "s__bad").spec().description;
    const bool changes = why != "hidden block" && why != "empty";
    CHECK(client.issues().size() == (changes ? 1u : 0u));
    if (!changes) CHECK(shown == text);
    CHECK(shown.size() <= McpOptions().max_description_bytes());
    CHECK_FALSE(holds(shown, "\n\n\n"));
    for (const char* hidden : {"\u202e", "\u202c", "\u200b", "\u200c", "\u200d", "\u2060"})
      CHECK_FALSE(holds(shown, hidden));
    if (changes) CHECK_FALSE(client.issues().at(0).refused);
    require_usable(client);
  }
}

TEST_CASE("mcp hostile: names that are none are refused, the other tools stay") {
  const TempFolder folder;
  for (const json& row : rows_of("tool_name")) {
    INFO(row.dump());
    json tool = tool_json("x");
    tool["name"] = row["data"];
    const McpClient client = client_offering(folder, tool);
    CHECK(client.tools().size() == 1);
    REQUIRE(client.issues().size() == 1);
    CHECK(client.issues()[0].refused);
    CHECK(client.issues()[0].server == "s");
    CHECK(holds(client.issues()[0].what, "its name"));
    require_usable(client);
  }
}

TEST_CASE("mcp hostile: a tool whose definition changes is disabled until approved") {
  for (const json& row : rows_of("tool_change")) {
    INFO(row.dump());
    auto script = offering({"echo", "change"});
    script["tools"].push_back(row["data"][0]);
    script["later_tools"] = tools_json({"echo", "change"});
    script["later_tools"].push_back(row["data"][1]);
    const McpClient client = client_of(script);
    const std::vector<Tool> tools = client.tools();
    const Tool pinned = find_tool(tools, "s__t");
    answer_of(find_tool(tools, "s__change"));
    const std::string text = message_of([&] { answer_of(pinned); });
    CHECK(holds(text, "is disabled: its definition has changed"));
    CHECK(kind_of([&] { answer_of(pinned); }) == ErrorKind::tool);

    CHECK(client.tools().size() == 2);
    REQUIRE(client.issues().size() == 1);
    CHECK(holds(client.issues()[0].what, "McpClient::approve(\"s__t\")"));
    require_usable(client);
    client.approve("s__t");
    CHECK(client.tools().size() == 3);
    CHECK(holds(message_of([&] { answer_of(pinned); }), "is disabled"));
  }
}

TEST_CASE("mcp hostile: lines instead of an answer") {
  for (const json& row : rows_of("jsonrpc_line")) {
    const std::string why = row["why"];
    INFO(why);
    for (const std::string method : {"initialize", "tools/list", "tools/call"}) {
      INFO(method);
      auto script = offering({"echo"});
      // Rows answer the request 1, or ask for something, and nothing answers after them.
      std::string line = row["data"];
      for (std::size_t at; (at = line.find("\"id\":1,")) != line.npos;)
        line.replace(at, 7, "\"id\":$ID,");
      for (std::size_t at; (at = line.find("\"id\":1}")) != line.npos;)
        line.replace(at, 7, "\"id\":$ID}");
      script["lines"][method] = json::array({line});
      const McpOptions quick = McpOptions()
                                   .call_timeout(milliseconds(200))
                                   .initialize_timeout(milliseconds(200))
                                   .max_tools(100);
      const McpClient client = client_of(script, quick);
      const std::string text = message_of([&] {
        const std::vector<Tool> tools = client.tools();
        answer_of(find_tool(tools, "s__echo"));
      });
      CHECK(holds(text, "'s'"));
      CHECK_FALSE(text.empty());
    }
    // Before the right answer it does no harm.
    auto script = offering({"echo"});
    script["first"] = json::array({row["data"]});
    const McpClient client = client_of(script);
    const std::string text = message_of([&] { client.tools(); });
    if (!text.empty()) CHECK(holds(text, "the MCP server 's' sent a line that is not JSON"));
    CHECK(text.empty() == (why != "depth"));
    require_usable(client);
  }
}

TEST_CASE("mcp hostile: a list that never ends is left at its limit") {
  for (const char* line :
       {R"({"jsonrpc":"2.0","id":$ID,"result":{"tools":[],"nextCursor":"a"}})",
        R"({"jsonrpc":"2.0","id":$ID,"result":{"tools":[],"nextCursor":"$ID"}})"}) {
    auto script = offering({"echo"});
    script["lines"]["tools/list"] = json::array({line});
    const McpClient client = client_of(script);
    CHECK(kind_of([&] { client.tools(); }) == ErrorKind::limit);
    CHECK(holds(message_of([&] { client.tools(); }), "'s' never ends its list of tools"));
  }
  auto script = offering({"echo", "a", "b", "c"});
  const McpClient client = client_of(script, McpOptions().max_tools(3));
  CHECK(kind_of([&] { client.tools(); }) == ErrorKind::limit);
}

TEST_CASE("mcp hostile: commands reach the system as they are") {
  for (const json& row : rows_of("stdio_command")) {
    INFO(row.dump());
    const std::vector<std::string> words = row["data"];
    const std::size_t before = open_descriptors();
    if (words[0] == "sh") {  // configured, so it runs, and speaks no MCP
      const McpClient client = client_of(McpServer::stdio("sh", {words[1], words[2]}));
      CHECK(holds(message_of([&] { client.tools(); }), "'s': it ended with exit status"));
      continue;
    }
    const auto start = [&] {
      const McpClient client =
          client_of(McpServer::stdio(words[0], {words.begin() + 1, words.end()}));
      static_cast<void>(client.tools());
    };
    const ErrorKind kind = kind_of(start);
    CHECK((kind == ErrorKind::not_found || kind == ErrorKind::config));
    Runtime::shared().release_idle();
    CHECK(open_descriptors() <= before);
    CHECK(children().empty());
  }
}

TEST_CASE("mcp hostile: URLs are parsed, and https unless on this machine") {
  for (const json& row : rows_of("oauth_url")) {
    const std::string url = row["data"];
    INFO(url);
    const auto connect = [&] { static_cast<void>(client_of(McpServer::http(url)).tools()); };
    const ErrorKind kind = kind_of(connect);
    CHECK(kind ==
          (url.starts_with("http://127") ? ErrorKind::network : ErrorKind::invalid_request));
  }
  CHECK(kind_of([] { client_of(McpServer::http("http://mcp.test/mcp")); }) == ErrorKind::config);
  CHECK_NOTHROW(client_of(McpServer::http("http://mcp.test/mcp").allow_plain_http()));
  CHECK_NOTHROW(client_of(McpServer::http("https://mcp.test/mcp")));
  CHECK_NOTHROW(client_of(McpServer::http("http://[::1]:1/mcp")));
}

// ------------------------------------------------------------------ floods, lies and deaths

TEST_CASE("mcp hostile: floods are cut off, the server starts again for the next call") {
  const McpOptions small = McpOptions().max_message_bytes(1 << 20);
  for (const std::string flood : {"flood_line", "flood_notes", "flood_junk"}) {
    INFO(flood);
    const McpClient client = client_of(offering({"echo", flood}), small);
    const std::vector<Tool> tools = client.tools();
    CHECK(kind_of([&] { answer_of(tools[1]); }) == ErrorKind::limit);
    CHECK(holds(message_of([&] { answer_of(tools[1]); }), "the MCP server 's'"));
    require_usable(client);
    CHECK(answer_of(tools[0], R"({"text":"old handles too"})") == "old handles too");
  }
  auto script = offering({"echo", "complain"});
  script["complaints"] = 1 << 20;
  const McpClient client = client_of(script);
  const std::vector<Tool> tools = client.tools();
  CHECK(answer_of(tools[1]) == "done");
}

TEST_CASE("mcp hostile: deaths are errors that say how, and the next call starts it again") {
  const std::map<std::string, std::string> deaths{{"exit", "it ended with exit status 3"},
                                                  {"crash", "it ended by signal 9"},
                                                  {"close_output", "it ended"},
                                                  {"leave_child", "it ended with exit status 0"}};
  for (const auto& [tool, words] : deaths) {
    INFO(tool);
    const McpClient client = client_of(offering({"echo", tool}));
    const std::vector<Tool> tools = client.tools();
    for (int i = 0; i < 2; ++i) {
      const std::string text = message_of([&] { answer_of(tools[1]); });
      INFO(text);
      CHECK(holds(text, "the MCP server 's'"));
      CHECK(holds(text, words));
      CHECK(kind_of([&] { answer_of(tools[1]); }) == ErrorKind::tool);
    }
    require_usable(client);
  }
  CHECK(children().empty());
}

TEST_CASE("mcp hostile: one that dies before it is ready leaves its last words") {
  const McpClient client =
      client_of(McpServer::stdio("sh", {"-c", "echo 'no such key \033[31m' >&2; exit 7"}));
  const std::string text = message_of([&] { client.tools(); });
  CHECK(holds(text, "the MCP server 's': it ended with exit status 7; it last wrote: no such key"));
  CHECK_FALSE(holds(text, "\033"));
  CHECK(kind_of([&] { client.tools(); }) == ErrorKind::network);
}

TEST_CASE("mcp hostile: one that does not read its input is left at the time limit") {
  const McpClient client =
      client_of(offering({"echo", "close_input"}),
                McpOptions().call_timeout(milliseconds(200)).shutdown_timeout(milliseconds(100)));
  const std::vector<Tool> tools = client.tools();
  CHECK(answer_of(tools[1]) == "closed");
  CHECK(holds(message_of([&] { answer_of(tools[0]); }), "'s'"));
  CHECK(answer_of(tools[0], R"({"text":"again"})") == "again");

  const McpClient deaf = client_of(McpServer::stdio("sleep", {"100"}),
                                   McpOptions().initialize_timeout(milliseconds(100)));
  CHECK(kind_of([&] { deaf.tools(); }) == ErrorKind::timeout);
  CHECK(holds(message_of([&] { deaf.tools(); }), "'initialize' within its 100 ms"));
  CHECK(children().find(' ') == children().rfind(' '));  // the first client's alone
}

TEST_CASE("mcp hostile: versions and hellos that cannot be") {
  auto script = offering({"echo"});
  script["version"] = "1999-01-01";
  CHECK(kind_of([&] { client_of(script).tools(); }) == ErrorKind::unsupported);
  for (const char* version : {"2025-06-18", "2025-03-26", "2024-11-05"}) {
    script["version"] = version;
    require_usable(client_of(script));
  }
  for (const char* line :
       {R"({"jsonrpc":"2.0","id":$ID,"result":{}})", R"({"jsonrpc":"2.0","id":$ID,"result":7})",
        R"({"jsonrpc":"2.0","id":$ID,"error":{"code":1,"message":"no"}})",
        R"({"jsonrpc":"2.0","id":$ID,"error":"no"})"}) {
    script["lines"]["initialize"] = json::array({line});
    CHECK(holds(message_of([&] { client_of(script).tools(); }), "the MCP server 's'"));
  }
}

TEST_CASE("mcp hostile: results that are none are errors, and hurt no other call") {
  const McpClient client = client_of(offering({"echo", "result"}));
  const std::vector<Tool> tools = client.tools();
  const auto give = [&](const char* result) {
    return message_of([&] { answer_of(tools[1], std::string(R"({"result":)") + result + "}"); });
  };
  CHECK(holds(give("{}"), "holds no content"));
  CHECK(holds(give(R"({"content":7})"), "holds no content"));
  CHECK(holds(give(R"({"content":[7]})"), "content of the type ''"));
  CHECK(holds(give(R"({"content":[{"type":"hologram"}]})"), "content of the type 'hologram'"));
  CHECK(holds(give(R"({"content":[{"type":"text"}]})"), "without 'text'"));
  CHECK(holds(give(R"({"content":[{"type":"image","data":"%%%"}]})"), "is not base64"));
  CHECK(holds(give(R"([])"), "a result that is array"));
  CHECK(holds(give(R"({"content":[],"isError":true})"), "does not say why"));
  const std::string much(300 << 10, 'x');
  CHECK(holds(give((R"({"content":[{"type":"text","text":")" + much + "\"}]}").c_str()),
              "McpOptions::max_output_bytes"));
  require_usable(client);
}

TEST_CASE("mcp hostile: ids that lian never gave out answer nobody") {
  for (const char* id : {"18446744073709551615", "-1", "1e300", "1.5", "\"1\"", "null", "[]"}) {
    INFO(id);
    auto script = offering({"echo"});
    script["first"] =
        json::array({std::string(R"({"jsonrpc":"2.0","result":{},"id":)") + id + "}"});
    require_usable(client_of(script));
    script = offering({"echo"});
    script["lines"]["tools/list"] = json::array(
        {std::string(R"({"jsonrpc":"2.0","id":$ID,"error":{"message":"no","code":)") + id + "}}"});
    CHECK(holds(message_of([&] { client_of(script).tools(); }), "it refused 'tools/list': no"));
  }
}

TEST_CASE("mcp hostile: schemas that are none or hide something are refused") {
  const TempFolder folder;
  const std::map<std::string, json> schemas{
      {"text", "object"},
      {"array", json::array()},
      {"wrong type", {{"type", "array"}}},
      {"hidden in a key", {{"type", "object"}, {"properties", {{"a\u200b", json::object()}}}}},
      {"hidden in a value", {{"type", "object"}, {"properties", {{"a", {{"enum", {"\u202ex"}}}}}}}},
      {"too large", {{"type", "object"}, {"title", std::string(300 << 10, 'x')}}}};
  for (const auto& [why, schema] : schemas) {
    INFO(why);
    json tool = tool_json("bad");
    tool["inputSchema"] = schema;
    const McpClient client = client_offering(folder, tool);
    CHECK(client.tools().size() == 1);
    REQUIRE(client.issues().size() == 1);
    CHECK(client.issues()[0].tool == "bad");
    CHECK(client.issues()[0].refused);
    require_usable(client);
  }
  json tool = tool_json("bad");
  tool["inputSchema"]["properties"]["a"] = {{"type", "string"},
                                            {"description", "A\u200bB\x1b[1mC"}};
  const McpClient client = client_offering(folder, tool);
  const std::vector<Tool> tools = client.tools();
  CHECK(
      find_tool(tools, "s__bad").spec().parameters["properties"]["a"]["description"].as_string() ==
      "ABC");
  CHECK(client.issues().at(0).what ==
        "its description lost in the schema: 1 invisible characters, 1 control characters");
}

TEST_CASE("mcp hostile: names that become one for models are refused, long ones are cut") {
  const std::string longest(120, 'n');
  const McpClient client = client_of(offering({"a.b", "a/b", longest, longest + "2"}));
  const std::vector<Tool> tools = client.tools();
  CHECK(tools.size() == 3);
  CHECK(client.issues().at(0).tool == "a/b");
  CHECK(tools[1].spec().name.size() == 64);
  CHECK(tools[1].spec().name != tools[2].spec().name);
  CHECK(kind_of([] {
          McpServers servers;
          servers.emplace_back("my server", fake_server(offering({})));
          servers.emplace_back("my_server", fake_server(offering({})));
          McpClient twice(servers);
        }) == ErrorKind::config);
  CHECK(kind_of([] {
          McpServers servers;
          servers.emplace_back("日本", fake_server(offering({})));
          McpClient nameless(servers);
        }) == ErrorKind::config);
}

}  // namespace
}  // namespace lian::test
