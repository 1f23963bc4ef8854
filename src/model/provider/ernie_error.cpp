#include <array>
#include <optional>

#include "lian/core/utf8.hpp"
#include "model/provider/api_error.hpp"
#include "model/provider/ernie.hpp"
#include "model/provider/vendor_code.hpp"

namespace lian {
inline namespace v0 {

namespace {

// Baidu's table of error codes (cloud.baidu.com/doc/WENXINWORKSHOP/s/tlmyncueh); which of them pass
// by themselves is that of its SDK.
constexpr std::array codes = std::to_array<VendorCode>({
    {"1", ErrorKind::server},
    {"2", ErrorKind::overloaded},
    {"3", ErrorKind::not_found},
    {"4", ErrorKind::rate_limited},
    {"6", ErrorKind::permission},
    {"13", ErrorKind::authentication},
    {"14", ErrorKind::authentication},
    {"15", ErrorKind::server},
    {"17", ErrorKind::quota},
    {"18", ErrorKind::rate_limited},
    {"19", ErrorKind::quota},
    {"100", ErrorKind::authentication},
    {"110", ErrorKind::authentication},
    {"111", ErrorKind::authentication},
    {"336000", ErrorKind::server},
    {"336004", ErrorKind::permission},
    {"336005", ErrorKind::not_found},
    {"336006", ErrorKind::context_length},
    {"336007", ErrorKind::context_length},
    {"336100", ErrorKind::overloaded},
    {"336103", ErrorKind::context_length},
    {"336104", ErrorKind::content_filter},
    {"336105", ErrorKind::content_filter},
    {"336501", ErrorKind::rate_limited},
    {"336502", ErrorKind::rate_limited},
});

// The others that begin with 336 say that the request is wrong.
std::optional<ErrorKind> kind_of(const std::string& code) {
  if (const VendorCode* known = find_code(codes, code)) return known->kind;
  if (code.starts_with("336")) return ErrorKind::invalid_request;
  return std::nullopt;
}

Complaint complaint_in(const Json& body) {
  Complaint complaint;
  complaint.code = scalar_text(body["error_code"]);
  complaint.message = scalar_text(body["error_msg"]);
  complaint.request_id = scalar_text(body["id"]);
  complaint.kind = kind_of(complaint.code);
  return complaint;
}

}  // namespace

ApiError ernie_error(const HttpReply& reply, const Endpoint& endpoint) {
  Complaint complaint = complaint_in(parse_or_null(utf8::repair(reply.body)));
  // A signature that was not accepted is told of in the header alone.
  const std::string* why = reply.headers.find("x-bce-error-message");
  if (why && complaint.message.empty()) {
    complaint.message = *why;
    if (reply.status == 403) complaint.kind = ErrorKind::authentication;
  }
  ApiError error = api_error(std::move(complaint), reply, endpoint);
  const VendorCode* known = find_code(codes, error.code);
  if (known && !error.should_retry) error.should_retry = may_pass(known->kind);
  return error;
}

ApiError ernie_error_in_reply(std::string_view json) {
  return api_error_in_reply(complaint_in(parse_or_null(json)), json, "ernie");
}

}  // namespace v0
}  // namespace lian
