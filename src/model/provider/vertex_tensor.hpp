#pragma once

#include "lian/core/json.hpp"

namespace lian {
inline namespace v0 {

/// A JSON value as the typed `Tensor` of Vertex's streaming predictions (aiplatform v1
/// types.proto):
/// {"struct_val":{…}}, {"list_val":[…]}, scalars as arrays of one, null as {}.
Json to_tensor(const Json& value);

/// The value of a typed tensor, in the spelling of requests or of replies; scalars may stand bare.
Json from_tensor(const Json& tensor);

}  // namespace v0
}  // namespace lian
