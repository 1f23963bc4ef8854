#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "lian/core/export.hpp"
#include "lian/core/json.hpp"
#include "lian/core/message.hpp"

namespace lian {
inline namespace v0 {

class Document;
using Documents = std::vector<Document>;

/// One value of the closed set that prompts, metadata and filters work with: nothing, text,
/// number (integer or real), bool, list, messages, documents, Json. Regular value.
class LIAN_API Value {
 public:
  using List = std::vector<Value>;
  using Data = std::variant<std::monostate, bool, std::int64_t, double, std::string, List, Messages,
                            Documents, Json>;

  Value() noexcept;
  template <std::same_as<bool> T>
  Value(T value) noexcept : Value(from_bool(value)) {}
  template <std::integral T>
  requires(!std::same_as<T, bool> && !std::same_as<T, char>) Value(T value)
      : Value(from_integer(value)) {}  ///< above 63 bits: kept as Json
  Value(char) = delete;                ///< a number or a string? say which
  Value(double value) noexcept;
  Value(std::nullptr_t) noexcept : Value() {}
  Value(const char* text);
  Value(std::string text) noexcept;
  Value(std::string_view text);
  Value(List list) noexcept;
  Value(Messages messages) noexcept;
  Value(Message message);
  Value(std::initializer_list<Message> messages) : Value(Messages(messages)) {}
  Value(Documents documents) noexcept;
  /// Scalars become text, number or bool, null becomes nothing, an array a list; an object and an
  /// integer above 63 bits stay Json.
  Value(Json json);
  Value(const Value&);
  Value(Value&&) noexcept;
  Value& operator=(const Value&);
  Value& operator=(Value&&) noexcept;
  ~Value();

  const Data& data() const noexcept { return data_; }
  bool is_null() const noexcept { return std::holds_alternative<std::monostate>(data_); }
  const std::string* text() const noexcept { return std::get_if<std::string>(&data_); }
  const List* list() const noexcept { return std::get_if<List>(&data_); }
  const Messages* messages() const noexcept { return std::get_if<Messages>(&data_); }
  const Documents* documents() const noexcept { return std::get_if<Documents>(&data_); }
  const Json* json() const noexcept { return std::get_if<Json>(&data_); }
  const bool* boolean() const noexcept { return std::get_if<bool>(&data_); }
  const std::int64_t* integer() const noexcept { return std::get_if<std::int64_t>(&data_); }
  /// The number, integer or real; nothing for other kinds.
  std::optional<double> number() const noexcept;
  /// "text", "number", "bool", "list", "messages", "documents", "json" or "null".
  std::string_view type_name() const noexcept;
  /// As a prompt shows it: text as it is, numbers shortest, true and false, nothing as "",
  /// documents joined by a blank line, messages as "Human: …" lines, lists and Json as JSON.
  std::string to_text() const;
  void append_text(std::string& out) const;
  Json to_json() const;

  /// Same kind and same content; the number 1 equals 1.0.
  friend LIAN_API bool operator==(const Value& a, const Value& b);

 private:
  static Value from_bool(bool value) noexcept;
  static Value from_signed(std::int64_t value) noexcept;
  static Value from_unsigned(std::uint64_t value);
  template <class T>
  static Value from_integer(T value) {
    if constexpr (std::signed_integral<T>) return from_signed(value);
    return from_unsigned(static_cast<std::uint64_t>(value));
  }
  Data data_;
};

/// Named values in insertion order, the run-time input of prompts and the metadata of documents.
/// Regular value; look-up is linear, meant for a handful of names.
class LIAN_API Values {
 public:
  struct Entry {
    Entry(std::string_view entry_name, Value entry_value)
        : name(entry_name), value(std::move(entry_value)) {}
    std::string name;
    Value value;
    friend bool operator==(const Entry&, const Entry&) = default;
  };
  using const_iterator = std::vector<Entry>::const_iterator;

  Values() noexcept;
  Values(std::initializer_list<Entry> entries);  ///< a repeated name: the last one counts
  Values(const Values&);
  Values(Values&&) noexcept;
  Values& operator=(const Values&);
  Values& operator=(Values&&) noexcept;
  ~Values();

  /// The value, or null when there is none of that name.
  const Value* find(std::string_view name) const noexcept;
  bool contains(std::string_view name) const noexcept { return find(name) != nullptr; }
  /// The value; Error{validation} naming what is there when there is none of that name.
  const Value& at(std::string_view name) const;
  Values& set(std::string_view name, Value value);
  Values& erase(std::string_view name);
  std::size_t size() const noexcept { return entries_.size(); }
  bool empty() const noexcept { return entries_.empty(); }
  const_iterator begin() const noexcept { return entries_.begin(); }
  const_iterator end() const noexcept { return entries_.end(); }
  Json to_json() const;
  /// Throws Error{validation} unless `json` is an object.
  static Values from_json(const Json& json);

  /// Same names, in any order, with equal values.
  friend LIAN_API bool operator==(const Values& a, const Values& b);

 private:
  std::vector<Entry> entries_;
};

namespace detail {
inline void set_pairs(Values&) {}
template <class V, class... Rest>
void set_pairs(Values& out, std::string_view name, V&& value, Rest&&... rest) {
  out.set(name, Value(std::forward<V>(value)));
  set_pairs(out, std::forward<Rest>(rest)...);
}
}  // namespace detail

/// values("language", "French", "text", "…"): the spelling for coroutines, where braces inside a
/// co_await expression do not compile under GCC 12.
template <class... NameValue>
requires(sizeof...(NameValue) % 2 == 0) Values values(NameValue&&... name_value) {
  Values out;
  detail::set_pairs(out, std::forward<NameValue>(name_value)...);
  return out;
}

}  // namespace v0
}  // namespace lian
