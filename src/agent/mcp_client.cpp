#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "agent/mcp_session.hpp"
#include "agent/mcp_text.hpp"
#include "lian/agent/mcp.hpp"
#include "lian/core/runtime.hpp"
#include "lian/core/when_all.hpp"

LIAN_COROUTINES_BEGIN

namespace lian {
inline namespace v0 {

using McpSessions = std::vector<std::shared_ptr<McpSession>>;

struct McpClient::State {
  explicit State(McpSessions all) : sessions(std::move(all)) {}
  const McpSessions sessions;
};

namespace {

Task<std::vector<Tool>> tools_of(McpSessions sessions, Context context) {
  ContextScope::Enter enter(context);
  ContextScope scope = co_await enter;
  std::vector<Task<std::vector<Tool>>> listings;
  for (const auto& session : sessions) listings.push_back(session->tools(context));
  Task<std::vector<std::vector<Tool>>> all = when_all(std::move(listings));
  std::vector<std::vector<Tool>> each = co_await std::move(all);
  std::vector<Tool> tools;
  for (std::vector<Tool>& some : each)
    std::move(some.begin(), some.end(), std::back_inserter(tools));
  co_return tools;
}

Task<void> close_all(McpSessions sessions) {
  std::vector<Task<void>> endings;
  for (const auto& session : sessions) endings.push_back(session->transport().close());
  Task<std::vector<detail::Unit>> all = when_all(std::move(endings));
  static_cast<void>(co_await std::move(all));
}

Task<void> within(Task<void> task, Context context) {
  ContextScope::Enter enter(context);
  ContextScope scope = co_await enter;
  co_await std::move(task);
}

McpSessions one_of(const McpSessions& sessions, std::string_view server) {
  const auto found = std::find_if(sessions.begin(), sessions.end(),
                                  [&](const auto& session) { return session->name() == server; });
  if (found == sessions.end())
    throw Error(ErrorKind::config,
                fmt::format("there is no MCP server '{}' in this client", server));
  return McpSessions(1, *found);
}

}  // namespace

McpClient::McpClient(McpServers servers, McpOptions options) {
  McpSessions sessions;
  std::vector<std::string> names;
  for (const auto& [name, server] : servers) {
    std::string as_shown = mcp_server_name(name);
    if (as_shown.empty())
      throw Error(ErrorKind::config,
                  fmt::format("an MCP server cannot be named '{}': use letters and digits",
                              mcp_shown(name, 60)));
    if (std::find(names.begin(), names.end(), as_shown) != names.end())
      throw Error(ErrorKind::config,
                  fmt::format("two MCP servers are named '{}' to a model", as_shown));
    names.push_back(std::move(as_shown));
    sessions.push_back(std::make_shared<McpSession>(name, server, options));
  }
  state_ = std::make_shared<const State>(std::move(sessions));
}

std::vector<Tool> McpClient::tools(Context context) const {
  Runtime& runtime = context.runtime();
  return block_on(tools_of(state_->sessions, std::move(context)), runtime);
}
Task<std::vector<Tool>> McpClient::atools(Context context) const {
  return tools_of(state_->sessions, std::move(context));
}
std::vector<Tool> McpClient::tools(std::string_view server, Context context) const {
  Runtime& runtime = context.runtime();
  return block_on(tools_of(one_of(state_->sessions, server), std::move(context)), runtime);
}
Task<std::vector<Tool>> McpClient::atools(std::string_view server, Context context) const {
  return tools_of(one_of(state_->sessions, server), std::move(context));
}

void McpClient::approve(std::string_view tool) const {
  for (const auto& session : state_->sessions)
    if (session->approve(tool)) return;
  throw Error(ErrorKind::config, fmt::format("no MCP server has listed a tool '{}'", tool));
}

std::vector<McpIssue> McpClient::issues() const {
  std::vector<McpIssue> all;
  for (const auto& session : state_->sessions)
    for (McpIssue& issue : session->issues()) all.push_back(std::move(issue));
  return all;
}

void McpClient::close(Context context) const {
  Runtime& runtime = context.runtime();
  block_on(within(close_all(state_->sessions), std::move(context)), runtime);
}
Task<void> McpClient::aclose() const { return close_all(state_->sessions); }

}  // namespace v0
}  // namespace lian

LIAN_COROUTINES_END
