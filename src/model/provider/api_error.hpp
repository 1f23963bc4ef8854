#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "lian/core/error.hpp"
#include "lian/core/http.hpp"
#include "lian/core/json.hpp"
#include "model/codec.hpp"

namespace lian {
inline namespace v0 {

/// What a vendor says went wrong, taken from the body of its reply by the codec.
struct Complaint {
  Complaint() = default;
  std::string message;
  std::string code;       // the vendor's, as text
  std::string parameter;  // of the request
  std::string request_id;
  std::optional<ErrorKind> kind;  // where the code tells more than the status does
  std::optional<double> retry_after_seconds;
};

/// The error a non-2xx reply means: the complaint, or a description of the body (an HTML page, plain
/// text, nothing) where its message and code are empty. Kind: the complaint's, else the status's.
/// Quotes at most 4 KiB, secrets removed; reads `retry-after` and `x-should-retry`.
ApiError api_error(Complaint complaint, const HttpReply& reply, const Endpoint& endpoint);

/// The error in a reply of status 200: `body` is the whole body or one event of a stream. Kind: the
/// complaint's, else server.
ApiError api_error_in_reply(Complaint complaint, std::string_view body, std::string_view provider);

/// What a status alone means, e.g. 429: rate_limited.
ErrorKind kind_of_status(int status) noexcept;

/// The text of a string or an integer; empty for anything else.
std::string scalar_text(const Json& value);
/// Null where the text is not JSON.
Json parse_or_null(std::string_view text);

}  // namespace v0
}  // namespace lian
