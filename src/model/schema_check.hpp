#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "lian/core/json.hpp"

namespace lian {
inline namespace v0 {

/// Nothing when the schema allows the value; else the first fault, where and what it is: `<root>.b:
/// expected an integer, got "x"`. Understood of JSON Schema: type, enum, const, properties,
/// required, additionalProperties, items, minItems, maxItems, minimum, maximum, exclusiveMinimum,
/// exclusiveMaximum, minLength, maxLength (characters), anyOf, oneOf, allOf, not, and $ref inside
/// of the schema. Other keywords are not looked at. Thread-safe.
std::optional<std::string> schema_fault(const Json& schema, const Json& value,
                                        std::string_view root);

}  // namespace v0
}  // namespace lian
