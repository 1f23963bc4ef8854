#pragma once

#include <memory>
#include <string>
#include <type_traits>
#include <utility>

#include "lian/core/coroutine_warnings.hpp"
#include "lian/core/runnable.hpp"

LIAN_COROUTINES_BEGIN

namespace lian {
inline namespace v0 {

namespace detail {

struct Deduced {};     // a step's input that is the type of its function's parameter
struct ManyTypes {};   // the parameter of a generic or overloaded function
struct NoParameter {};

// The type of a function's first parameter, without reference and const.
template <class F>
struct first_parameter {
  using type = ManyTypes;
};
template <class R>
struct first_parameter<R (*)()> {
  using type = NoParameter;
};
template <class C, class R>
struct first_parameter<R (C::*)() const> {
  using type = NoParameter;
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

template <class Declared, class F>
struct input_of {
  using type = Declared;
};
template <class F>
struct input_of<Deduced, F> : first_parameter<F> {};

template <class In>
inline constexpr bool known =
    !std::is_same_v<In, ManyTypes> && !std::is_same_v<In, NoParameter>;

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

// What a step over a function gives: of a Task what it gives, of a Runnable what that gives.
template <class R>
struct task_value {
  using type = R;
};
template <StepHandle R>
struct task_value<R> {
  using type = typename RunnableOf<R>::Out;
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
    } else if constexpr (StepHandle<function_result<F, In>>) {
      const auto chosen = runnable_of(call_function(function_, In(in), context));
      Task<Out> task = run_inner(chosen.step().get(), std::move(in), context.deeper());
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

struct AnyCall {
  void operator()() const;
};
template <class F>
struct CallProbe : F, AnyCall {};

// Whether F can be called with anything: it has an operator() where AnyCall's is not the only one.
template <class F>
consteval bool has_call_() {
  if constexpr (std::is_class_v<F> && !std::is_final_v<F>) return !requires {
      &CallProbe<F>::operator();
    };
  else if constexpr (std::is_pointer_v<F>)
    return std::is_function_v<std::remove_pointer_t<F>>;
  return std::is_class_v<F> || std::is_member_pointer_v<F>;
}
template <class F>
inline constexpr bool has_call = has_call_<F>();

// Each is true when an earlier one is false, so that a wrong program is told one thing.
template <class F, class In>
inline constexpr bool takes = !known<In> || !has_call<F> || std::is_invocable_v<const F&, In> ||
                              std::is_invocable_v<const F&, In, Context>;

template <class F, class In>
consteval bool gives_something_() {
  if constexpr (has_call<F> && known<In> && takes<F, In>)
    return !std::is_void_v<typename task_value<function_result<F, In>>::type>;
  return true;
}
template <class F, class In>
inline constexpr bool gives_something = gives_something_<F, In>();

template <class F, class In>
inline constexpr bool makes_step = has_call<F>&& known<In>&& takes<F, In>&& gives_something<F, In>&&
    std::is_copy_constructible_v<In>;

// Whether step(f) can be made without being told what f takes.
template <class F>
inline constexpr bool deduces_step = makes_step<F, typename first_parameter<F>::type>;

template <class In, class F>
auto wrap(F&& function, std::string name = "function") {
  using D = std::decay_t<F>;
  static_assert(makes_step<D, In>,
                "lian: this function makes no step here; it must take what it is given, as f(in) "
                "or f(in, lian::Context), be callable when const, and give something");
  if constexpr (makes_step<D, In>) {
    using Out = typename task_value<function_result<D, In>>::type;
    return Runnable<In, Out>(
        std::make_shared<FunctionStep<D, In, Out>>(std::forward<F>(function), std::move(name)));
  } else {
    return detail::broken();
  }
}

}  // namespace detail

/// A function, lambda or coroutine as a step: called as f(in) or f(in, context), must be callable
/// when const and from several threads. A coroutine's parameters are taken by value. A generic
/// function is told what it takes: `step<std::string>([](auto text) { … })`. A function that gives
/// a Runnable chooses it: that is run on the same input.
template <class Input = detail::Deduced, class F>
auto step(F&& function, std::string name = "function") {
  using D = std::decay_t<F>;
  using In = typename detail::input_of<Input, D>::type;
  // The sentences stand here and in operator|, and nowhere deeper, to keep a compiler's output short.
  static_assert(detail::has_call<D>, "lian: step(f) makes a function a step; this is no function");
  constexpr bool says_its_input = !detail::has_call<D> || !std::is_same_v<In, detail::ManyTypes>;
  static_assert(says_its_input,
                "lian: a generic function does not say what it takes; write step<In>(f)");
  static_assert(!std::is_same_v<In, detail::NoParameter>,
                "lian: this function takes nothing; a step is called as f(in) or f(in, "
                "lian::Context): give it a parameter");
  static_assert(detail::takes<D, In>,
                "lian: this function does not take the input of the step; it is called as f(in) or "
                "f(in, lian::Context) and must be callable when const");
  static_assert(detail::gives_something<D, In>,
                "lian: a step must give something; let this function return a value");
  static_assert(std::is_copy_constructible_v<In>,
                "lian: the input of a step must be copyable, because branches, retries and "
                "fallbacks run on copies of it; take a std::shared_ptr to what cannot be copied");
  if constexpr (detail::makes_step<D, In>)
    return detail::wrap<In>(std::forward<F>(function), std::move(name));
  else
    return detail::broken();
}

}  // namespace v0
}  // namespace lian

LIAN_COROUTINES_END
