#pragma once

#include <string>

#include "lian/core/http_transport.hpp"

namespace lian {
inline namespace v0 {

/// What parsers may read behind the end of a text.
inline constexpr std::size_t parser_padding = 64;

/// The rest of a reply whose body began with `begin`. Its body has room behind its end for a
/// parser.
Task<HttpReply> read_whole(HttpResponse response, std::string begin = std::string());

/// Whether a status says that the request was not done; 101 opens a WebSocket.
constexpr bool is_error(int status) { return status >= 300 || (status < 200 && status != 101); }

inline constexpr std::size_t max_error_bytes = std::size_t{64} << 10;

/// What comes of the body of a reply that is an error.
Task<HttpReply> read_error(HttpResponse response);

}  // namespace v0
}  // namespace lian
