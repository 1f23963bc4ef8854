/// An embedding that a test can reckon with.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "lian/model/embedding_model.hpp"

namespace lian::test {

/// Counts a text's letters a, b and c.
class LetterEmbedder final : public Embedder {
 public:
  explicit LetterEmbedder(std::string name = "letters") : name_(std::move(name)) {}
  static Embedding vector_of(const std::string& text) {
    Embedding embedding(3);
    for (const char c : text) {
      if (c >= 'a' && c <= 'c') embedding[static_cast<std::size_t>(c - 'a')] += 1;
    }
    return embedding;
  }
  Task<std::vector<Embedding>> embed(std::vector<std::string> texts,
                                     Context context) const override {
    context.check();
    std::vector<Embedding> embeddings;
    for (const std::string& text : texts) embeddings.push_back(vector_of(text));
    embedded += texts.size();
    co_return embeddings;
  }
  std::string name() const override { return name_; }
  std::size_t dimensions() const noexcept override { return 3; }
  mutable std::size_t embedded = 0;

 private:
  std::string name_;
};

}  // namespace lian::test
