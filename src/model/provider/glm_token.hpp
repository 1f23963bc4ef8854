#pragma once

#include <chrono>
#include <string>
#include <string_view>

namespace lian {
inline namespace v0 {

/// The JSON web token of Zhipu's API, signed by the secret half of a key "id.secret"; times in it
/// are milliseconds. Throws as `check_glm_key`.
std::string glm_token(std::string_view key, std::chrono::system_clock::time_point now,
                      std::chrono::seconds lifetime);

/// Throws Error{config} unless the key is "id.secret".
void check_glm_key(std::string_view key);

}  // namespace v0
}  // namespace lian
