/// lian/core/type_info.hpp: the constant table that LIAN_DESCRIBE makes of a type, which compiled
/// code walks to write schemas and to write, read and check JSON. Programs use
/// lian/core/describe.hpp.
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "lian/core/export.hpp"
#include "lian/core/json.hpp"

namespace lian {
inline namespace v0 {

struct TypeInfo;
/// A function, so that types may hold themselves (a tree's children).
using TypeInfoOf = const TypeInfo& (*)() noexcept;

/// One member of a described struct.
struct MemberInfo {
  std::string_view name, description;
  TypeInfoOf type;
  void* (*address)(void* object) noexcept;
};

/// One value of a described enum.
struct EnumeratorInfo {
  std::string_view name;
  std::uint64_t value;
};

/// What lian knows of a C++ type. Constant; thread-safe. Only the fields of its kind are set.
struct TypeInfo {
  enum class Kind {
    null,  ///< std::monostate
    boolean,
    integer,
    number,
    string,
    json,  ///< any JSON
    list,
    map,  ///< string keys
    optional,
    object,
    enumeration,
    variant
  };
  using Visit = void (*)(void* context, std::string_view key, const void* item);
  using Fill = void (*)(void* context, void* item);

  Kind kind = Kind::null;
  std::string_view name;                        ///< object, enumeration: as described
  bool is_unsigned = false;                     ///< integer
  const MemberInfo* members = nullptr;          ///< object
  const EnumeratorInfo* enumerators = nullptr;  ///< enumeration
  const TypeInfoOf* items = nullptr;  ///< list, map, optional: the one type; variant: each
  std::size_t count = 0;              ///< of members, enumerators or items
  Json (*write)(const void*) = nullptr;
  bool (*read)(void*, const Json&) = nullptr;   ///< false: right type, but does not fit
  std::size_t (*index)(const void*) = nullptr;  ///< variant: which alternative it holds
  void (*reset)(void*) = nullptr;               ///< makes a container empty
  void (*each)(const void*, void* context, Visit) = nullptr;
  /// Adds an item that `fill` sets: at a map's key, as a variant's alternative number `index`.
  void (*insert)(void*, std::string_view key, std::size_t index, void* context, Fill) = nullptr;
};

/// The table of a type: described structs and enums, bool, numbers, std::string, Json, optional,
/// vector, variant and maps by std::string of such types. Any other type does not compile.
template <class T>
const TypeInfo& type_info() noexcept;

namespace detail {

template <class T>
struct DescribeTag {};

template <std::size_t N>
struct ObjectTable {
  std::string_view name;
  std::array<MemberInfo, N> rows;
};

template <std::size_t N>
struct EnumTable {
  std::string_view name;
  std::array<EnumeratorInfo, N> rows;
};

template <class T>
concept described = requires {
  lian_describe(DescribeTag<T>());
};

template <class T>
inline constexpr auto described_table = lian_describe(DescribeTag<T>());

// ---- Reached from the macros ----

template <class T, auto Member>
void* member_address(void* object) noexcept {
  return &(static_cast<T*>(object)->*Member);
}

template <class T, auto Member>
constexpr MemberInfo member(std::string_view name, std::string_view description) {
  using Type = std::remove_cvref_t<decltype(std::declval<T&>().*Member)>;
  return {name, description, &type_info<Type>, &member_address<T, Member>};
}

template <class E>
constexpr EnumeratorInfo enumerator(std::string_view name, E value) {
  return {name, static_cast<std::uint64_t>(value)};
}

template <class... Rows>
constexpr auto object_table(std::string_view name, Rows... rows) {
  return ObjectTable<sizeof...(Rows)>{name, {{rows...}}};
}

template <class... Rows>
constexpr auto enum_table(std::string_view name, Rows... rows) {
  return EnumTable<sizeof...(Rows)>{name, {{rows...}}};
}

// ---- Which kind a type is ----

template <class T>
inline constexpr bool is_vector = false;
template <class T, class A>
inline constexpr bool is_vector<std::vector<T, A>> = true;
template <class T>
inline constexpr bool is_optional = false;
template <class T>
inline constexpr bool is_optional<std::optional<T>> = true;
template <class T>
inline constexpr bool is_variant = false;
template <class... Ts>
inline constexpr bool is_variant<std::variant<Ts...>> = true;
template <class T>
concept string_map = requires(T& map, typename T::mapped_type item) {
  requires std::same_as<typename T::key_type, std::string>;
  map.insert_or_assign(std::string(), std::move(item));
};
template <class T>
concept plain_integer = std::integral<T> && !std::same_as<T, bool> && !std::same_as<T, char> &&
                        !std::same_as<T, wchar_t> && !std::same_as<T, char8_t> &&
                        !std::same_as<T, char16_t> && !std::same_as<T, char32_t>;
template <class T>
concept scalar = std::same_as<T, std::monostate> || std::same_as<T, bool> || plain_integer<T> ||
    std::floating_point<T> || std::same_as<T, std::string> || std::same_as<T, Json>;
template <class T>
concept container = is_vector<T> || is_optional<T> || is_variant<T> || string_map<T>;

template <class T>
inline constexpr bool never = false;

/// The one sentence for a type without a description.
template <class Type>
struct type_is_not_described {
  static_assert(never<Type>,
                "lian: this type is not described: write LIAN_DESCRIBE(Type, (member, \"what it "
                "is\"), …), or LIAN_DESCRIBE_ENUM(Type, value, …), beside it; other members may be "
                "bool, numbers, std::string, lian::Json, optional, vector, variant and maps by "
                "std::string of such types");
  static const TypeInfo& info() noexcept;
};

/// The type, or the first inside a container, that is not described; void when all are.
template <class T>
struct Undescribed {
  using type = std::conditional_t<scalar<T> || described<T>, void, T>;
};
template <class T>
requires(is_vector<T> || is_optional<T>) struct Undescribed<T>
    : Undescribed<typename T::value_type> {
};
template <string_map T>
struct Undescribed<T> : Undescribed<typename T::mapped_type> {};
template <class T, class... Ts>
struct Undescribed<std::variant<T, Ts...>>
    : std::conditional_t<std::is_void_v<typename Undescribed<T>::type> && sizeof...(Ts) != 0,
                         Undescribed<std::variant<Ts...>>, Undescribed<T>> {};
template <>
struct Undescribed<std::variant<>> : Undescribed<std::monostate> {};

template <class T>
struct TypeTable;

/// TypeTable<T>, or the sentence about what is not described in T.
template <class T>
using table_of = std::conditional_t<std::is_void_v<typename Undescribed<T>::type>, TypeTable<T>,
                                    type_is_not_described<typename Undescribed<T>::type>>;

}  // namespace detail

}  // namespace v0
}  // namespace lian
