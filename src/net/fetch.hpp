#pragma once

#include "lian/core/http_transport.hpp"

namespace lian {
inline namespace v0 {

/// What parsers may read behind the end of a text.
inline constexpr std::size_t parser_padding = 64;

/// The rest of a reply. Its body has room behind its end for a parser.
Task<HttpReply> read_whole(HttpResponse response);

}  // namespace v0
}  // namespace lian
