#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace lian {
inline namespace v0 {

/// `text` with credentials replaced by "[redacted]": the given secrets (of four bytes or more)
/// wherever they stand, and whatever has the shape of a vendor's key: `sk-…` (also `sk-proj-…`,
/// `sk-ant-…`), `AIza…`, `bce-v3/…`, the word after `Bearer`, and the values of credential fields
/// in a URL's query (`key=`, `api_key=`, `access_token=`, …). Time is linear in the text.
std::string redact(std::string_view text, const std::vector<std::string>& secrets = {});

}  // namespace v0
}  // namespace lian
