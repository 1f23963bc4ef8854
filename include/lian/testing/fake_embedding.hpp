#pragma once

#include <cstddef>

#include "lian/model/embedding_model.hpp"

namespace lian {
inline namespace v0 {
namespace testing {

/// An embedding model without a network: unit vectors of that width that depend on the text's bytes
/// alone, so that equal texts are equal on every machine and others are far apart (LangChain's
/// DeterministicFakeEmbedding). Thread-safe.
class LIAN_API DeterministicFakeEmbedding : public EmbeddingModel {
 public:
  /// Throws Error{config} when `dimensions` is 0.
  explicit DeterministicFakeEmbedding(std::size_t dimensions);
};

}  // namespace testing
}  // namespace v0
}  // namespace lian
