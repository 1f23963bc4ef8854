#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/mcp_transport.hpp"
#include "lian/agent/mcp.hpp"
#include "lian/core/async_mutex.hpp"

namespace lian {
inline namespace v0 {

/// One server and what is known of its tools. Thread-safe; shared by the client and the tools.
class McpSession : public std::enable_shared_from_this<McpSession> {
 public:
  McpSession(std::string name, const McpServer& server, McpOptions options);

  const std::string& name() const noexcept { return name_; }
  /// Lists the tools anew, pins what is new and gives those that may be used. Keep the session
  /// until it is done.
  Task<std::vector<Tool>> tools(Context context);
  /// Calls a tool whose definition had that hash when it was listed.
  static Task<ToolOutput> call(std::shared_ptr<McpSession> self, std::string tool, std::string hash,
                               Json arguments, Context context);
  /// False when no listing has shown a tool of that name for models.
  bool approve(std::string_view model_name);
  std::vector<McpIssue> issues() const;
  McpTransport& transport() const noexcept { return *transport_; }

 private:
  // A tool as its server defines it.
  struct Definition {
    std::string model_name, hash;
    Json json;
  };
  using Definitions = std::map<std::string, Definition>;  // by the server's names

  Task<void> refresh(bool again);
  Task<std::vector<Json>> list();
  void keep(const std::vector<Json>& listed, std::uint64_t changes);
  void keep_one(const Json& json, Definitions& found);
  std::optional<Tool> tool_of(const std::string& name, const Definition& definition);
  ToolOptions options_of(const Json& json) const;
  void report(std::string tool, std::string what, bool refused);
  ToolOutput output_of(const Json& result, const std::string& tool) const;
  [[noreturn]] void throw_forgotten() const;
  void check_definition(const std::string& tool, const std::string& hash) const;

  const std::string name_, prefix_;
  const McpOptions options_;
  const std::string place_;  ///< where the server is: a part of each definition
  const std::shared_ptr<McpTransport> transport_;
  const AsyncMutex listing_;
  mutable std::mutex mutex_;            // guards what follows
  std::optional<std::uint64_t> known_;  ///< the transport's changes when the list was asked for
  Definitions definitions_;
  std::vector<std::string> order_;
  std::map<std::string, std::string> pins_;
  std::vector<McpIssue> issues_;
};

}  // namespace v0
}  // namespace lian
