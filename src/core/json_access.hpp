/// The library's own way to the nlohmann value behind a Json. Included by the few files that build
/// or read large JSON (they include nlohmann/json.hpp themselves); all others use Json's public
/// face.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "lian/core/json.hpp"

namespace lian {
inline namespace v0 {

struct JsonAccess {
  /// The stored value; valid while a handle to it lives unchanged.
  static const nlohmann::ordered_json& raw(const Json& json) noexcept;
  /// Takes a value whose strings the caller knows to be UTF-8 and whose reals are finite.
  static Json adopt(nlohmann::ordered_json&& value);
};

}  // namespace v0
}  // namespace lian
