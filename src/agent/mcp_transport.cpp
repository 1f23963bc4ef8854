#include "agent/mcp_transport.hpp"

#include <exception>

#include <fmt/format.h>

#include "agent/mcp_text.hpp"
#include "lian/core/error.hpp"

namespace lian {
inline namespace v0 {

namespace {

constexpr std::size_t shown_bytes = 300;

LimitError too_long(const std::string& server, std::uint64_t limit) {
  return LimitError(fmt::format("the MCP server '{}': one of its messages has more than {} bytes "
                                "(McpOptions::max_message_bytes)",
                                server, limit),
                    "max_message_bytes", limit);
}

}  // namespace

std::exception_ptr mcp_error_of(const std::string& server) {
  const auto named = [&](const Error& error) {
    return fmt::format("the MCP server '{}': {}", server, error.message());
  };
  try {
    throw;
  } catch (const LimitError& error) {
    if (error.name == "max_line_bytes" || error.name == "max_event_bytes")
      return std::make_exception_ptr(too_long(server, error.limit));
    return std::make_exception_ptr(LimitError(named(error), error.name, error.limit));
  } catch (const UnsupportedError& error) {
    return std::make_exception_ptr(UnsupportedError(named(error), error.feature));
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::cancelled) return std::current_exception();
    return std::make_exception_ptr(Error(error.kind(), named(error)));
  } catch (...) {
    return std::current_exception();
  }
}

std::exception_ptr mcp_too_slow(const std::string& server, std::string_view what,
                                std::chrono::milliseconds limit, std::string_view option) {
  return std::make_exception_ptr(
      Error(ErrorKind::timeout, fmt::format("the MCP server '{}' did not answer '{}' within its {} "
                                            "ms (McpOptions::{})",
                                            server, what, limit.count(), option)));
}

std::string mcp_progress(const Json& params) {
  const Json done = params["progress"], all = params["total"], text = params["message"];
  std::string out;
  if (done.is_number()) out = fmt::format("{:g}", done.as_number());
  if (all.is_number()) out += fmt::format(" of {:g}", all.as_number());
  if (!text.is_string()) return out;
  if (!out.empty()) out += ": ";
  return out + mcp_shown(text.as_string(), shown_bytes);
}

}  // namespace v0
}  // namespace lian
