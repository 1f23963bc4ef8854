#include "lian/testing/fake_embedding.hpp"

#include <cmath>
#include <cstdint>

namespace lian {
inline namespace v0 {
namespace testing {

namespace {

// FNV-1a, 64 bits.
std::uint64_t hash_of(std::string_view text) {
  std::uint64_t hash = 14695981039346656037U;
  for (const char c : text) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 1099511628211U;
  }
  return hash;
}

// SplitMix64: uniform in [-1, 1).
float next_number(std::uint64_t& state) {
  std::uint64_t z = state += 0x9E3779B97F4A7C15U;
  z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9U;
  z = (z ^ (z >> 27U)) * 0x94D049BB133111EBU;
  z ^= z >> 31U;
  return static_cast<float>(static_cast<double>(z >> 11U) / 4503599627370496.0 - 1.0);
}

class Fake final : public Embedder {
 public:
  explicit Fake(std::size_t dimensions) : dimensions_(dimensions) {}

  Task<std::vector<Embedding>> embed(std::vector<std::string> texts, Context) const override {
    std::vector<Embedding> out;
    out.reserve(texts.size());
    for (const std::string& text : texts) out.push_back(one(text));
    co_return out;
  }
  std::string name() const override { return "fake:" + std::to_string(dimensions_); }
  std::size_t dimensions() const noexcept override { return dimensions_; }

 private:
  Embedding one(const std::string& text) const {
    std::uint64_t state = hash_of(text);
    Embedding numbers(dimensions_);
    double squares = 0;
    for (float& number : numbers) {
      number = next_number(state);
      squares += static_cast<double>(number) * static_cast<double>(number);
    }
    const auto length = static_cast<float>(std::sqrt(squares));
    for (float& number : numbers) number /= length;
    return numbers;
  }
  std::size_t dimensions_;
};

std::shared_ptr<const Embedder> fake(std::size_t dimensions) {
  if (dimensions == 0)
    throw Error(ErrorKind::config, "a DeterministicFakeEmbedding needs at least 1 dimension");
  return std::make_shared<const Fake>(dimensions);
}

}  // namespace

DeterministicFakeEmbedding::DeterministicFakeEmbedding(std::size_t dimensions)
    : EmbeddingModel(fake(dimensions)) {}

}  // namespace testing
}  // namespace v0
}  // namespace lian
