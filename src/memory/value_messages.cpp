#include "memory/value_messages.hpp"

#include <fmt/format.h>

#include "lian/core/error.hpp"

namespace lian {
inline namespace v0 {

Messages value_messages(const Value& value, Role role, std::string_view key) {
  if (value.messages() != nullptr) return *value.messages();
  if (value.text() != nullptr) return Messages{Message(role, *value.text())};
  throw Error(ErrorKind::validation, fmt::format("\"{}\" is {}; a memory keeps text and messages",
                                                 key, value.type_name()));
}

}  // namespace v0
}  // namespace lian
