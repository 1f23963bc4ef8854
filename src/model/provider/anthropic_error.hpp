#pragma once

#include <string_view>

#include "lian/core/error.hpp"
#include "lian/core/http.hpp"
#include "lian/core/json.hpp"
#include "model/codec.hpp"

namespace lian {
inline namespace v0 {

/// The error an HTTP reply of Anthropic means: its envelope, or whatever a gateway sent instead.
ApiError anthropic_error(const HttpReply& reply, const Endpoint& endpoint);

/// The error that `json` describes, which came with status 200: inside a stream or as a whole body.
ApiError anthropic_error_in_reply(std::string_view json);

/// Whether `body` is an error although it came with status 200.
bool is_anthropic_error(const Json& body);

}  // namespace v0
}  // namespace lian
