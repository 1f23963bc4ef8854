#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "data/checksum.hpp"
#include "data/sqlite/connection.hpp"
#include "data/stored_value.hpp"
#include "lian/core/document.hpp"

namespace lian {
inline namespace v0 {

/// Documents, their metadata, vectors and words in the tables. Every document and vector has a
/// checksum that is verified when it is read.
class DocumentTable {
 public:
  explicit DocumentTable(Connection& connection) : connection_(&connection) {}

  /// Adds a document whose id is not there. `source` 0: none.
  void insert(std::int64_t number, const Document& document, std::int64_t source,
              const std::vector<float>& vector);
  void remove(std::int64_t number);
  /// The number of the document with that id; 0 when there is none.
  std::int64_t find(std::string_view id);
  /// The same, of documents that are not staged.
  std::int64_t find_visible(std::string_view id);
  /// The document, if it is there. Throws Error{storage} when it is damaged.
  std::optional<Document> read(std::int64_t number);
  /// A number that no document ever had.
  std::int64_t next_number();
  /// Calls `take` with the number and the vector of each document, by number.
  void each_vector(std::size_t dimension,
                   const std::function<void(std::int64_t, const std::vector<float>&)>& take);
  std::vector<float> vector(std::int64_t number, std::size_t dimension);
  std::vector<std::int64_t> of_source(std::int64_t source);

 private:
  void insert_metadata(std::int64_t number, const Values& metadata);
  using Entries = std::vector<std::pair<std::string, StoredValue>>;
  Entries read_metadata(std::int64_t number, Checksum& sum);
  void decode(std::int64_t number, std::string_view blob, std::int64_t checksum,
              std::vector<float>& out) const;
  Connection* connection_;
};

}  // namespace v0
}  // namespace lian
