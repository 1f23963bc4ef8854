#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lian/agent/tool.hpp"
#include "lian/core/http.hpp"

namespace lian {
inline namespace v0 {

/// Where a server of the Model Context Protocol is and how it is spoken to. Regular value; made by
/// `stdio` or `http`.
class LIAN_API McpServer {
 public:
  using Variables = std::vector<std::pair<std::string, std::string>>;

  /// A program that speaks over its standard streams. It is started without a shell, with the
  /// arguments as they are, in a process group of its own; it inherits no descriptor, and of the
  /// environment only PATH, HOME, USER, LANG and TMPDIR besides what `env` sets. A name without '/'
  /// is looked up in that PATH, a relative path begins at `cwd` (default: this process's). Commands
  /// belong into the program or into its configuration, never into what a model or a server says.
  static McpServer stdio(std::string command, std::vector<std::string> args = {},
                         Variables env = {}, std::string cwd = {});
  /// Streamable HTTP: https anywhere, http on this machine alone unless `allow_plain_http`. The
  /// headers (a token, say) go with each request to this URL; no redirect is followed. Throws
  /// Error{invalid_request} for another URL.
  static McpServer http(std::string url, HttpHeaders headers = HttpHeaders());
  /// Speaks http to other machines too: tokens and answers then cross the network in the clear.
  McpServer& allow_plain_http(bool v = true) { return plain_http_ = v, *this; }

  const std::string& command() const noexcept { return command_; }  ///< "" for HTTP
  const std::vector<std::string>& args() const noexcept { return args_; }
  const Variables& env() const noexcept { return env_; }
  const std::string& cwd() const noexcept { return cwd_; }
  const std::string& url() const noexcept { return url_; }  ///< "" for stdio
  const HttpHeaders& headers() const noexcept { return headers_; }
  bool plain_http() const noexcept { return plain_http_; }

 private:
  McpServer() = default;
  std::string command_, cwd_, url_;
  std::vector<std::string> args_;
  Variables env_;
  HttpHeaders headers_;
  bool plain_http_ = false;
};

/// Servers by their names, which become the beginnings of their tools' names.
using McpServers = std::vector<std::pair<std::string, McpServer>>;

/// The servers of a JSON text as desktop clients keep it: {"mcpServers": {NAME: {"command", "args",
/// "env", "cwd"} or {"url", "headers"}}}. "type" or "transport" may say "stdio", "http" or
/// "streamable-http"; an entry with "disabled": true is left out; "allow_plain_http" is lian's own.
/// Throws Error{config} that names the entry for what cannot be meant, UnsupportedError for "sse",
/// ParseError for what is no JSON.
LIAN_API McpServers mcp_servers(std::string_view json);

/// Which tools of a server ask before each call (see AgentOptions::approval).
enum class McpApproval {
  unless_read_only,  ///< those whose server does not say that they only read
  always,
  never,
};

/// Settings of a McpClient; chained setters. Regular value.
class LIAN_API McpOptions {
 public:
  using Duration = std::chrono::milliseconds;
  McpOptions() = default;
  /// Default unless_read_only. What a server says of its tools is its word alone: for servers you
  /// do not trust, say always.
  McpOptions& approval(McpApproval v) { return approval_ = v, *this; }
  /// Until a server has started and answered "initialize"; default 60 s, since npx and the like may
  /// fetch it first.
  McpOptions& initialize_timeout(Duration v) { return initialize_timeout_ = v, *this; }
  /// Until a server has answered one request; default 60 s. It is told when nobody waits any more.
  McpOptions& call_timeout(Duration v) { return call_timeout_ = v, *this; }
  /// What a server is given to end: half of it from the end of its input to SIGTERM, half from
  /// there to SIGKILL. Default 2 s.
  McpOptions& shutdown_timeout(Duration v) { return shutdown_timeout_ = v, *this; }
  /// Of one message of a server; default 16 MiB. A server that sends four times as much without
  /// answering anything is cut off, too.
  McpOptions& max_message_bytes(std::size_t v) { return max_message_bytes_ = v, *this; }
  /// Text of one answer; default 256 KiB. More is LimitError.
  McpOptions& max_output_bytes(std::size_t v) { return max_output_bytes_ = v, *this; }
  /// Of a tool's description and of each in its schema; the rest is cut. Default 8 KiB.
  McpOptions& max_description_bytes(std::size_t v) { return max_description_bytes_ = v, *this; }
  /// Tools of one server; default 1,000. More is LimitError.
  McpOptions& max_tools(std::size_t v) { return max_tools_ = v, *this; }

  McpApproval approval() const noexcept { return approval_; }
  Duration initialize_timeout() const noexcept { return initialize_timeout_; }
  Duration call_timeout() const noexcept { return call_timeout_; }
  Duration shutdown_timeout() const noexcept { return shutdown_timeout_; }
  std::size_t max_message_bytes() const noexcept { return max_message_bytes_; }
  std::size_t max_output_bytes() const noexcept { return max_output_bytes_; }
  std::size_t max_description_bytes() const noexcept { return max_description_bytes_; }
  std::size_t max_tools() const noexcept { return max_tools_; }

 private:
  McpApproval approval_ = McpApproval::unless_read_only;
  Duration initialize_timeout_{60000}, call_timeout_{60000}, shutdown_timeout_{2000};
  std::size_t max_message_bytes_ = std::size_t{16} << 20;
  std::size_t max_output_bytes_ = std::size_t{256} << 10;
  std::size_t max_description_bytes_ = std::size_t{8} << 10;
  std::size_t max_tools_ = 1000;
};

/// What was wrong with a tool as its server describes it.
struct LIAN_API McpIssue {
  McpIssue() = default;
  std::string server, tool;  ///< as the configuration and the server name them
  std::string what;
  bool refused = false;  ///< the tool is not offered
};

/// The tools of MCP servers (LangChain's MultiServerMCPClient). A cheap handle; handles share the
/// connections, and so do the tools, which keep them open. Thread-safe: tools may be called from
/// any thread and loop, many at once over one connection.
///
/// A server is connected at its first use, and again after it has died or broken the protocol. It
/// is read from only while a call waits for it. The last handle or tool ends the servers, which
/// takes up to McpOptions::shutdown_timeout; `close` does so earlier.
///
///     McpClient client({{"files", McpServer::stdio("npx", {"-y", "@model…", "/data"})}});
///     auto agent = create_tool_calling_agent(model, client.tools(), options);
///
/// A tool is named "server__tool". Calling it throws ToolError with the server's words when the
/// server says that it failed, Error{timeout}, LimitError, and ToolError for every other fault of
/// the server; all of them name it. Its answer's texts are the content, images, audio and files its
/// attachments, the structured content is the artifact.
class LIAN_API McpClient {
 public:
  /// Throws Error{config} for names that are empty, hold nothing that a tool's name can, or are
  /// the same to a model; starts nothing yet.
  explicit McpClient(McpServers servers, McpOptions options = McpOptions());
  /// The servers of a file as `mcp_servers` reads it. Throws also Error{not_found} and
  /// Error{storage} for the file.
  static McpClient from_file(std::string_view path, McpOptions options = McpOptions());

  /// The tools of all servers, asked side by side. The first listing pins each tool's definition,
  /// together with where its server is. A tool whose definition differs later is disabled: its
  /// handles throw ToolError, later listings leave it out, until `approve`. What cannot be offered
  /// (an unfit name or schema) or had to be cleaned (invisible and control characters, over-long
  /// descriptions) is a warning event and one of `issues`. Throws Error{network, timeout, …} naming
  /// the server that cannot be asked.
  std::vector<Tool> tools(Context context = Context()) const;
  Task<std::vector<Tool>> atools(Context context = Context()) const;
  /// The tools of one server. Throws Error{config} for an unknown name.
  std::vector<Tool> tools(std::string_view server, Context context = Context()) const;
  Task<std::vector<Tool>> atools(std::string_view server, Context context = Context()) const;

  /// Takes the tool (by its name for models) as its server describes it now; for a person who has
  /// read that. Throws Error{config} for a tool that no listing has shown.
  void approve(std::string_view tool) const;
  /// What the last listings found.
  std::vector<McpIssue> issues() const;

  /// Ends all servers; a later call starts them again. Calls under way fail.
  void close(Context context = Context()) const;
  Task<void> aclose() const;

 private:
  struct State;
  std::shared_ptr<const State> state_;
};

}  // namespace v0
}  // namespace lian
