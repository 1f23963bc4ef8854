#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

#include "lian/core/document.hpp"
#include "lian/core/event.hpp"
#include "lian/core/fixed_string.hpp"
#include "lian/core/pieces.hpp"
#include "lian/core/values.hpp"

namespace lian {
inline namespace v0 {

/// A name and the type of its value.
template <FixedString Name, class T>
struct Field {
  using type = T;
  static constexpr const auto& name = Name;
};

namespace detail {

template <FixedString Name, class... Fields>
constexpr std::size_t field_index() {
  const bool same[] = {same_text<Name, Fields::name>()..., true};
  std::size_t i = 0;
  while (!same[i]) ++i;
  return i;
}

template <class T>
Value to_value(const T& value) {
  if constexpr (std::is_same_v<T, AIMessage>)
    return Value(value.text());
  else
    return Value(value);
}
template <class T>
concept IntoValue = std::is_same_v<T, AIMessage> || std::is_constructible_v<Value, const T&>;

}  // namespace detail

/// A typed set of named values: what `parallel` and `assign` give. Converts to Values when every
/// value does. Regular value when its values are.
template <class... Fields>
class Record {
 public:
  Record() = default;
  /// The value of that name.
  template <FixedString Name>
  auto& get() & {
    static_assert(has<Name>, "lian: the record has no value of this name (Name)");
    return *std::get<place<Name>>(values_);
  }
  template <FixedString Name>
  const auto& get() const& {
    static_assert(has<Name>, "lian: the record has no value of this name (Name)");
    return *std::get<place<Name>>(values_);
  }
  template <FixedString Name>
  auto get() && {
    static_assert(has<Name>, "lian: the record has no value of this name (Name)");
    return std::move(*std::get<place<Name>>(values_));
  }
  template <FixedString Name>
  static constexpr bool has = detail::field_index<Name, Fields...>() < sizeof...(Fields);

  operator Values() const
    requires(detail::IntoValue<typename Fields::type> && ...)
  {
    Values out;
    (out.set(Fields::name.view(), detail::to_value(*slot<Fields>())), ...);
    return out;
  }
  friend bool operator==(const Record&, const Record&) = default;

  std::tuple<std::optional<typename Fields::type>...>& slots() noexcept { return values_; }
  const std::tuple<std::optional<typename Fields::type>...>& slots() const noexcept {
    return values_;
  }

 private:
  template <FixedString Name>
  static constexpr std::size_t place = has<Name> ? detail::field_index<Name, Fields...>() : 0;
  template <class F>
  const auto& slot() const {
    return std::get<detail::field_index<F::name, Fields...>()>(values_);
  }
  std::tuple<std::optional<typename Fields::type>...> values_;
};

/// A piece of a record: pieces of some of its values, usually one.
template <class... Fields>
class RecordPiece {
 public:
  RecordPiece() = default;
  /// The piece of that value, or null when this carries none of it.
  template <FixedString Name>
  auto* get() noexcept {
    auto& slot = std::get<detail::field_index<Name, Fields...>()>(pieces_);
    return slot ? &*slot : nullptr;
  }
  std::tuple<std::optional<Piece<typename Fields::type>>...>& slots() noexcept { return pieces_; }
  const std::tuple<std::optional<Piece<typename Fields::type>>...>& slots() const noexcept {
    return pieces_;
  }

 private:
  std::tuple<std::optional<Piece<typename Fields::type>>...> pieces_;
};

namespace detail {

// "name: value", a line each.
template <class Slot>
void append_slot(std::string& text, std::string_view name, const Slot& slot) {
  if (!slot) return;
  if (!text.empty()) text += '\n';
  text.append(name).append(": ").append(Payload(*slot).text());
}

template <class... Fields, class Slots, std::size_t... I>
void append_slots(std::string& out, const Slots& slots, std::index_sequence<I...>) {
  std::string text;
  (append_slot(text, Fields::name.view(), std::get<I>(slots)), ...);
  out += text;
}

}  // namespace detail

template <class... Fields>
void append_text(std::string& out, const Record<Fields...>& record) {
  detail::append_slots<Fields...>(out, record.slots(), std::index_sequence_for<Fields...>());
}
template <class... Fields>
void append_text(std::string& out, const RecordPiece<Fields...>& piece) {
  detail::append_slots<Fields...>(out, piece.slots(), std::index_sequence_for<Fields...>());
}

template <class... Fields>
struct Pieces<Record<Fields...>> {
  using piece = RecordPiece<Fields...>;
  static constexpr bool whole = false;

  static void join(std::optional<Record<Fields...>>& value, piece&& part) {
    if (!value) value.emplace();
    each(*value, part, [](auto& slot, auto& from, auto type) {
      if (from) Pieces<typename decltype(type)::type>::join(slot, std::move(*from));
    });
  }
  static Record<Fields...> finish(std::optional<Record<Fields...>>&& value) {
    Record<Fields...> record = value ? std::move(*value) : Record<Fields...>();
    piece none;
    each(record, none, [](auto& slot, auto&, auto type) {
      auto joined = std::move(slot);
      slot.emplace(Pieces<typename decltype(type)::type>::finish(std::move(joined)));
    });
    return record;
  }
  static piece split(Record<Fields...>&& value) {
    piece out;
    each(value, out, [](auto& slot, auto& into, auto type) {
      if (slot) into.emplace(Pieces<typename decltype(type)::type>::split(std::move(*slot)));
    });
    return out;
  }

 private:
  template <class F>
  static void each(Record<Fields...>& record, piece& part, F f) {
    each_at(record, part, f, std::index_sequence_for<Fields...>());
  }
  template <class F, std::size_t... I>
  static void each_at(Record<Fields...>& record, piece& part, F& f, std::index_sequence<I...>) {
    (f(std::get<I>(record.slots()), std::get<I>(part.slots()),
       std::type_identity<typename Fields::type>()),
     ...);
  }
};

namespace detail {
template <class T>
struct is_record : std::false_type {};
template <class... Fields>
struct is_record<Record<Fields...>> : std::true_type {};
}  // namespace detail

}  // namespace v0
}  // namespace lian
