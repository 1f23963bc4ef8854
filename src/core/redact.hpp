#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "lian/core/export.hpp"
#include "lian/core/json.hpp"

namespace lian {
inline namespace v0 {

/// `text` with credentials replaced by "[redacted]": the given secrets (of four bytes or more)
/// wherever they stand, and whatever has the shape of a vendor's key: `sk-…` (also `sk-proj-…`,
/// `sk-ant-…`), `AIza…`, `bce-v3/…`, the word after `Bearer`, and the values of credential fields
/// in a URL's query (`key=`, `api_key=`, `access_token=`, …). Time is linear in the text.
LIAN_API std::string redact(std::string_view text, const std::vector<std::string>& secrets = {});
/// The same for every string in it; the value of a member with a credential's name ("access_token",
/// "client_secret", "api_key", …) is removed whatever it looks like.
LIAN_API Json redact_json(const Json& json, const std::vector<std::string>& secrets = {});
/// Whether a header or query field of that name may hold a credential: "authorization",
/// "X-Api-Key", "access_token", "Set-Cookie", … Names compare without case and separators.
LIAN_API bool is_secret_name(std::string_view name);

}  // namespace v0
}  // namespace lian
