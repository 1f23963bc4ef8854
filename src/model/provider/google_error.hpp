#pragma once

#include <string_view>

#include "lian/core/error.hpp"
#include "lian/core/http.hpp"
#include "model/codec.hpp"

namespace lian {
inline namespace v0 {

/// The error a reply of any of Google's APIs means: `{"error":{code,message,status,details[]}}`
/// (the JSON form of google.rpc.Status), that in an array of one, an HTML page, plain text,
/// nothing.
ApiError google_error(const HttpReply& reply, const Endpoint& endpoint);

/// The error that `json` describes, which came with status 200: inside a stream or as its whole
/// body.
ApiError google_error_in_reply(std::string_view json, std::string_view provider);

}  // namespace v0
}  // namespace lian
