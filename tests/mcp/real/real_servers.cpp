// The client against servers of the protocol's own makers, over both transports. LIAN_MCP_MODULES
// is the folder npm has put them into.
#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include "agent/mcp_support.hpp"
#include "data/temp_folder.hpp"
#include "lian/core/when_all.hpp"
#include "net/child_process.hpp"
#include "support/catch.hpp"

namespace lian::test {
namespace {

std::string program(const std::string& name) {
  const char* folder = std::getenv("LIAN_MCP_MODULES");
  if (!folder) throw std::logic_error("LIAN_MCP_MODULES is not set");
  return std::string(folder) + "/@modelcontextprotocol/" + name + "/dist/index.js";
}

int free_port() {
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ::bind(fd, reinterpret_cast<sockaddr*>(&address), size);
  ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  ::close(fd);
  return ntohs(address.sin_port);
}

// server-everything behind a URL, once it listens.
class HttpServer {
 public:
  HttpServer() : port_(free_port()), child_(command(port_)) {
    std::string said;
    while (said.find("listening on port") == std::string::npos) {
      pollfd ready{child_.errors(), POLLIN, 0};
      ::poll(&ready, 1, 30000);
      if (ready.revents == 0 || ChildProcess::read(child_.errors(), said) == ChildProcess::Got::end)
        throw std::logic_error("server-everything does not listen: " + said);
    }
  }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_) + "/mcp"; }

 private:
  static ChildCommand command(int port) {
    ChildCommand command;
    command.program = "node";
    command.arguments = {program("server-everything"), "streamableHttp"};
    command.environment = {{"PATH", std::getenv("PATH")}, {"PORT", std::to_string(port)}};
    return command;
  }
  int port_;
  ChildProcess child_;
};

struct Progress : Handler {
  void on_event(const Event& event) override {
    if (event.type == EventType::custom) seen.emplace_back(event.message);
  }
  std::vector<std::string> seen;
};

std::string json_path(const std::string& path) { return nlohmann::json{{"path", path}}.dump(); }

void use_everything(const McpClient& client) {
  const std::vector<Tool> tools = client.tools();
  CHECK(tools.size() >= 10);
  CHECK(client.issues().empty());
  CHECK(answer_of(find_tool(tools, "s__echo"), R"({"message":"grüß dich"})") == "Echo: grüß dich");
  CHECK(holds(answer_of(find_tool(tools, "s__get-sum"), R"({"a":20,"b":22})"), "42"));
  const Tool image = find_tool(tools, "s__get-tiny-image");
  const ToolMessage seen = image.invoke(call_of(image));
  REQUIRE(seen.attachments.size() == 1);
  CHECK(std::get<ImagePart>(seen.attachments[0]).source.data.starts_with("\x89PNG"));
  const Tool weather = find_tool(tools, "s__get-structured-content");
  CHECK_FALSE(weather.options().needs_approval());
  const ToolMessage sky = weather.invoke(call_of(weather, R"({"location":"Chicago"})"));
  CHECK(sky.artifact["humidity"].as_int() == 82);
  CHECK(kind_of([&] { answer_of(weather, R"({"location":"Atlantis"})"); }) ==
        ErrorKind::validation);
  const Tool links = find_tool(tools, "s__get-resource-links");
  CHECK(holds(answer_of(links, R"({"count":2})"), "](demo://"));

  const auto progress = std::make_shared<Progress>();
  const Tool slow = find_tool(tools, "s__trigger-long-running-operation");
  answer_of(slow, R"({"duration":0.2,"steps":2})", Context::root().with_handler(progress));
  CHECK(progress->seen == std::vector<std::string>{"1 of 2", "2 of 2"});

  const auto side_by_side = [](Tool tool) -> Task<std::vector<ToolMessage>> {
    std::vector<Task<ToolMessage>> calls;
    for (int i = 0; i < 10; ++i)
      calls.push_back(tool.ainvoke(call_of(tool, R"({"duration":0.5,"steps":1})")));
    Task<std::vector<ToolMessage>> all = when_all(std::move(calls));
    co_return co_await std::move(all);
  };
  const auto begin = Clock::now();
  CHECK(block_on(side_by_side(slow)).size() == 10);
  CHECK(Clock::now() - begin < std::chrono::seconds(4));

  const Context soon = Context::root().with_timeout(std::chrono::milliseconds(200));
  CHECK(kind_of([&] { answer_of(slow, R"({"duration":5,"steps":5})", soon); }) ==
        ErrorKind::timeout);
  CHECK(answer_of(find_tool(tools, "s__echo"), R"({"message":"2"})") == "Echo: 2");
}

TEST_CASE("real servers: server-everything over stdio") {
  use_everything(client_of(McpServer::stdio("node", {program("server-everything"), "stdio"})));
  CHECK(children().empty());
}

TEST_CASE("real servers: server-everything over streamable HTTP") {
  const HttpServer server;
  use_everything(client_of(McpServer::http(server.url())));
}

TEST_CASE("real servers: a session that ended on the server begins anew") {
  const HttpServer server;
  const McpClient client = client_of(McpServer::http(server.url()));
  const Tool echo = find_tool(client.tools(), "s__echo");
  CHECK(answer_of(echo, R"({"message":"1"})") == "Echo: 1");
  client.close();
  CHECK(answer_of(echo, R"({"message":"2"})") == "Echo: 2");
}

TEST_CASE("real servers: server-filesystem works on a folder") {
  const TempFolder folder;
  const std::string path = folder.write("note.txt", "remember the milk");
  const McpClient client =
      client_of(McpServer::stdio("node", {program("server-filesystem"), folder.path()}));
  const std::vector<Tool> tools = client.tools();
  CHECK(client.issues().empty());
  const Tool read = find_tool(tools, "s__read_text_file");
  CHECK_FALSE(read.options().needs_approval());
  CHECK(answer_of(read, json_path(path)) == "remember the milk");
  CHECK(kind_of([&] { answer_of(read, json_path("/etc/passwd")); }) == ErrorKind::tool);
  const Tool write = find_tool(tools, "s__write_file");
  CHECK(write.options().needs_approval());
  answer_of(write, nlohmann::json{{"path", folder.path("new.txt")}, {"content", "hi"}}.dump());
  CHECK(text_of_file(folder.path("new.txt")) == "hi");
  CHECK(holds(answer_of(find_tool(tools, "s__list_directory"), json_path(folder.path())),
              "[FILE] note.txt"));
}

}  // namespace
}  // namespace lian::test
