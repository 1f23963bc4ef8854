#pragma once

#include <string>
#include <string_view>

#include "lian/agent/tool.hpp"

namespace lian {
inline namespace v0 {

/// The answer to a call that did not go well, in words for the model: valid UTF-8, at most 4 KiB.
ToolMessage tool_error_message(const ToolCall& call, std::string_view text);

/// What the model is told of an error where nobody said otherwise.
std::string tool_error_text(const Error& error);

}  // namespace v0
}  // namespace lian
