/// lian/core/function.hpp: Function, a move-only callable without <functional>.
#pragma once

#include <concepts>
#include <cstddef>
#include <new>
#include <type_traits>
#include <utility>

#include "lian/core/export.hpp"

namespace lian {
inline namespace v0 {

template <class Signature>
class Function;

namespace detail {

/// Throws Error{config}: an empty Function was called.
[[noreturn]] LIAN_API void empty_function_called();

/// What Function<R(Args...)> and Function<R(Args...) const> share. `Callable<F>` is F& or const F&.
template <template <class> class Callable, class R, class... Args>
class FunctionStore {
 protected:
  static constexpr std::size_t store_bytes = 4 * sizeof(void*);

  template <class F>
  static constexpr bool accepts =
      !std::is_member_pointer_v<F> && std::is_invocable_r_v<R, typename Callable<F>::type, Args...>;
  template <class F>
  static constexpr bool fits =
      sizeof(F) <= store_bytes &&
      alignof(F) <= alignof(void*) && std::is_nothrow_move_constructible_v<F>;

  FunctionStore() noexcept = default;
  FunctionStore(FunctionStore&& other) noexcept { take(other); }
  FunctionStore& operator=(FunctionStore&& other) noexcept {
    if (this == &other) return *this;
    reset();
    take(other);
    return *this;
  }
  FunctionStore(const FunctionStore&) = delete;
  FunctionStore& operator=(const FunctionStore&) = delete;
  ~FunctionStore() { reset(); }

  template <class F>
  void emplace(F&& from) {
    using Stored = std::decay_t<F>;
    if constexpr (std::is_pointer_v<Stored>) {
      if (from == nullptr) return;
    }
    if constexpr (fits<Stored>) {
      ::new (static_cast<void*>(store_)) Stored(std::forward<F>(from));
    } else {
      ::new (static_cast<void*>(store_)) Stored*(new Stored(std::forward<F>(from)));
    }
    call_ = &call_stored<Stored>;
    move_ = &move_stored<Stored>;
  }

  bool has_value() const noexcept { return move_ != nullptr; }
  R call(Args... args) const { return call_(store_, std::forward<Args>(args)...); }

 private:
  // Moves to `to` and destroys, or only destroys where `to` is null.
  using Move = void (*)(void* from, void* to) noexcept;
  using Call = R (*)(void* store, Args&&... args);

  static R call_empty(void*, Args&&...) { empty_function_called(); }

  template <class F>
  static F& stored(void* store) noexcept {
    if constexpr (fits<F>) {
      return *std::launder(static_cast<F*>(store));
    } else {
      return **std::launder(static_cast<F**>(store));
    }
  }

  template <class F>
  static R call_stored(void* store, Args&&... args) {
    typename Callable<F>::type function = stored<F>(store);
    if constexpr (std::is_void_v<R>) {
      static_cast<void>(function(std::forward<Args>(args)...));
    } else {
      return function(std::forward<Args>(args)...);
    }
  }

  template <class F>
  static void move_stored(void* from, void* to) noexcept {
    if constexpr (fits<F>) {
      F& function = stored<F>(from);
      if (to != nullptr) ::new (to) F(std::move(function));
      function.~F();
    } else {
      F* function = &stored<F>(from);
      if (to == nullptr) {
        delete function;
      } else {
        ::new (to) F*(function);
      }
    }
  }

  void reset() noexcept {
    if (move_ != nullptr) move_(store_, nullptr);
    move_ = nullptr;
    call_ = &call_empty;
  }

  void take(FunctionStore& other) noexcept {
    if (other.move_ == nullptr) return;
    other.move_(other.store_, store_);
    call_ = std::exchange(other.call_, &call_empty);
    move_ = std::exchange(other.move_, nullptr);
  }

  alignas(void*) mutable unsigned char store_[store_bytes];
  Call call_ = &call_empty;
  Move move_ = nullptr;
};

template <class F>
struct MutableCallable {
  using type = F&;
};
template <class F>
struct ConstCallable {
  using type = const F&;
};

}  // namespace detail

/// Holds any callable of that signature, move-only ones too; small ones (four pointers, moved
/// without throwing) without an allocation. Move-only, moves never throw; a moved-from Function is
/// empty. Calling an empty one throws Error{config}. Threads: as the callable it holds.
template <class R, class... Args>
class Function<R(Args...)> : detail::FunctionStore<detail::MutableCallable, R, Args...> {
  using Store = detail::FunctionStore<detail::MutableCallable, R, Args...>;

 public:
  Function() noexcept = default;
  Function(std::nullptr_t) noexcept {}
  /// A null function pointer gives an empty Function. Throws what copying or allocating throws.
  template <class F>
  requires(!std::same_as<std::remove_cvref_t<F>, Function> &&
           Store::template accepts<std::decay_t<F>>) Function(F&& function) {
    Store::emplace(std::forward<F>(function));
  }

  R operator()(Args... args) { return Store::call(std::forward<Args>(args)...); }
  explicit operator bool() const noexcept { return Store::has_value(); }
  friend bool operator==(const Function& function, std::nullptr_t) noexcept { return !function; }
};

/// As above, for callables that may be called through const: what is shared between runs and
/// threads holds its functions so.
template <class R, class... Args>
class Function<R(Args...) const> : detail::FunctionStore<detail::ConstCallable, R, Args...> {
  using Store = detail::FunctionStore<detail::ConstCallable, R, Args...>;

 public:
  Function() noexcept = default;
  Function(std::nullptr_t) noexcept {}
  template <class F>
  requires(!std::same_as<std::remove_cvref_t<F>, Function> &&
           Store::template accepts<std::decay_t<F>>) Function(F&& function) {
    Store::emplace(std::forward<F>(function));
  }

  R operator()(Args... args) const { return Store::call(std::forward<Args>(args)...); }
  explicit operator bool() const noexcept { return Store::has_value(); }
  friend bool operator==(const Function& function, std::nullptr_t) noexcept { return !function; }
};

}  // namespace v0
}  // namespace lian
