// Where servers are: made by the program or read from a file.
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <optional>
#include <sstream>

#include <fmt/format.h>

#include "lian/agent/mcp.hpp"
#include "net/url.hpp"

namespace lian {
inline namespace v0 {

namespace {

[[noreturn]] void refuse(std::string_view server, std::string_view why) {
  throw Error(ErrorKind::config, fmt::format("the MCP server '{}': {}", server, why));
}

// One entry of "mcpServers".
class Entry {
 public:
  Entry(std::string_view name, Json json) : name_(name), json_(std::move(json)) {
    if (!json_.is_object()) refuse(name_, "its entry is no object");
  }

  bool disabled() const { return flag("disabled"); }

  McpServer server() const {
    const std::string command = text("command"), url = text("url"), type = this->type();
    if (command.empty() == url.empty()) refuse(name_, "give it either \"command\" or \"url\"");
    if (type == "sse")
      throw UnsupportedError(
          fmt::format("the MCP server '{}': the transport \"sse\" of 2024 is not spoken; most "
                      "servers offer streamable HTTP, too",
                      name_),
          "sse");
    const bool http = type == "http" || type == "streamablehttp";
    if (!type.empty() && type != "stdio" && !http)
      refuse(name_, fmt::format("\"type\" is '{}' instead of \"stdio\" or \"http\"", type));
    if (!type.empty() && http == url.empty())
      refuse(name_,
             fmt::format("\"type\" is '{}', which needs a \"{}\"", type, http ? "url" : "command"));
    return url.empty() ? McpServer::stdio(command, words("args"), variables("env"), text("cwd"))
                       : over_http(url);
  }

 private:
  McpServer over_http(const std::string& url) const {
    HttpHeaders headers;
    try {
      for (auto& [name, value] : variables("headers")) headers.add(name, value);
      McpServer server = McpServer::http(url, std::move(headers));
      return server.allow_plain_http(flag("allow_plain_http"));
    } catch (const Error& error) {
      refuse(name_, error.message());
    }
  }
  // "streamable-http", "streamable_http" and "streamableHttp" are one.
  std::string type() const {
    std::string out;
    for (const char c : json_.contains("type") ? text("type") : text("transport"))
      if (c != '-' && c != '_') out += c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    return out;
  }
  std::string text(std::string_view key) const {
    const Json value = json_[key];
    if (value.is_null()) return {};
    if (!value.is_string()) refuse(name_, fmt::format("\"{}\" is no text", key));
    return std::string(value.as_string());
  }
  bool flag(std::string_view key) const {
    const Json value = json_[key];
    if (!value.is_null() && !value.is_bool())
      refuse(name_, fmt::format("\"{}\" is neither true nor false", key));
    return value.is_bool() && value.as_bool();
  }
  std::vector<std::string> words(std::string_view key) const {
    std::vector<std::string> out;
    const Json value = json_[key];
    if (!value.is_null() && !value.is_array())
      refuse(name_, fmt::format("\"{}\" is no list of texts", key));
    for (const Json& item : value.items()) {
      if (!item.is_string()) refuse(name_, fmt::format("\"{}\" is no list of texts", key));
      out.emplace_back(item.as_string());
    }
    return out;
  }
  McpServer::Variables variables(std::string_view key) const {
    McpServer::Variables out;
    const Json value = json_[key];
    if (!value.is_null() && !value.is_object())
      refuse(name_, fmt::format("\"{}\" is no object of texts", key));
    for (const std::string& name : value.keys()) {
      if (!value[name].is_string())
        refuse(name_, fmt::format("\"{}\" of \"{}\" is no text", name, key));
      out.emplace_back(name, value[name].as_string());
    }
    return out;
  }

  std::string_view name_;
  Json json_;
};

std::string read_file(const std::string& path) {
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  if (file) text << file.rdbuf();
  if (file && text) return text.str();
  throw Error(errno == ENOENT ? ErrorKind::not_found : ErrorKind::storage,
              fmt::format("the MCP servers' file '{}' cannot be read: {}", path,
                          std::strerror(errno != 0 ? errno : EIO)));
}

void require_no_nul(std::string_view text, const char* what) {
  if (text.find('\0') != text.npos)
    throw Error(ErrorKind::config, fmt::format("{} of an MCP server holds a NUL byte", what));
}

}  // namespace

McpServer McpServer::stdio(std::string command, std::vector<std::string> args, Variables env,
                           std::string cwd) {
  if (command.empty()) throw Error(ErrorKind::config, "the command of an MCP server is empty");
  require_no_nul(command, "the command");
  for (const std::string& argument : args) require_no_nul(argument, "an argument");
  McpServer server;
  server.command_ = std::move(command);
  server.args_ = std::move(args);
  server.env_ = std::move(env);
  server.cwd_ = std::move(cwd);
  return server;
}

McpServer McpServer::http(std::string url, HttpHeaders headers) {
  check_http_url(url);
  McpServer server;
  server.url_ = std::move(url);
  server.headers_ = std::move(headers);
  return server;
}

McpServers mcp_servers(std::string_view json) {
  const Json entries = Json::parse(json)["mcpServers"];
  if (!entries.is_object())
    throw Error(ErrorKind::config,
                "a file of MCP servers is {\"mcpServers\": {NAME: {…}}}; this one is not");
  McpServers servers;
  for (const std::string& name : entries.keys()) {
    const Entry entry(name, entries[name]);
    if (!entry.disabled()) servers.emplace_back(name, entry.server());
  }
  return servers;
}

McpClient McpClient::from_file(std::string_view path, McpOptions options) {
  const std::string name(path);
  const std::string text = read_file(name);
  try {
    return McpClient(mcp_servers(text), options);
  } catch (const ParseError& error) {
    throw Error(ErrorKind::config,
                fmt::format("the MCP servers' file '{}' is no JSON: {}", name, error.message()));
  } catch (const Error& error) {
    throw Error(error.kind(), fmt::format("{}: {}", name, error.message()));
  }
}

}  // namespace v0
}  // namespace lian
