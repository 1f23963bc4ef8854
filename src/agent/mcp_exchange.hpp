#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "agent/mcp_transport.hpp"
#include "lian/core/http_transport.hpp"

namespace lian {
inline namespace v0 {

// Exchanges of MCP's streamable HTTP, each on the loop it is awaited on.

/// What the server gave to a session.
struct McpHttpSession {
  McpHttpSession() = default;
  std::string id, version;
};
using McpHttpSessionPtr = std::shared_ptr<const McpHttpSession>;

/// What does not change from one exchange to the next. Immutable.
class McpPlace {
 public:
  McpPlace(std::string url, HttpHeaders headers, McpLimits times)
      : limits(times), url_(std::move(url)), headers_(std::move(headers)) {}

  HttpRequest request(const McpHttpSession& session, std::string body) const;
  HttpRequest goodbye(const McpHttpSession& session) const;
  HttpLimits http_limits() const;

  const McpLimits limits;

 private:
  std::string url_;
  HttpHeaders headers_;
};
using McpPlacePtr = std::shared_ptr<const McpPlace>;

/// One question and where its answer goes.
struct McpQuestion {
  McpQuestion() = default;
  std::int64_t id = 0;
  std::string server, method;
  Context context;
  McpChanges changes;
};

/// Sends one message; done when the reply's header is there.
Task<HttpResponse> send_mcp(McpPlacePtr place, McpHttpSessionPtr session, std::string text);
/// Sends what is not answered.
Task<void> tell_mcp(McpPlacePtr place, McpHttpSessionPtr session, std::string text);
/// Tells the server that nobody waits for that answer any more, even when the run is cancelled.
/// Best effort: the call has failed already, and its own error is what counts.
Task<void> take_back_mcp(McpPlacePtr place, McpHttpSessionPtr session, std::int64_t id);
/// Ends the session as far as the server cares.
Task<void> end_mcp_session(McpPlacePtr place, McpHttpSessionPtr session);
/// Throws what a status means that is no success.
Task<void> throw_mcp_status(HttpResponse response);
/// The answer to the question, from a reply of either kind; what comes before it is answered.
Task<Json> read_mcp_reply(McpPlacePtr place, McpHttpSessionPtr session, HttpResponse response,
                          McpQuestion question);

}  // namespace v0
}  // namespace lian
