#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "lian/core/json.hpp"

namespace lian {
inline namespace v0 {

/// What a server wrote for models and people, made fit to be read: without characters that do not
/// show (zero width, bidirectional controls, tags, variation selectors in a row, control characters
/// and ANSI escapes; line ends and tabs stay), never more than two line ends in a row, cut to
/// `max_bytes`. `found` says what was changed, "" when nothing was.
struct McpCleanText {
  McpCleanText() = default;
  std::string text, found;
};
McpCleanText clean_mcp_text(std::string_view text, std::size_t max_bytes);

/// A server's text for an error message: clean, on one line, with an ellipsis where it is cut.
std::string mcp_shown(std::string_view text, std::size_t max_bytes);

/// A schema with its titles and descriptions cleaned; `found` grows by what was changed. Throws
/// Error{validation} when a key or a value of another kind holds characters that do not show.
Json clean_mcp_schema(const Json& schema, std::size_t max_bytes, std::string& found);

/// The tool's name for models: "server__tool" of letters, digits, '_' and '-', at most 64 bytes;
/// what is longer is cut and ends in a part of its hash. Throws Error{validation} for a name that
/// is empty, longer than 128 bytes, begins with "__" or holds other characters than letters, digits
/// and "_./-".
std::string mcp_tool_name(std::string_view server, std::string_view tool);

/// A server's name as it stands in the names of its tools; "" when nothing is left.
std::string mcp_server_name(std::string_view name);

/// JSON with the members of its objects in the order of their keys: what equal values share.
std::string canonical_json(const Json& value);

}  // namespace v0
}  // namespace lian
