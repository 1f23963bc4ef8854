#pragma once

#include <string>
#include <string_view>

#include "core/json_writer.hpp"
#include "lian/core/message.hpp"
#include "model/provider/openai.hpp"

namespace lian {
inline namespace v0 {

/// Throws Error{invalid_request}: `what` is wrong with a request that has not been sent.
[[noreturn]] void refuse_request(const std::string& what);

/// Refuses a request whose `where` is `value` and not UTF-8.
void check_request_utf8(std::string_view value, std::string_view where);

/// Writes the array of messages.
void write_openai_messages(const Messages& messages, const OpenAIDialect& dialect,
                           JsonWriter& json);

}  // namespace v0
}  // namespace lian
