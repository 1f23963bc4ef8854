#pragma once

#include <string_view>

#include "lian/core/error.hpp"
#include "lian/core/http.hpp"
#include "model/codec.hpp"

namespace lian {
inline namespace v0 {

/// The error an HTTP reply of the OpenAI dialect means. Any body: `{"error":{…}}`, `{"error":"…"}`,
/// a flat object, an array of one, an HTML page, plain text, nothing.
ApiError openai_error(const HttpReply& reply, const Endpoint& endpoint);

/// The error that `json` describes, which came with status 200: inside a stream or as its whole
/// body.
ApiError openai_error_in_reply(std::string_view json, std::string_view provider);

/// Whether `json` describes an error although it came with status 200.
bool is_openai_error(std::string_view json);

}  // namespace v0
}  // namespace lian
