/// lian/core/describe.hpp: tells lian the members of a struct, so that it becomes a JSON Schema, is
/// written as JSON and read from it, checked.
///
///     namespace app {
///     struct Person { std::string name; int age = 0; std::optional<std::string> email; };
///     LIAN_DESCRIBE(Person, (name, "full name"), (age, "in years"), (email))
///     enum class Color { red, green };
///     LIAN_DESCRIBE_ENUM(Color, red, green)
///     }
///
///     lian::json_schema<app::Person>();                       // what a model is told
///     lian::from_json<app::Person>(lian::Json::parse(text));  // what it answered, checked
///
/// Members may be bool, integers, floating-point numbers, std::string, lian::Json, described
/// structs and enums, and std::optional, std::vector, std::variant and maps by std::string of such
/// types, nested in any way; a struct may hold itself through a vector. Needs no JSON library.
#pragma once

#include "lian/core/export.hpp"
#include "lian/core/json.hpp"
#include "lian/core/message.hpp"
#include "lian/core/type_info.hpp"
#include "lian/core/type_table.hpp"
#include "lian/core/values.hpp"

namespace lian {
inline namespace v0 {

/// Whether LIAN_DESCRIBE or LIAN_DESCRIBE_ENUM stands beside T.
template <class T>
inline constexpr bool is_described = detail::described<T>;

namespace detail {
LIAN_API Json schema_of(const TypeInfo& type);
LIAN_API Json write_described(const TypeInfo& type, const void* object);
LIAN_API void read_described(const TypeInfo& type, void* object, const Json& json);
LIAN_API Values values_of(const TypeInfo& type, const void* object);

// Types with a to_json of their own, and what derives from them.
template <class T>
concept has_own_json = std::is_base_of_v<Message, T> || std::is_base_of_v<Document, T>;
}  // namespace detail

/// The JSON Schema of T: no property beyond the described ones, all required but std::optional
/// ones; an enum is its names, a variant anyOf; a type that holds itself is referred to ($ref).
/// Thread-safe, as all functions here.
template <class T>
Json json_schema() {
  return detail::schema_of(detail::table_of<T>::info());
}

/// The value as JSON; an empty optional member is left out. Throws Error{validation} naming the
/// place for NaN, infinities, strings that are not UTF-8 and enum values without a name.
template <class T>
requires(!detail::has_own_json<T>) Json to_json(const T& value) {
  return detail::write_described(detail::table_of<T>::info(), &value);
}

/// The value that the JSON says, checked strictly: throws Error{validation} that names the place
/// and both types ("$.address[2].zip: expected integer, got string") for a wrong type, a number
/// that does not fit, a missing or an unknown property. 3.0 is an integer, as in JSON Schema; a
/// variant takes the first alternative that fits; null and absence are the empty optional.
template <class T>
T from_json(const Json& json) {
  static_assert(std::is_default_constructible_v<T>,
                "lian: this type needs a default constructor to be read from JSON");
  T out{};
  detail::read_described(detail::table_of<T>::info(), &out, json);
  return out;
}

/// The members of a described struct as named values for a prompt; an empty optional is null.
template <class T>
requires(is_described<T>&& std::is_class_v<T>) Values to_values(const T& value) {
  return detail::values_of(detail::table_of<T>::info(), &value);
}

}  // namespace v0
}  // namespace lian

/// Describes a struct: LIAN_DESCRIBE(Type, (member, "what it is"), (member), …), 1 to 32 public
/// members, at namespace scope in the namespace of the type, before its first use with lian.
#define LIAN_DESCRIBE(Type, ...)                                                              \
  [[maybe_unused]] constexpr auto lian_describe(::lian::detail::DescribeTag<Type>) noexcept { \
    using LianDescribed = Type;                                                               \
    return ::lian::detail::object_table(#Type, LIAN_EACH_(LIAN_MEMBER_, __VA_ARGS__));        \
  }

/// Describes an enum, whose JSON is the names: LIAN_DESCRIBE_ENUM(Type, value, …), 1 to 32 values.
#define LIAN_DESCRIBE_ENUM(Type, ...)                                                         \
  [[maybe_unused]] constexpr auto lian_describe(::lian::detail::DescribeTag<Type>) noexcept { \
    using LianDescribed = Type;                                                               \
    return ::lian::detail::enum_table(#Type, LIAN_EACH_(LIAN_ENUMERATOR_, __VA_ARGS__));      \
  }

#define LIAN_ENUMERATOR_(value) ::lian::detail::enumerator(#value, LianDescribed::value)
#define LIAN_MEMBER_(pair) LIAN_MEMBER_CALL_(LIAN_MEMBER_ROW_, LIAN_MEMBER_UNWRAP_ pair, "", )
#define LIAN_MEMBER_CALL_(macro, ...) macro(__VA_ARGS__)
#define LIAN_MEMBER_UNWRAP_(...) __VA_ARGS__
#define LIAN_MEMBER_ROW_(name, description, ...) \
  ::lian::detail::member<LianDescribed, &LianDescribed::name>(#name, description)

#define LIAN_EACH_CALL_(macro, ...) macro(__VA_ARGS__)
// clang-format off
#define LIAN_EACH_(m, ...) \
  LIAN_EACH_CALL_(LIAN_EACH_PICK_(__VA_ARGS__, LIAN_EACH_32_, LIAN_EACH_31_, LIAN_EACH_30_, LIAN_EACH_29_, LIAN_EACH_28_, LIAN_EACH_27_, \
      LIAN_EACH_26_, LIAN_EACH_25_, LIAN_EACH_24_, LIAN_EACH_23_, LIAN_EACH_22_, LIAN_EACH_21_, \
      LIAN_EACH_20_, LIAN_EACH_19_, LIAN_EACH_18_, LIAN_EACH_17_, LIAN_EACH_16_, LIAN_EACH_15_, \
      LIAN_EACH_14_, LIAN_EACH_13_, LIAN_EACH_12_, LIAN_EACH_11_, LIAN_EACH_10_, LIAN_EACH_9_, \
      LIAN_EACH_8_, LIAN_EACH_7_, LIAN_EACH_6_, LIAN_EACH_5_, LIAN_EACH_4_, LIAN_EACH_3_, \
      LIAN_EACH_2_, LIAN_EACH_1_, ), m, __VA_ARGS__)
#define LIAN_EACH_PICK_(a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15, a16, a17, a18, a19, a20, \
                        a21, a22, a23, a24, a25, a26, a27, a28, a29, a30, a31, a32, picked, ...) picked
#define LIAN_EACH_1_(m, x) m(x)
#define LIAN_EACH_2_(m, x, ...) m(x), LIAN_EACH_1_(m, __VA_ARGS__)
#define LIAN_EACH_3_(m, x, ...) m(x), LIAN_EACH_2_(m, __VA_ARGS__)
#define LIAN_EACH_4_(m, x, ...) m(x), LIAN_EACH_3_(m, __VA_ARGS__)
#define LIAN_EACH_5_(m, x, ...) m(x), LIAN_EACH_4_(m, __VA_ARGS__)
#define LIAN_EACH_6_(m, x, ...) m(x), LIAN_EACH_5_(m, __VA_ARGS__)
#define LIAN_EACH_7_(m, x, ...) m(x), LIAN_EACH_6_(m, __VA_ARGS__)
#define LIAN_EACH_8_(m, x, ...) m(x), LIAN_EACH_7_(m, __VA_ARGS__)
#define LIAN_EACH_9_(m, x, ...) m(x), LIAN_EACH_8_(m, __VA_ARGS__)
#define LIAN_EACH_10_(m, x, ...) m(x), LIAN_EACH_9_(m, __VA_ARGS__)
#define LIAN_EACH_11_(m, x, ...) m(x), LIAN_EACH_10_(m, __VA_ARGS__)
#define LIAN_EACH_12_(m, x, ...) m(x), LIAN_EACH_11_(m, __VA_ARGS__)
#define LIAN_EACH_13_(m, x, ...) m(x), LIAN_EACH_12_(m, __VA_ARGS__)
#define LIAN_EACH_14_(m, x, ...) m(x), LIAN_EACH_13_(m, __VA_ARGS__)
#define LIAN_EACH_15_(m, x, ...) m(x), LIAN_EACH_14_(m, __VA_ARGS__)
#define LIAN_EACH_16_(m, x, ...) m(x), LIAN_EACH_15_(m, __VA_ARGS__)
#define LIAN_EACH_17_(m, x, ...) m(x), LIAN_EACH_16_(m, __VA_ARGS__)
#define LIAN_EACH_18_(m, x, ...) m(x), LIAN_EACH_17_(m, __VA_ARGS__)
#define LIAN_EACH_19_(m, x, ...) m(x), LIAN_EACH_18_(m, __VA_ARGS__)
#define LIAN_EACH_20_(m, x, ...) m(x), LIAN_EACH_19_(m, __VA_ARGS__)
#define LIAN_EACH_21_(m, x, ...) m(x), LIAN_EACH_20_(m, __VA_ARGS__)
#define LIAN_EACH_22_(m, x, ...) m(x), LIAN_EACH_21_(m, __VA_ARGS__)
#define LIAN_EACH_23_(m, x, ...) m(x), LIAN_EACH_22_(m, __VA_ARGS__)
#define LIAN_EACH_24_(m, x, ...) m(x), LIAN_EACH_23_(m, __VA_ARGS__)
#define LIAN_EACH_25_(m, x, ...) m(x), LIAN_EACH_24_(m, __VA_ARGS__)
#define LIAN_EACH_26_(m, x, ...) m(x), LIAN_EACH_25_(m, __VA_ARGS__)
#define LIAN_EACH_27_(m, x, ...) m(x), LIAN_EACH_26_(m, __VA_ARGS__)
#define LIAN_EACH_28_(m, x, ...) m(x), LIAN_EACH_27_(m, __VA_ARGS__)
#define LIAN_EACH_29_(m, x, ...) m(x), LIAN_EACH_28_(m, __VA_ARGS__)
#define LIAN_EACH_30_(m, x, ...) m(x), LIAN_EACH_29_(m, __VA_ARGS__)
#define LIAN_EACH_31_(m, x, ...) m(x), LIAN_EACH_30_(m, __VA_ARGS__)
#define LIAN_EACH_32_(m, x, ...) m(x), LIAN_EACH_31_(m, __VA_ARGS__)
// clang-format on
