#pragma once

#include <string_view>

#include "core/json_writer.hpp"
#include "lian/model/chat_request.hpp"

namespace lian {
inline namespace v0 {

/// Whether it is 1 to 64 of A-Z, a-z, 0-9, _ and -: what providers take as a function's name.
bool is_function_name(std::string_view name);

/// Writes `{"type":"function","function":{"name","description"?,"parameters"?,"strict"?}}`, the
/// shape most vendors took over from OpenAI. Throws Error{invalid_request}.
void write_function_tool(const ToolSpec& tool, JsonWriter& json);

}  // namespace v0
}  // namespace lian
