#pragma once

#include <array>

#include "model/provider.hpp"

namespace lian {
inline namespace v0 {

/// Vendors that speak OpenAI's chat completions: adding one is one row here.
extern const std::array<ProviderRow, 9> vendor_providers;

/// What MiniMax's error codes mean stands in its dialect.
const OpenAIDialect& minimax_dialect() noexcept;

}  // namespace v0
}  // namespace lian
