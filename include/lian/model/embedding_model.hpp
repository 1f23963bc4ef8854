#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "lian/core/context.hpp"
#include "lian/core/export.hpp"
#include "lian/core/task.hpp"

namespace lian {
inline namespace v0 {

/// One text as numbers.
using Embedding = std::vector<float>;

/// What embedded texts are for; some models embed the two differently.
enum class EmbeddingUse { document, query };

/// What an implementer of an embedding model derives from. Shared and const; thread-safe.
class LIAN_API Embedder {
 public:
  Embedder() = default;
  Embedder(const Embedder&) = delete;
  Embedder& operator=(const Embedder&) = delete;
  virtual ~Embedder();

  /// One embedding a text, in order, all of one width.
  virtual Task<std::vector<Embedding>> embed(std::vector<std::string> texts,
                                             Context context) const = 0;
  /// The same for questions to be compared with documents; default: `embed`.
  virtual Task<std::vector<Embedding>> embed_queries(std::vector<std::string> texts,
                                                     Context context) const;
  /// Names provider and model, e.g. "openai:text-embedding-3-small"; stores record it.
  virtual std::string name() const = 0;
  /// The width of its embeddings; 0 when only a call would tell.
  virtual std::size_t dimensions() const noexcept { return 0; }
};

/// Turns texts into embeddings: a cheap handle to a shared Embedder. Thread-safe. All verbs throw
/// what the provider's call throws (see ChatModel), Error{validation} for an empty text where the
/// provider refuses it.
class LIAN_API EmbeddingModel {
 public:
  explicit EmbeddingModel(std::shared_ptr<const Embedder> embedder) noexcept
      : embedder_(std::move(embedder)) {}

  Task<std::vector<Embedding>> aembed_documents(std::vector<std::string> texts,
                                                Context context = Context()) const;
  Task<Embedding> aembed_query(std::string text, Context context = Context()) const;
  std::vector<Embedding> embed_documents(std::vector<std::string> texts,
                                         Context context = Context()) const;
  Embedding embed_query(std::string text, Context context = Context()) const;

  std::string name() const { return embedder_->name(); }
  std::size_t dimensions() const noexcept { return embedder_->dimensions(); }

 private:
  std::shared_ptr<const Embedder> embedder_;
};

}  // namespace v0
}  // namespace lian
