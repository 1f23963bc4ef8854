#pragma once

#include <string>
#include <string_view>

namespace lian {
inline namespace v0 {

// Digests as raw bytes.

/// RFC 2104 over SHA-256: 32 bytes.
std::string hmac_sha256(std::string_view key, std::string_view message);
/// RFC 1321: 16 bytes. For signatures of vendors that ask for it, not for security.
std::string md5(std::string_view bytes);
/// FIPS 180-4: 32 bytes.
std::string sha256(std::string_view bytes);

/// Two lower-case digits a byte.
std::string hex(std::string_view bytes);

}  // namespace v0
}  // namespace lian
