#pragma once

#include <optional>
#include <string_view>
#include <vector>

namespace lian {
inline namespace v0 {

/// Base64 of little-endian 32-bit floats; nothing when the text is anything else.
std::optional<std::vector<float>> floats_of_base64(std::string_view text);

}  // namespace v0
}  // namespace lian
