#pragma once

#include <memory>
#include <string>

#include "agent/mcp_transport.hpp"
#include "lian/core/http.hpp"

namespace lian {
inline namespace v0 {

/// A server behind a URL: streamable HTTP, a POST for each message. Only the session's number is
/// shared; every exchange runs on the loop of its call.
std::shared_ptr<McpTransport> mcp_http(std::string server, std::string url, HttpHeaders headers,
                                       McpLimits limits);

}  // namespace v0
}  // namespace lian
