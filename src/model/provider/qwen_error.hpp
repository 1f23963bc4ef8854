#pragma once

#include <array>
#include <string_view>

#include "lian/core/error.hpp"
#include "model/codec.hpp"
#include "model/provider/vendor_code.hpp"

namespace lian {
inline namespace v0 {

/// The error an HTTP reply of DashScope means: `{"code","message","request_id"}`; any body.
ApiError qwen_error(const HttpReply& reply, const Endpoint& endpoint);

/// The error that `json` describes although the reply's status was 200. `comments` of its event may
/// tell the status that was meant: `:HTTP_STATUS/400`.
ApiError qwen_error_in_reply(std::string_view json, std::string_view comments = {});

/// DashScope's codes; the native protocol sends them as parts of longer ones, e.g.
/// "InternalError.Algo.InvalidParameter", where the first found counts.
inline constexpr std::array qwen_codes = std::to_array<VendorCode>({
    {"DataInspectionFailed", ErrorKind::content_filter},
    {"data_inspection_failed", ErrorKind::content_filter},
    {"InvalidApiKey", ErrorKind::authentication},
    {"Arrearage", ErrorKind::quota},
    {"BillOverdue", ErrorKind::quota},
    {"FreeTierOnly", ErrorKind::quota},
    {"FreeQuotaExceeded", ErrorKind::quota},
    {"Throttling", ErrorKind::rate_limited},
    {"limit_requests", ErrorKind::rate_limited},
    {"ModelNotFound", ErrorKind::not_found},
    {"model_not_found", ErrorKind::not_found},
    {"WorkSpaceNotFound", ErrorKind::not_found},
    {"AccessDenied", ErrorKind::permission},
    {"access_denied", ErrorKind::permission},
    {"CommodityNotPurchased", ErrorKind::permission},
    {"RequestTimeOut", ErrorKind::timeout},
    {"TooLarge", ErrorKind::limit},
    {"ModelUnavailable", ErrorKind::overloaded},
    {"ModelServingError", ErrorKind::overloaded},
    {"InvalidParameter", ErrorKind::invalid_request},
    {"UnsupportedOperation", ErrorKind::invalid_request},
    {"InternalError", ErrorKind::server},
});

}  // namespace v0
}  // namespace lian
