#pragma once

#include <string_view>

#include "model/provider/openai.hpp"

namespace lian {
inline namespace v0 {

/// What a finish reason of the dialect means; empty: none yet. Throws ApiError for one that is no
/// end but a failure, e.g. "network_error" of GLM.
FinishReason openai_finish_reason(std::string_view word, const OpenAIDialect& dialect);

/// What a choice without a finish reason has ended with, where the vendor sends none.
FinishReason missing_finish_reason(bool any_tool_call) noexcept;

}  // namespace v0
}  // namespace lian
