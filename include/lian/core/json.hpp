#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lian/core/export.hpp"

namespace lian {
inline namespace v0 {

/// A JSON value behind a cheap handle: copies and children share storage,
/// `set`, `push_back` and `erase` copy first when storage is shared or when the handle is a child,
/// so a change is seen through the changed handle alone. Object members keep insertion order;
/// looking a member up is linear. Strings are UTF-8 always. Distinct handles may be used from
/// distinct threads. Include `lian/core/json_nlohmann.hpp` to convert to and from `nlohmann::json`.
class LIAN_API Json {
 public:
  enum class Type { null, boolean, integer, number, string, array, object };
  using Member = std::pair<std::string_view, Json>;

  Json() noexcept = default;  ///< null
  Json(std::nullptr_t) noexcept {}
  template <std::same_as<bool> T>
  Json(T value) : Json(from_bool(value)) {}
  template <std::integral T>
  requires(!std::same_as<T, bool> && !std::same_as<T, char>) Json(T value)
      : Json(from_integer(value)) {}
  Json(char) = delete;  ///< a number or a string? say which
  Json(double value);   ///< throws Error{validation} for NaN and infinities, which JSON lacks
  Json(const char* value);
  Json(std::string_view value);  ///< throws Error{validation} when not UTF-8
  Json(const std::string& value);
  Json(const Json& other) noexcept;
  Json(Json&& other) noexcept;
  Json& operator=(const Json& other) noexcept;
  Json& operator=(Json&& other) noexcept;
  ~Json();

  static Json object(std::initializer_list<Member> members = {});
  static Json array(std::initializer_list<Json> items = {});
  /// Strict RFC 8259, the whole text one value. Refused beyond the grammar: a byte order mark,
  /// nesting deeper than 512, an escape of half a surrogate pair, and numbers that do not fit (an
  /// integer outside 64 bits, a real outside double: nothing is rounded to infinity or silently
  /// made inexact). Of a repeated key the last value counts. Throws ParseError with the byte
  /// offset.
  static Json parse(std::string_view text);

  Type type() const noexcept;
  /// "null", "boolean", "integer", "number", "string", "array" or "object".
  std::string_view type_name() const noexcept;
  bool is_null() const noexcept { return type() == Type::null; }
  bool is_bool() const noexcept { return type() == Type::boolean; }
  bool is_integer() const noexcept { return type() == Type::integer; }
  bool is_number() const noexcept { return type() == Type::integer || type() == Type::number; }
  bool is_string() const noexcept { return type() == Type::string; }
  bool is_array() const noexcept { return type() == Type::array; }
  bool is_object() const noexcept { return type() == Type::object; }

  /// The value as that type; Error{validation} naming both types when it is another.
  bool as_bool() const;
  std::int64_t as_int() const;  ///< also when it does not fit
  std::uint64_t as_uint() const;
  double as_number() const;  ///< of an integer too
  /// Valid while a handle to this value or one above it lives unchanged.
  std::string_view as_string() const;

  std::size_t size() const noexcept;  ///< members or items; 0 for scalars
  bool empty() const noexcept { return size() == 0; }
  bool contains(std::string_view key) const noexcept;
  /// A member, or null when absent or when this is not an object.
  Json operator[](std::string_view key) const noexcept;
  Json operator[](const char* key) const noexcept { return (*this)[std::string_view(key)]; }
  /// An item, or null when out of range or when this is not an array.
  Json operator[](std::size_t index) const noexcept;
  Json operator[](int index) const noexcept { return (*this)[static_cast<std::size_t>(index)]; }
  /// A member or item that must be there: Error{validation} naming it.
  Json at(std::string_view key) const;
  Json at(std::size_t index) const;
  std::vector<std::string> keys() const;
  std::vector<Json> items() const;  ///< an array's items or an object's values, in order

  /// Adds or replaces a member (null becomes an object), appends an item (null becomes an array),
  /// drops a member if it is there. Throws Error{validation} for another type or a key that is not
  /// UTF-8.
  Json& set(std::string_view key, Json value);
  Json& push_back(Json item);
  Json& erase(std::string_view key);

  /// The text: compact, or with `indent` spaces a level when `indent` >= 0.
  std::string dump(int indent = -1) const;

  /// Members in any order; 1 equals 1.0.
  friend LIAN_API bool operator==(const Json& a, const Json& b) noexcept;

 private:
  friend struct JsonAccess;  // src/core/json_access.hpp: lian's own way to the stored value
  struct Root;
  Json(Root* root, const void* value) noexcept;
  static Json from_bool(bool value);
  static Json from_signed(std::int64_t value);
  static Json from_unsigned(std::uint64_t value);
  template <std::integral T>
  static Json from_integer(T value) {
    if constexpr (std::signed_integral<T>) return from_signed(value);
    return from_unsigned(static_cast<std::uint64_t>(value));
  }
  void make_own();

  Root* root_ = nullptr;         // counted owner of the tree that value_ is part of
  const void* value_ = nullptr;  // the nlohmann value; null means JSON null
};

}  // namespace v0
}  // namespace lian
