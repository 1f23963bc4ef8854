#pragma once

#include <cstddef>
#include <new>
#include <type_traits>
#include <utility>

namespace lian {
inline namespace v0 {

template <class Signature>
class Function;

/// A move-only callable; holds small ones (up to four pointers) without allocating.
template <class R, class... Args>
class Function<R(Args...)> {
 public:
  Function() noexcept = default;
  Function(std::nullptr_t) noexcept {}
  template <class F>
    requires(!std::is_same_v<std::decay_t<F>, Function> &&
             std::is_invocable_r_v<R, std::decay_t<F>&, Args...>)
  Function(F&& f) {
    using D = std::decay_t<F>;
    if constexpr (fits<D>) {
      ::new (static_cast<void*>(space_)) D(std::forward<F>(f));
      ops_ = &small_ops<D>;
    } else {
      ::new (static_cast<void*>(space_)) D*(new D(std::forward<F>(f)));
      ops_ = &large_ops<D>;
    }
  }
  Function(Function&& other) noexcept : ops_(std::exchange(other.ops_, nullptr)) {
    if (ops_) ops_->move(space_, other.space_);
  }
  Function& operator=(Function&& other) noexcept {
    if (this == &other) return *this;
    reset();
    ops_ = std::exchange(other.ops_, nullptr);
    if (ops_) ops_->move(space_, other.space_);
    return *this;
  }
  ~Function() { reset(); }

  explicit operator bool() const noexcept { return ops_ != nullptr; }
  R operator()(Args... args) { return ops_->call(space_, std::forward<Args>(args)...); }

 private:
  struct Ops {
    R (*call)(void*, Args&&...);
    void (*move)(void* to, void* from) noexcept;
    void (*destroy)(void*) noexcept;
  };
  template <class D>
  static constexpr bool fits = sizeof(D) <= 4 * sizeof(void*) && alignof(D) <= alignof(void*) &&
                               std::is_nothrow_move_constructible_v<D>;
  template <class D>
  static constexpr Ops small_ops = {
      [](void* f, Args&&... args) -> R {
        return (*static_cast<D*>(f))(std::forward<Args>(args)...);
      },
      [](void* to, void* from) noexcept {
        ::new (to) D(std::move(*static_cast<D*>(from)));
        static_cast<D*>(from)->~D();
      },
      [](void* f) noexcept { static_cast<D*>(f)->~D(); }};
  template <class D>
  static constexpr Ops large_ops = {
      [](void* f, Args&&... args) -> R {
        return (**static_cast<D**>(f))(std::forward<Args>(args)...);
      },
      [](void* to, void* from) noexcept { ::new (to) D*(*static_cast<D**>(from)); },
      [](void* f) noexcept { delete *static_cast<D**>(f); }};

  void reset() noexcept {
    if (ops_) std::exchange(ops_, nullptr)->destroy(space_);
  }

  const Ops* ops_ = nullptr;
  alignas(void*) std::byte space_[4 * sizeof(void*)];
};

}  // namespace v0
}  // namespace lian
