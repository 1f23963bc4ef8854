#pragma once

#include <string>
#include <vector>

#include "core/json_writer.hpp"
#include "lian/core/message.hpp"
#include "model/codec.hpp"

namespace lian {
inline namespace v0 {

/// Writes DashScope's array of messages: one system message at the start, then user and assistant
/// in alternation; what must be moved or joined for that is told. `multimodal`: contents are lists
/// of `{"text"}`, `{"image"}`, `{"audio"}`. Throws Error{invalid_request} and UnsupportedError.
void write_qwen_messages(const Messages& messages, bool multimodal, JsonWriter& json,
                         std::vector<std::string>& warnings);

}  // namespace v0
}  // namespace lian
