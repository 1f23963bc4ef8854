#pragma once

#include <memory>
#include <string>
#include <type_traits>
#include <utility>

#include "lian/core/runnable.hpp"

namespace lian {
inline namespace v0 {

/// The sentence of a function that does not take what the step before it gives.
template <class Gives, class Function>
struct function_does_not_take {
  static_assert(std::is_invocable_v<const Function&, Gives> ||
                    std::is_invocable_v<const Function&, Gives, Context>,
                "lian: this function does not take what the step before it gives (Gives); it is "
                "called as f(Gives) or f(Gives, lian::Context) and must be callable when const");
};

/// The sentence of `step(f)` for a function whose parameter has no one type.
template <class Function>
struct generic_function_needs_its_input {
  static_assert(!std::is_same_v<Function, Function>,
                "lian: a generic function does not say what it takes; write step<In>(f)");
};

/// The sentence of a function that gives nothing.
template <class Function>
struct function_gives_nothing {
  static_assert(!std::is_same_v<Function, Function>,
                "lian: a step must give something; let this function return a value");
};

namespace detail {

// The type of a function's first parameter, without reference and const; void when generic.
template <class F>
struct first_parameter {
  using type = void;
};
template <class F>
  requires requires { &F::operator(); }
struct first_parameter<F> : first_parameter<decltype(&F::operator())> {};
template <class R, class A, class... Rest>
struct first_parameter<R (*)(A, Rest...)> {
  using type = std::remove_cvref_t<A>;
};
template <class R, class A, class... Rest>
struct first_parameter<R (*)(A, Rest...) noexcept> {
  using type = std::remove_cvref_t<A>;
};
template <class C, class R, class A, class... Rest>
struct first_parameter<R (C::*)(A, Rest...) const> {
  using type = std::remove_cvref_t<A>;
};
template <class C, class R, class A, class... Rest>
struct first_parameter<R (C::*)(A, Rest...) const noexcept> {
  using type = std::remove_cvref_t<A>;
};
template <class C, class R, class A, class... Rest>
struct first_parameter<R (C::*)(A, Rest...)> {
  using type = std::remove_cvref_t<A>;
};

template <class F, class In>
inline constexpr bool takes_context = std::is_invocable_v<const F&, In, Context>;

// Users' functions are called from here, a plain function, with moved named values: GCC 12 destroys
// aggregate temporaries twice inside of coroutines.
template <class F, class In>
decltype(auto) call_function(const F& function, In&& in, const Context& context) {
  const AmbientContext ambient(context);
  if constexpr (takes_context<F, In>)
    return function(std::move(in), context);
  else
    return function(std::move(in));
}

template <class F, class In>
using function_result = std::remove_cvref_t<decltype(call_function(
    std::declval<const F&>(), std::declval<In>(), std::declval<const Context&>()))>;

template <class R>
struct task_value {
  using type = R;
};
template <class R>
struct task_value<Task<R>> {
  using type = R;
};

template <class F, class In, class Out>
class FunctionStep final : public Step<In, Out> {
 public:
  FunctionStep(F function, std::string name)
      : function_(std::move(function)), name_(std::move(name)) {}

  Task<Out> run(In in, Context context) const override {
    if constexpr (is_task<function_result<F, In>>::value) {
      Task<Out> task = call_function(function_, std::move(in), context);
      co_return co_await std::move(task);
    } else {
      co_return call_function(function_, std::move(in), context);
    }
  }
  std::string name() const override { return name_; }

 private:
  F function_;
  std::string name_;
};

template <class In, class F>
auto wrap(F&& function, std::string name = "function") {
  using D = std::decay_t<F>;
  if constexpr (!std::is_invocable_v<const D&, In> && !std::is_invocable_v<const D&, In, Context>) {
    static_cast<void>(sizeof(function_does_not_take<In, D>));
    return Runnable<In, In>(nullptr);
  } else {
    using Out = typename task_value<function_result<D, In>>::type;
    if constexpr (std::is_void_v<Out>) {
      static_cast<void>(sizeof(function_gives_nothing<D>));
      return Runnable<In, In>(nullptr);
    } else {
      return Runnable<In, Out>(
          std::make_shared<FunctionStep<D, In, Out>>(std::forward<F>(function), std::move(name)));
    }
  }
}

}  // namespace detail

/// A function, lambda or coroutine as a step: called as f(in) or f(in, context), must be callable
/// when const and from several threads. A coroutine's parameters are taken by value.
template <class F>
auto step(F&& function, std::string name = "function") {
  using In = typename detail::first_parameter<std::decay_t<F>>::type;
  if constexpr (std::is_void_v<In>) {
    static_cast<void>(sizeof(generic_function_needs_its_input<std::decay_t<F>>));
    return Runnable<int, int>(nullptr);
  } else {
    return detail::wrap<In>(std::forward<F>(function), std::move(name));
  }
}

/// As above for a generic function: step<std::string>([](auto text) { … }).
template <class In, class F>
auto step(F&& function, std::string name = "function") {
  return detail::wrap<In>(std::forward<F>(function), std::move(name));
}

}  // namespace v0
}  // namespace lian
