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

}  // namespace v0
}  // namespace lian
