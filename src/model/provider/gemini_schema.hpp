#pragma once

#include <optional>

#include "lian/core/json.hpp"

namespace lian {
inline namespace v0 {

/// A JSON Schema in Gemini's own form (the subset of OpenAPI 3.0 that its `Schema` message has),
/// where that form can say all of it; nothing where it cannot ($ref, oneOf, const, closed objects,
/// other formats): the schema then goes as it is into the fields that take JSON Schema.
/// `ordered`: with "propertyOrdering", the order of the properties as written.
std::optional<Json> gemini_schema(const Json& schema, bool ordered);

}  // namespace v0
}  // namespace lian
