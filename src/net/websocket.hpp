#pragma once

#include "lian/core/http_transport.hpp"

namespace lian {
inline namespace v0 {

/// Opens a WebSocket at the request's URL and sends its body as one text message; the reply's body
/// yields whole messages and ends with the peer's goodbye (1000 or no status). libcurl makes the
/// connection, so that TLS, proxy and limits are those of HTTP. A refusal is a reply with its
/// status and body. Runs on the loop it is awaited on. Throws as HttpTransport::send.
Task<HttpResponse> open_websocket(HttpRequest request, HttpLimits limits);

}  // namespace v0
}  // namespace lian
