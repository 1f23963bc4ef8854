#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace lian {
inline namespace v0 {

/// Appends JSON text to a string: no tree, no copy of the values. The caller keeps the nesting
/// right; commas are the writer's. Not thread-safe.
class JsonWriter {
 public:
  explicit JsonWriter(std::string& out) noexcept : out_(out) {}

  JsonWriter& begin_object() { return open('{'); }
  JsonWriter& end_object() { return close('}'); }
  JsonWriter& begin_array() { return open('['); }
  JsonWriter& end_array() { return close(']'); }
  /// A member's name; the next call writes its value.
  JsonWriter& key(std::string_view name);
  /// `value` must be UTF-8.
  JsonWriter& string(std::string_view value);
  JsonWriter& integer(std::int64_t value);
  JsonWriter& number(double value);  ///< shortest form that reads back equal; must be finite
  JsonWriter& boolean(bool value);
  JsonWriter& null();
  /// JSON text that is already written.
  JsonWriter& raw(std::string_view json);

  /// A string in pieces: between the two calls the caller appends escaped text to `out` itself.
  std::string& begin_string();
  JsonWriter& end_string();

 private:
  JsonWriter& open(char bracket);
  JsonWriter& close(char bracket);
  void separate();

  std::string& out_;
  bool comma_ = false;  // a value precedes on this level
};

/// Appends `text` as the inside of a JSON string. Time is linear; runs without a character to
/// escape are found eight bytes at a time and copied whole.
void append_json_escaped(std::string_view text, std::string& out);

}  // namespace v0
}  // namespace lian
