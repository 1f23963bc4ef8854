/// What the tests of MCP share: the fake server and tools to look at its client.
#pragma once

#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "lian/agent/mcp.hpp"
#include "support/async.hpp"
#include "support/process.hpp"

namespace lian::test {

inline nlohmann::json tool_json(const std::string& name, bool read_only = false) {
  nlohmann::json tool{{"name", name}, {"description", "Does " + name + "."}};
  tool["inputSchema"] = {{"type", "object"}, {"properties", nlohmann::json::object()}};
  if (read_only) tool["annotations"] = {{"readOnlyHint", true}};
  return tool;
}

inline nlohmann::json tools_json(const std::vector<std::string>& names) {
  auto tools = nlohmann::json::array();
  for (const std::string& name : names) tools.push_back(tool_json(name));
  return tools;
}

inline nlohmann::json offering(const std::vector<std::string>& names) {
  return {{"tools", tools_json(names)}};
}

inline McpServer fake_server(const nlohmann::json& script) {
  return McpServer::stdio(LIAN_TEST_MCP_SERVER, {script.dump()});
}

/// A client of one server, named "s".
inline McpClient client_of(McpServer server, McpOptions options = McpOptions()) {
  McpServers servers;
  servers.emplace_back("s", std::move(server));
  return McpClient(std::move(servers), options);
}
inline McpClient client_of(const nlohmann::json& script, McpOptions options = McpOptions()) {
  return client_of(fake_server(script), options);
}

/// The tool of that name for models.
inline Tool find_tool(const std::vector<Tool>& tools, const std::string& name) {
  for (const Tool& tool : tools)
    if (tool.spec().name == name) return tool;
  throw std::logic_error("no tool " + name);
}

inline ToolCall call_of(const Tool& tool, std::string arguments = "{}") {
  return ToolCall("c1", tool.spec().name, std::move(arguments));
}

inline std::string answer_of(const Tool& tool, std::string arguments = "{}",
                             Context context = Context::root()) {
  return tool.invoke(call_of(tool, std::move(arguments)), std::move(context)).content();
}

inline std::string text_of_file(const std::string& path) {
  std::ifstream file(path);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

inline bool holds(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace lian::test
