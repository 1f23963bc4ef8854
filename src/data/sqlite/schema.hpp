#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "data/sqlite/connection.hpp"

namespace lian {
inline namespace v0 {

/// What the user of a store expects of it.
struct StoreExpectation {
  StoreExpectation() = default;
  std::string embedding;      // the model's name; empty: any
  std::size_t dimension = 0;  // 0: any
  bool rebuild = false;       // empty a store of another model instead of refusing it
};

/// Makes the tables in an empty file, or makes sure that the file is a whole store of this version
/// and of the expected model. Throws Error{storage}, Error{config} for another model or dimension.
void prepare_store(Connection& connection, const StoreExpectation& expected);

/// A remembered setting ("embedding", "dimension", "documents"); empty when there is none.
std::string setting(Connection& connection, std::string_view name);
void set_setting(Connection& connection, std::string_view name, std::string_view value);

}  // namespace v0
}  // namespace lian
