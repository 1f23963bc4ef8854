#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "lian/core/error.hpp"
#include "lian/core/json.hpp"

namespace lian {
inline namespace v0 {

/// One JSON-RPC 2.0 message of a server.
struct McpMessage {
  enum class Kind { response, request, notification };
  McpMessage() = default;
  Kind kind = Kind::notification;
  Json id;             ///< of a response or a request
  std::string method;  ///< of a request or a notification
  Json params;
  Json result;        ///< of a response: an object, or null when `fault` says what is wrong with it
  Json error;         ///< of a response: what the server says went wrong, or null
  std::string fault;  ///< of a response: why it is none
};

/// The messages of one text: one, or those of a batch. What is JSON and no message is left out and
/// counted in `*strange`. Throws ParseError for what is no JSON.
std::vector<McpMessage> read_mcp_messages(std::string_view text, std::size_t* strange);

/// The texts of lian's own messages, without a line end.
std::string mcp_request(std::int64_t id, std::string_view method, Json params);
std::string mcp_notification(std::string_view method, Json params);
std::string mcp_result(const Json& id, Json result);
std::string mcp_error(const Json& id, int code, std::string_view message);

/// A number that lian gave out, e.g. an id; -1 for what cannot be one.
std::int64_t mcp_number(const Json& value) noexcept;

/// What is to be sent for a request of the server: ping is answered, all else is refused, since
/// lian tells servers that it can do nothing else for them.
std::string mcp_answer(const McpMessage& request);

/// The params of "initialize".
Json mcp_hello();
/// Checks what "initialize" was answered and gives the protocol's version. Throws
/// UnsupportedError for a version that lian does not speak, Error{parse} for no answer.
std::string mcp_version_of(const Json& hello);

/// The result of a response. Throws Error{parse} when it is none, and what an error of JSON-RPC
/// means: Error{invalid_request} for parameters and requests that are wrong, Error{unsupported} for
/// a method the server lacks, Error{server} for all else.
Json mcp_result_of(const McpMessage& response, std::string_view method);

}  // namespace v0
}  // namespace lian
