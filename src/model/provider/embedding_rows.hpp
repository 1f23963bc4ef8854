#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "model/provider/json_reader.hpp"

namespace lian {
inline namespace v0 {

/// The embeddings of one reply on their way from JSON: each row in the place its index names.
/// Not thread-safe.
class EmbeddingRows {
 public:
  EmbeddingRows(std::string_view json, std::string_view provider, std::size_t count)
      : json_(json), provider_(provider), rows_(count) {}

  /// Takes an array of numbers. Throws ParseError for anything else, an index that is out of range
  /// or was there before.
  void add(std::int64_t index, const JsonValue& numbers);
  /// Puts a row that was read before its index.
  void add(std::int64_t index, std::vector<float> row);
  std::vector<float> read(const JsonValue& numbers);
  /// All rows. Throws ParseError unless exactly `count` finite rows of one width came.
  std::vector<std::vector<float>> take();

  [[noreturn]] void fail(std::string_view why) const;

 private:
  std::string_view json_, provider_;
  std::vector<std::vector<float>> rows_;
  std::size_t came_ = 0, width_ = 0;
};

/// The body with the room behind its end that JsonReader needs; `copy` holds it where it must be
/// moved.
std::string_view padded(const std::string& body, std::string& copy);

}  // namespace v0
}  // namespace lian
