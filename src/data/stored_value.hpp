#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "lian/core/export.hpp"
#include "lian/core/values.hpp"

namespace lian {
inline namespace v0 {

/// A metadata value as a store keeps it. The numbers of the kinds are part of the file formats.
struct StoredValue {
  enum class Kind : std::uint8_t {
    nothing = 0,
    boolean = 1,
    integer = 2,
    real = 3,
    text = 4,
    list = 5,
    messages = 6,
    documents = 7,
    json = 8
  };

  StoredValue() = default;
  Kind kind = Kind::nothing;
  std::int64_t integer = 0;  // also boolean, as 0 or 1
  double real = 0;
  std::string text;  // also the JSON of a list, messages, documents and Json
};

/// The stored form of a value. Throws Error{validation} naming `key` for a number that is not
/// finite.
LIAN_API StoredValue store_value(const std::string& key, const Value& value);

/// The value of a stored form. Throws Error when its text is not what its kind says.
LIAN_API Value restore_value(const StoredValue& stored);

/// What `contains` looks through: the items of a list or of a JSON array that are text, number or
/// bool.
LIAN_API std::vector<Value> searchable_items(const Value& value);

}  // namespace v0
}  // namespace lian
