#pragma once
// Digests and codings as simulated vendors check them, sharing no code with the library.

#include <string>
#include <string_view>

namespace lian::test {

std::string vendor_hmac_sha256(std::string_view key, std::string_view text);  // raw bytes
std::string vendor_base64(std::string_view bytes);
/// Of base64 or of its alphabet for URLs, padded or not; throws std::runtime_error.
std::string vendor_unbase64(std::string text);
/// Percent escapes and plus signs undone.
std::string vendor_unescape(std::string_view text);

}  // namespace lian::test
