#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>

#include "lian/core/json.hpp"

namespace lian {
inline namespace v0 {

/// A member's name as it stands in the text, its closing quote behind it. Names with escapes are
/// equal to nothing.
class JsonKey {
 public:
  explicit JsonKey(const char* raw) noexcept : raw_(raw) {}
  template <std::size_t N>
  bool operator==(const char (&name)[N]) const noexcept {
    return std::memcmp(raw_, name, N - 1) == 0 && raw_[N - 1] == '"';
  }
  std::string text() const;

 private:
  const char* raw_;
};

/// One value of the text a JsonReader reads. Forward only: look at it once, before what follows it
/// and inside the function that is given it; what is not looked at is skipped. A value of another
/// type than asked for counts as absent.
class JsonValue {
 public:
  enum class Type { null, boolean, number, string, array, object };
  Type type() const;
  bool is_null() const { return type() == Type::null; }
  bool is_string() const { return type() == Type::string; }
  bool is_object() const { return type() == Type::object; }
  bool is_array() const { return type() == Type::array; }

  /// Appends a string's text; nothing for another type.
  void append_to(std::string& out) const;
  void assign_to(std::string& out) const {
    out.clear();
    append_to(out);
  }
  std::string text() const;
  std::int64_t integer(std::int64_t otherwise = 0) const;
  double number(double otherwise = 0) const;
  bool boolean(bool otherwise = false) const;
  /// The value's own JSON text, without blanks around it.
  std::string_view raw() const;
  Json json() const { return Json::parse(raw()); }

  /// Calls `f(JsonKey, JsonValue)` for each member of an object, `f(JsonValue)` for each item of an
  /// array.
  template <class F>
  void fields(F&& f) const {
    each_field(&f, [](void* self, JsonKey key, JsonValue value) {
      (*static_cast<std::remove_reference_t<F>*>(self))(key, value);
    });
  }
  template <class F>
  void items(F&& f) const {
    each_item(&f, [](void* self, JsonValue value) {
      (*static_cast<std::remove_reference_t<F>*>(self))(value);
    });
  }

 private:
  friend class JsonReader;
  friend struct JsonValueAccess;
  explicit JsonValue(void* value) noexcept : value_(value) {}
  void each_field(void* self, void (*call)(void*, JsonKey, JsonValue)) const;
  void each_item(void* self, void (*call)(void*, JsonValue)) const;

  void* value_;  // the parser's own, where it lies: copies are slow
};

/// Reads the events of streams: one JSON text after the other, never into a tree; brackets and what
/// is looked at are checked, no more. In steady state nothing is allocated. Whole replies, which
/// are checked to their last byte, go to `Json::parse`. Not thread-safe.
class JsonReader {
 public:
  explicit JsonReader(std::string_view provider);
  ~JsonReader();
  JsonReader(const JsonReader&) = delete;
  JsonReader& operator=(const JsonReader&) = delete;

  /// Calls `f(JsonValue)` with the text's one value, an object or array. `json` has 64 readable
  /// bytes behind its end. Throws ParseError naming the provider, also for a text that is a scalar.
  template <class F>
  void read(std::string_view json, F&& f) {
    read_root(json, &f, [](void* self, JsonValue value) {
      (*static_cast<std::remove_reference_t<F>*>(self))(value);
    });
  }

 private:
  void read_root(std::string_view json, void* self, void (*call)(void*, JsonValue));
  struct Parser;
  std::string provider_;
  std::unique_ptr<Parser> parser_;
};

}  // namespace v0
}  // namespace lian
