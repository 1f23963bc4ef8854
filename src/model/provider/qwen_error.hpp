#pragma once

#include <optional>
#include <string_view>

#include "lian/core/error.hpp"
#include "model/codec.hpp"

namespace lian {
inline namespace v0 {

/// The error an HTTP reply of DashScope means: `{"code","message","request_id"}`; any body.
ApiError qwen_error(const HttpReply& reply, const Endpoint& endpoint);

/// The error that `json` describes although the reply's status was 200. `comments` of its event may
/// tell the status that was meant: `:HTTP_STATUS/400`.
ApiError qwen_error_in_reply(std::string_view json, std::string_view comments = {});

/// What a code of DashScope's means, e.g. "Throttling.RateQuota"; nothing for an unknown one.
std::optional<ErrorKind> kind_of_qwen_code(std::string_view code);

}  // namespace v0
}  // namespace lian
