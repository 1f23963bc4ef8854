#pragma once

#include <string>
#include <string_view>

namespace lian {
inline namespace v0 {

/// Throws Error{invalid_request} unless `url` is an absolute http or https URL with a host and
/// without user, password, CR, LF or NUL.
void check_http_url(const std::string& url);

/// "host:port" of an URL, for messages; the port only when it is not the scheme's own.
std::string host_of(const std::string& url);

/// The text for use inside a URL's path segment or query: RFC 3986's unreserved characters as they
/// are, every other byte as %XX.
std::string percent_encode(std::string_view text);

/// Path and query of an URL, as they stand in a request line: "/v1/chat?a=b".
std::string target_of(const std::string& url);

/// Whether the URL's host is this machine: localhost, 127.0.0.0/8 or ::1.
bool is_loopback(const std::string& url);

/// RFC 3986 section 2.1 of UTF-8 bytes: letters, digits and "-._~" are kept, all else becomes %XX.
std::string percent_encode(std::string_view text);

}  // namespace v0
}  // namespace lian
