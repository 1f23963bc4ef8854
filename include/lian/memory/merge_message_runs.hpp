#pragma once

#include <string>
#include <string_view>

#include "lian/core/function_step.hpp"
#include "lian/core/message.hpp"

namespace lian {
inline namespace v0 {

/// Joins messages of the same speaker that follow each other to one (LangChain's
/// merge_message_runs), for models that refuse such runs. Plain texts are joined with `separator`
/// between them, other parts stand behind each other. The first message's id, name and fields of
/// the provider's stay. Messages with tool results are never joined.
LIAN_API Messages merge_message_runs(Messages messages, std::string_view separator = "\n");
/// The same as a step.
LIAN_API Runnable<Messages, Messages> merge_message_runs(std::string separator = "\n");

}  // namespace v0
}  // namespace lian
