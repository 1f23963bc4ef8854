#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "lian/core/context.hpp"
#include "lian/core/json.hpp"
#include "lian/core/task.hpp"
#include "lian/model/registry.hpp"

namespace lian {
inline namespace v0 {

/// One model a provider offers, as its API lists it. Regular value.
struct ModelInfo {
  ModelInfo() = default;
  std::string id;                    ///< what to write behind "provider:"
  std::string title;                 ///< empty when the provider gives none
  std::int64_t input_tokens = 0;     ///< context length; 0 when the provider does not say
  std::int64_t output_tokens = 0;    ///< the longest reply; 0 when the provider does not say
  Json raw;                          ///< the provider's own entry
};

/// The models of a provider, all pages, in its order. Throws UnsupportedError when the provider has
/// no such call, else what `chat_model` and its calls throw. Thread-safe.
LIAN_API std::vector<ModelInfo> list_models(std::string_view provider,
                                            ModelConfig config = ModelConfig(),
                                            Context context = Context());
LIAN_API Task<std::vector<ModelInfo>> alist_models(std::string provider,
                                                   ModelConfig config = ModelConfig(),
                                                   Context context = Context());

}  // namespace v0
}  // namespace lian
