#include "model/provider/embedding_rows.hpp"

#include <cmath>
#include <limits>
#include <utility>

#include "model/provider/json_text.hpp"

namespace lian {
inline namespace v0 {

namespace {
constexpr std::size_t padding = 64;
}  // namespace

void EmbeddingRows::fail(std::string_view why) const { throw_not_json(provider_, json_, 0, why); }

std::vector<float> EmbeddingRows::read(const JsonValue& numbers) {
  std::vector<float> row;
  row.reserve(width_);
  numbers.items([&](const JsonValue& number) {
    row.push_back(static_cast<float>(number.number(std::numeric_limits<double>::quiet_NaN())));
  });
  width_ = row.size();
  return row;
}

void EmbeddingRows::add(std::int64_t index, const JsonValue& numbers) { add(index, read(numbers)); }

void EmbeddingRows::add(std::int64_t index, std::vector<float> row) {
  const auto place = static_cast<std::size_t>(index);
  if (index < 0 || place >= rows_.size()) fail("a row's index is out of range");
  if (!rows_[place].empty()) fail("two rows have one index");
  if (row.empty()) fail("a row has no embedding");
  rows_[place] = std::move(row);
  ++came_;
}

std::vector<std::vector<float>> EmbeddingRows::take() {
  if (came_ != rows_.size())
    fail("it has " + std::to_string(came_) + " embeddings for " + std::to_string(rows_.size()) +
         " texts");
  for (const auto& row : rows_) {
    if (row.size() != rows_.front().size()) fail("its embeddings differ in width");
    for (const float number : row)
      if (!std::isfinite(number)) fail("an embedding holds something that is no finite number");
  }
  return std::move(rows_);
}

std::string_view padded(const std::string& body, std::string& copy) {
  if (body.capacity() >= body.size() + padding) return body;
  copy.reserve(body.size() + padding);
  copy = body;
  return copy;
}

}  // namespace v0
}  // namespace lian
