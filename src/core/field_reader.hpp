#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "lian/core/json.hpp"

namespace lian {
inline namespace v0 {

/// Reads the fields of a JSON object once each, and knows which were not asked for. Every failure
/// is Error{validation} that names the place, e.g. "message.parts[2].text: expected string, got
/// null".
class FieldReader {
 public:
  /// `where` names the object, e.g. "message.parts[2]".
  FieldReader(Json object, std::string where);

  const std::string& where() const noexcept { return where_; }
  std::string place(std::string_view name) const;
  bool has(std::string_view name) const noexcept { return object_.contains(name); }
  /// The field as it is; null when absent.
  Json json(std::string_view name);
  /// The field of that type; the empty value when absent.
  std::string text(std::string_view name);
  bool boolean(std::string_view name, bool fallback);
  std::int64_t integer(std::string_view name);
  double number(std::string_view name);
  std::vector<Json> items(std::string_view name);
  /// As `text`, but the field must be there.
  std::string required_text(std::string_view name);
  /// The fields nobody asked for, as an object; null when there are none.
  Json rest() const;
  [[noreturn]] void fail(std::string_view name, const std::string& what) const;

 private:
  [[noreturn]] void wrong_type(std::string_view name, std::string_view wanted,
                               const Json& got) const;

  Json object_;
  std::string where_;
  std::vector<std::string_view> asked_;  // literals
};

}  // namespace v0
}  // namespace lian
