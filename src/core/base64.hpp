#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace lian {
inline namespace v0 {

/// RFC 4648 section 4, with padding.
std::string base64_encode(std::string_view bytes);
/// RFC 4648 section 5, the alphabet of URLs, without padding.
std::string base64url_encode(std::string_view bytes);
/// Strict: padding, no white space, no stray bits; nothing when the text is anything else.
std::optional<std::string> base64_decode(std::string_view text);

}  // namespace v0
}  // namespace lian
