#pragma once

#include <memory>

#include "agent/mcp_transport.hpp"
#include "net/child_process.hpp"

namespace lian {
inline namespace v0 {

/// A server that is a child process; started at the first `open`, and anew after it has died or
/// broken the protocol.
std::shared_ptr<McpTransport> mcp_stdio(std::string server, ChildCommand command, McpLimits limits);

}  // namespace v0
}  // namespace lian
