/// lian/core/type_table.hpp: how the table of a type is made: reading and writing its scalars,
/// walking and filling its containers. Programs use lian/core/describe.hpp.
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "lian/core/export.hpp"
#include "lian/core/json.hpp"
#include "lian/core/type_info.hpp"

namespace lian {
inline namespace v0 {
namespace detail {

// ---- Reading and writing scalars ----

/// An integer, or a number without a fraction, from `least` to `most`; else false.
LIAN_API bool read_signed(const Json& json, std::int64_t least, std::int64_t most,
                          std::int64_t& out);
LIAN_API bool read_unsigned(const Json& json, std::uint64_t most, std::uint64_t& out);
LIAN_API Json write_enumerator(const TypeInfo& type, std::uint64_t value);
LIAN_API bool read_enumerator(const TypeInfo& type, const Json& json, std::uint64_t& out);

template <class T>
Json write_scalar(const void* object) {
  const T& value = *static_cast<const T*>(object);
  if constexpr (std::same_as<T, std::monostate>) {
    return Json();
  } else if constexpr (std::floating_point<T>) {
    return Json(static_cast<double>(value));
  } else if constexpr (std::is_enum_v<T>) {
    return write_enumerator(type_info<T>(), static_cast<std::uint64_t>(value));
  } else {
    return Json(value);
  }
}

template <class T>
bool read_integer(T& out, const Json& json) {
  using Limits = std::numeric_limits<T>;
  if constexpr (std::unsigned_integral<T>) {
    std::uint64_t value = 0;
    if (!read_unsigned(json, Limits::max(), value)) return false;
    out = static_cast<T>(value);
  } else {
    std::int64_t value = 0;
    if (!read_signed(json, Limits::min(), Limits::max(), value)) return false;
    out = static_cast<T>(value);
  }
  return true;
}

template <class T>
bool read_scalar(void* object, const Json& json) {
  T& out = *static_cast<T*>(object);
  if constexpr (std::same_as<T, bool>) {
    out = json.as_bool();
  } else if constexpr (std::same_as<T, std::string>) {
    out = std::string(json.as_string());
  } else if constexpr (std::same_as<T, Json>) {
    out = json;
  } else if constexpr (std::floating_point<T>) {
    const double value = json.as_number();
    constexpr auto most = static_cast<double>(std::numeric_limits<T>::max());
    if (value > most || value < -most) return false;
    out = static_cast<T>(value);
  } else if constexpr (std::is_enum_v<T>) {
    std::uint64_t value = 0;
    if (!read_enumerator(type_info<T>(), json, value)) return false;
    out = static_cast<T>(value);
  } else if constexpr (plain_integer<T>) {
    return read_integer(out, json);
  }
  return true;
}

// ---- Walking and filling containers ----

template <class T>
T filled(void* context, TypeInfo::Fill fill) {
  static_assert(std::is_default_constructible_v<T>,
                "lian: this type needs a default constructor to be read from JSON");
  T item{};
  fill(context, &item);
  return item;
}

template <class C>
void reset(void* object) {
  *static_cast<C*>(object) = C();
}

template <class C>
void each_item(const void* object, void* context, TypeInfo::Visit visit) {
  const C& items = *static_cast<const C*>(object);
  if constexpr (is_optional<C>) {
    if (items) visit(context, {}, &*items);
  } else if constexpr (is_variant<C>) {
    std::visit([&](const auto& item) { visit(context, {}, &item); }, items);
  } else if constexpr (is_vector<C>) {
    for (const typename C::value_type& item : items) visit(context, {}, &item);
  } else {
    for (const auto& [key, item] : items) visit(context, key, &item);
  }
}

template <class C, std::size_t... I>
void insert_alternative(C& out, std::size_t index, void* context, TypeInfo::Fill fill,
                        std::index_sequence<I...>) {
  const auto insert = [&]<std::size_t N>(std::integral_constant<std::size_t, N>) {
    if (index == N) {
      out.template emplace<N>(filled<std::variant_alternative_t<N, C>>(context, fill));
    }
  };
  (insert(std::integral_constant<std::size_t, I>()), ...);
}

template <class C>
void insert_item(void* object, [[maybe_unused]] std::string_view key,
                 [[maybe_unused]] std::size_t index, void* context, TypeInfo::Fill fill) {
  C& out = *static_cast<C*>(object);
  if constexpr (is_variant<C>) {
    insert_alternative(out, index, context, fill,
                       std::make_index_sequence<std::variant_size_v<C>>());
  } else if constexpr (is_optional<C>) {
    out.emplace(filled<typename C::value_type>(context, fill));
  } else if constexpr (is_vector<C>) {
    out.push_back(filled<typename C::value_type>(context, fill));
  } else {
    out.insert_or_assign(std::string(key), filled<typename C::mapped_type>(context, fill));
  }
}

template <class C>
std::size_t alternative_of(const void* object) {
  return static_cast<const C*>(object)->index();
}

// ---- The table of a type ----

template <class... Ts>
inline constexpr std::array<TypeInfoOf, sizeof...(Ts)> infos{{&type_info<Ts>...}};

template <class C>
struct ItemsOf {
  static constexpr const auto& rows = infos<typename C::value_type>;
};
template <string_map C>
struct ItemsOf<C> {
  static constexpr const auto& rows = infos<typename C::mapped_type>;
};
template <class... Ts>
struct ItemsOf<std::variant<Ts...>> {
  static constexpr const auto& rows = infos<Ts...>;
};

template <class T>
constexpr TypeInfo::Kind kind_of() {
  using Kind = TypeInfo::Kind;
  if (std::same_as<T, std::monostate>) return Kind::null;
  if (std::same_as<T, bool>) return Kind::boolean;
  if (std::integral<T>) return Kind::integer;
  if (std::floating_point<T>) return Kind::number;
  if (std::same_as<T, std::string>) return Kind::string;
  if (std::same_as<T, Json>) return Kind::json;
  if (is_vector<T>) return Kind::list;
  if (is_optional<T>) return Kind::optional;
  if (is_variant<T>) return Kind::variant;
  if (std::is_enum_v<T>) return Kind::enumeration;
  return string_map<T> ? Kind::map : Kind::object;
}

template <class T>
constexpr TypeInfo make_type_info() {
  TypeInfo info;
  info.kind = kind_of<T>();
  info.is_unsigned = std::unsigned_integral<T>;
  if constexpr (described<T>) {
    info.name = described_table<T>.name;
    info.count = described_table<T>.rows.size();
  }
  if constexpr (container<T>) {
    info.items = ItemsOf<T>::rows.data();
    info.count = ItemsOf<T>::rows.size();
    info.reset = &reset<T>;
    info.each = &each_item<T>;
    info.insert = &insert_item<T>;
    if constexpr (is_variant<T>) info.index = &alternative_of<T>;
  } else if constexpr (std::is_class_v<T> && described<T>) {
    info.members = described_table<T>.rows.data();
  } else {
    if constexpr (std::is_enum_v<T>) info.enumerators = described_table<T>.rows.data();
    info.write = &write_scalar<T>;
    info.read = &read_scalar<T>;
  }
  return info;
}

template <class T>
struct TypeTable {
  static const TypeInfo& info() noexcept {
    static constexpr TypeInfo table = make_type_info<T>();
    return table;
  }
};

}  // namespace detail

template <class T>
const TypeInfo& type_info() noexcept {
  return detail::table_of<T>::info();
}

}  // namespace v0
}  // namespace lian
