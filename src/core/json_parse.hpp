#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string_view>

namespace lian {
inline namespace v0 {

/// What Json::parse does, before the value is put behind a handle.
nlohmann::ordered_json parse_json(std::string_view text);

}  // namespace v0
}  // namespace lian
