#pragma once

#include <cstdint>
#include <string>

#include "lian/core/context.hpp"
#include "lian/core/piece_range.hpp"
#include "lian/core/stream.hpp"
#include "lian/model/registry.hpp"

namespace lian {
inline namespace v0 {

/// What an Ollama server offers beside its models.
namespace ollama {

/// How far a download is. Regular value.
struct PullProgress {
  PullProgress() = default;
  std::string status;            ///< "pulling manifest", "verifying sha256 digest", "success", …
  std::string digest;            ///< of the layer that is on its way; else empty
  std::int64_t total_bytes = 0;  ///< of that layer; 0 when the server does not say
  std::int64_t completed_bytes = 0;  ///< of that layer
  friend bool operator==(const PullProgress&, const PullProgress&) = default;
};

/// Has the server download a model, e.g. "llama3.2" (POST /api/pull), and tells how far it is;
/// where it is there already, that takes one request. `config` as for "ollama:…" models.
/// The end of the stream means that the model is there: a download that breaks off is
/// TruncatedError, one that fails ApiError (not_found for an unknown model); it goes on where it
/// stood when asked for again. Between two tellings at most `HttpLimits::idle_timeout` may pass.
///
///     for (const auto& progress : lian::ollama::pull("llama3.2"))
///       show(progress.completed_bytes, progress.total_bytes);
[[nodiscard]] LIAN_API PieceRange<PullProgress> pull(std::string model,
                                                     ModelConfig config = ModelConfig(),
                                                     Context context = Context());
LIAN_API Stream<PullProgress> apull(std::string model, ModelConfig config = ModelConfig(),
                                    Context context = Context());

}  // namespace ollama
}  // namespace v0
}  // namespace lian
