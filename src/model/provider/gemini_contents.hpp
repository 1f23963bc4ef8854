#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/json_writer.hpp"
#include "lian/core/message.hpp"
#include "model/codec.hpp"

namespace lian {
inline namespace v0 {

/// What the ids begin with that lian gives to function calls which came without one; they do not go
/// back to the vendor.
inline constexpr std::string_view gemini_own_call_id = "lian_call_";

/// Writes the value of "contents": all but the system's messages. Results of tools that follow each
/// other make one content, in the order of their calls.
void write_gemini_contents(const Messages& messages, const Endpoint& endpoint, JsonWriter& json,
                           std::vector<std::string>& warnings);

/// Whether there are system messages, which go into "systemInstruction".
bool has_gemini_system(const Messages& messages) noexcept;
/// Writes the value of "systemInstruction": a part a text.
void write_gemini_system(const Messages& messages, JsonWriter& json,
                         std::vector<std::string>& warnings);

}  // namespace v0
}  // namespace lian
