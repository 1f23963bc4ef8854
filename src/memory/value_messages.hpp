#pragma once

#include <string_view>

#include "lian/core/message.hpp"
#include "lian/core/values.hpp"

namespace lian {
inline namespace v0 {

/// A value as messages: text is one of `role`, messages are as they are. Throws Error{validation}
/// naming `key` for another kind.
Messages value_messages(const Value& value, Role role, std::string_view key);

}  // namespace v0
}  // namespace lian
