#include "agent/mcp_support.hpp"
#include "data/temp_folder.hpp"
#include "support/catch.hpp"

namespace lian::test {
namespace {

TEST_CASE("mcp servers: the common file format") {
  const McpServers servers = mcp_servers(R"({"mcpServers": {
    "files": {"command": "npx", "args": ["-y", "server", "/data"], "env": {"A": "b"}, "cwd": "/tmp"},
    "web": {"url": "https://mcp.test/mcp", "headers": {"Authorization": "Bearer k"}, "type": "http"},
    "lan": {"url": "http://box.test/mcp", "transport": "streamable_http", "allow_plain_http": true},
    "old": {"command": "x", "disabled": true}}, "other": 1})");
  REQUIRE(servers.size() == 3);
  CHECK(servers[0].first == "files");
  CHECK(servers[0].second.command() == "npx");
  CHECK(servers[0].second.args() == std::vector<std::string>{"-y", "server", "/data"});
  CHECK(servers[0].second.env() == McpServer::Variables{{"A", "b"}});
  CHECK(servers[0].second.cwd() == "/tmp");
  CHECK(servers[1].second.url() == "https://mcp.test/mcp");
  CHECK(*servers[1].second.headers().find("authorization") == "Bearer k");
  CHECK_FALSE(servers[1].second.plain_http());
  CHECK(servers[2].second.plain_http());
}

TEST_CASE("mcp servers: what cannot be meant is refused by name") {
  const auto text_for = [](const std::string& entry) {
    return message_of([&] { mcp_servers(R"({"mcpServers": {"one": )" + entry + "}}"); });
  };
  for (const char* entry :
       {"7", "{}", R"({"command": "a", "url": "https://b.test"})", R"({"command": 7})",
        R"({"command": "a", "args": "b"})", R"({"command": "a", "args": [1]})",
        R"({"command": "a", "env": ["b"]})", R"({"command": "a", "env": {"b": 1}})",
        R"({"command": "a", "type": "http"})", R"({"url": "https://b.test", "type": "stdio"})",
        R"({"command": "a", "type": "carrier pigeon"})", R"({"url": "ftp://b.test"})",
        R"({"url": "https://b.test", "headers": {"a": "b\r\nc: d"}})",
        R"({"url": "https://b.test", "type": "sse"})", R"({"command": "a", "disabled": "no"})"}) {
    INFO(entry);
    CHECK(text_for(entry).starts_with("the MCP server 'one': "));
  }
  CHECK(kind_of([] { mcp_servers("{}"); }) == ErrorKind::config);
  CHECK(kind_of([] { mcp_servers("{"); }) == ErrorKind::parse);
  CHECK(kind_of([] { McpServer::stdio(""); }) == ErrorKind::config);
  CHECK(kind_of([] { McpServer::http("https://u:p@host.test"); }) == ErrorKind::invalid_request);
}

TEST_CASE("mcp servers: a client of a file, of many servers") {
  const TempFolder folder;
  nlohmann::json file;
  for (const char* name : {"one", "two"}) {
    file["mcpServers"][name]["command"] = LIAN_TEST_MCP_SERVER;
    file["mcpServers"][name]["args"] = {offering({"echo"}).dump()};
  }
  const McpClient client = McpClient::from_file(folder.write("mcp.json", file.dump()));
  const std::vector<Tool> tools = client.tools();
  REQUIRE(tools.size() == 2);
  CHECK(answer_of(find_tool(tools, "one__echo"), R"({"text":"1"})") == "1");
  CHECK(answer_of(find_tool(tools, "two__echo"), R"({"text":"2"})") == "2");
  CHECK(client.tools("two").size() == 1);
  CHECK(kind_of([&] { client.tools("three"); }) == ErrorKind::config);

  CHECK(kind_of([&] { McpClient::from_file(folder.path("none")); }) == ErrorKind::not_found);
  CHECK(kind_of([&] { McpClient::from_file(folder.path()); }) == ErrorKind::storage);
  CHECK(kind_of([&] { McpClient::from_file(folder.write("bad", "{")); }) == ErrorKind::config);
}

TEST_CASE("mcp servers: one that fails is named, the others' tools can be had") {
  McpServers servers;
  servers.emplace_back("good", fake_server(offering({"echo"})));
  servers.emplace_back("bad", McpServer::stdio("/no/such/program"));
  const McpClient client(servers);
  CHECK(holds(message_of([&] { client.tools(); }), "the MCP server 'bad': '/no/such/program'"));
  CHECK(client.tools("good").size() == 1);
}

TEST_CASE("mcp servers: the names users write") {
  const McpClient client({{"files", fake_server(offering({"echo"}))}});
  CHECK(client.tools().at(0).spec().name == "files__echo");
}

TEST_CASE("mcp results: every kind of content") {
  const McpClient client = client_of(offering({"result"}));
  const Tool tool = client.tools().at(0);
  const ToolMessage all = tool.invoke(call_of(tool, R"({"result":{"content":[
      {"type":"text","text":"one"},
      {"type":"image","data":"aGk=","mimeType":"image/png"},
      {"type":"audio","data":"aGk=","mimeType":"audio/mpeg"},
      {"type":"resource","resource":{"uri":"file:///a","text":"A"}},
      {"type":"resource","resource":{"uri":"file:///b","blob":"aGk=","mimeType":"application/pdf"}},
      {"type":"resource_link","uri":"file:///c","name":"c","description":"see"}],
      "structuredContent":{"n":1}}})"));
  CHECK(all.content() == "one\nfile:///a:\nA\nfile:///b\n[c](file:///c): see");
  REQUIRE(all.attachments.size() == 3);
  CHECK(std::get<ImagePart>(all.attachments[0]).source.data == "hi");
  CHECK(std::get<AudioPart>(all.attachments[1]).format == "mp3");
  CHECK(std::get<FilePart>(all.attachments[2]).source.mime_type == "application/pdf");
  CHECK(all.artifact["n"].as_int() == 1);
  const ToolMessage only =
      tool.invoke(call_of(tool, R"({"result":{"content":[],"structuredContent":{"n":2}}})"));
  CHECK(only.content() == R"({"n":2})");
}

}  // namespace
}  // namespace lian::test
