#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "data/sqlite/connection.hpp"
#include "lian/data/filter.hpp"

namespace lian {
inline namespace v0 {

/// Evaluates a filter over the metadata table. Each comparison is one of a dozen fixed statements
/// whose key and value are bound; and, or, not are set operations on what they give. No statement's
/// text ever depends on the filter.
class FilterSql {
 public:
  /// `row_of` gives the row of a document's number, or `rows` for one that is not to be found.
  FilterSql(Connection& connection, std::size_t rows,
            std::function<std::size_t(std::int64_t)> row_of)
      : connection_(&connection), rows_(rows), row_of_(std::move(row_of)) {}

  using Flags = std::vector<std::uint8_t>;
  /// One byte a row: 1 where the filter holds.
  Flags evaluate(const Filter& filter);

 private:
  Flags join(const Filter& filter);
  Flags holding(const Filter& filter);
  void mark(Query& query, Flags& flags);
  void compare(Filter::Op op, const std::string& key, const Value& value, Flags& flags);

  Connection* connection_;
  std::size_t rows_;
  std::function<std::size_t(std::int64_t)> row_of_;
};

}  // namespace v0
}  // namespace lian
