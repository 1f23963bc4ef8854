#pragma once

#include <cstddef>
#include <string>

#include "lian/agent/tool.hpp"

namespace lian {
inline namespace v0 {

/// What "tools/call" was answered. Throws ToolError with the server's words when it says that the
/// tool failed, Error{parse} for content that the protocol does not know, LimitError for more text
/// than `max_bytes`.
ToolOutput mcp_output(const Json& result, const std::string& tool, std::size_t max_bytes);

}  // namespace v0
}  // namespace lian
