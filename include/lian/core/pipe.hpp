#pragma once

#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "lian/core/coroutine_warnings.hpp"
#include "lian/core/function_step.hpp"
#include "lian/core/runnable.hpp"

LIAN_COROUTINES_BEGIN

namespace lian {
inline namespace v0 {

namespace detail {

template <class From, class To>
inline constexpr bool pieces_convert =
    !std::is_same_v<From, To> && !Pieces<From>::whole && !Pieces<To>::whole &&
    std::is_convertible_v<Piece<From>, Piece<To>>;

template <class From, class To>
Stream<Piece<To>> convert_pieces(Stream<Piece<From>> in) {
  while (Piece<From>* piece = co_await in.next()) {
    Piece<To> converted = std::move(*piece);
    co_yield converted;
  }
}

template <class From, class To>
Stream<Piece<To>> convert_whole(Stream<Piece<From>> in) {
  Task<From> joining = join<From>(std::move(in));
  To whole = co_await std::move(joining);
  Piece<To> piece = Pieces<To>::split(std::move(whole));
  co_yield piece;
}

template <class From, class To>
Stream<Piece<To>> convert_stream(Stream<Piece<From>> in) {
  if constexpr (std::is_same_v<From, To>)
    return in;
  else if constexpr (pieces_convert<From, To>)
    return convert_pieces<From, To>(std::move(in));
  else
    return convert_whole<From, To>(std::move(in));
}

template <class In, class Gives, class Takes, class Out>
class Sequence final : public Step<In, Out> {
 public:
  Sequence(Runnable<In, Gives> left, Runnable<Takes, Out> right)
      : left_(left.step()), right_(right.step()) {}

  Task<Out> run(In in, Context context) const override {
    std::optional<Takes> middle;
    try {
      Task<Gives> left = run_step(*left_, std::move(in), context);
      middle = co_await std::move(left);
    } catch (Error& error) {
      name_error(error, *left_);
      throw;
    }
    try {
      Task<Out> right = run_step(*right_, std::move(*middle), std::move(context));
      co_return co_await std::move(right);
    } catch (Error& error) {
      name_error(error, *right_);
      throw;
    }
  }
  Stream<Piece<Out>> transform(Stream<Piece<In>> in, Context context) const override {
    Stream<Piece<Gives>> left =
        labelled(*left_, transform_step(*left_, std::move(in), context), true);
    return labelled(*right_,
                    transform_step(*right_, convert_stream<Gives, Takes>(std::move(left)),
                                   std::move(context)),
                    false);
  }
  bool streams() const noexcept override {
    return left_->streams() && right_->streams() &&
           (std::is_same_v<Gives, Takes> || pieces_convert<Gives, Takes>);
  }
  std::string name() const override { return "chain"; }
  StepKind kind() const noexcept override { return StepKind::chain; }
  bool is_sequence() const noexcept override { return true; }
  void describe(std::vector<StepInfo>& lines, int depth) const override {
    left_->describe(lines, depth);
    right_->describe(lines, depth);
  }

 private:
  std::shared_ptr<const Step<In, Gives>> left_;
  std::shared_ptr<const Step<Takes, Out>> right_;
};

template <class In, class Gives, class Takes, class Out>
Runnable<In, Out> sequence(const Runnable<In, Gives>& left, const Runnable<Takes, Out>& right) {
  return Runnable<In, Out>(std::make_shared<Sequence<In, Gives, Takes, Out>>(left, right));
}

}  // namespace detail

/// What takes its input type from the step before it, e.g. `assign(…)` and `prompt<"…">`: gives a
/// Runnable by `after<Gives>()` where `accepts<Gives>` holds, or by `first()` when no step is before
/// it. `check<Gives>` is a class whose instantiation fails with the maker's sentence where it does
/// not; `step_maker` a type that marks it.
template <class T>
concept StepMaker = requires { typename std::remove_cvref_t<T>::step_maker; };

/// `a | b`: what `a` gives goes into `b`. A function, a generic lambda or a coroutine may stand on
/// the right. The result is a plain Runnable from the input of `a` to the output of `b`.
template <class A, class B>
  requires(StepHandle<A> || StepHandle<B> || StepMaker<A> || StepMaker<B>)
auto operator|(A&& left, B&& right) {
  if constexpr (detail::is_broken<A> || detail::is_broken<B>) {
    return detail::broken();
  } else if constexpr (StepMaker<A>) {
    using Check = typename std::remove_cvref_t<A>::template check<Values>;
    static_cast<void>(sizeof(Check));  // says what is wrong, if anything
    return left.first() | std::forward<B>(right);
  } else if constexpr (!StepHandle<A>) {
    constexpr bool left_is_a_step = StepHandle<A>;
    static_assert(left_is_a_step,
                  "lian: a function on the far left of | is not yet a step; write step(f), or "
                  "step<In>(f) when it is generic");
    return detail::broken();
  } else if constexpr (StepMaker<B>) {
    using Gives = typename RunnableOf<A>::Out;
    using Check = typename std::remove_cvref_t<B>::template check<Gives>;
    static_cast<void>(sizeof(Check));  // says what is wrong, if anything
    if constexpr (std::remove_cvref_t<B>::template accepts<Gives>)
      return detail::sequence(detail::runnable_of(left), right.template after<Gives>());
    else
      return detail::broken();
  } else if constexpr (StepHandle<B>) {
    using Gives = typename RunnableOf<A>::Out;
    using Takes = typename RunnableOf<B>::In;
    static_assert(std::is_convertible_v<Gives, Takes>,
                  "lian: these two steps do not meet: what the left one gives does not convert to "
                  "what the right one takes; put a step between them that converts it");
    if constexpr (std::is_convertible_v<Gives, Takes>)
      return detail::sequence(detail::runnable_of(left), detail::runnable_of(right));
    else
      return detail::broken();
  } else {
    using Gives = typename RunnableOf<A>::Out;
    using F = std::decay_t<B>;
    static_assert(detail::has_call<F>,
                  "lian: what stands right of | is neither a step nor a function; a pointer to a "
                  "Step is made one by Runnable<In, Out>(pointer)");
    static_assert(detail::takes<F, Gives>,
                  "lian: this function does not take what the step before it gives; it is called "
                  "as f(in) or f(in, lian::Context) and must be callable when const");
    static_assert(detail::gives_something<F, Gives>,
                  "lian: a step must give something; let this function return a value");
    static_assert(std::is_copy_constructible_v<Gives>,
                  "lian: the input of a step must be copyable, because branches, retries and "
                  "fallbacks run on copies of it; give a std::shared_ptr to what cannot be copied");
    if constexpr (detail::makes_step<F, Gives>)
      return detail::sequence(detail::runnable_of(left),
                              detail::wrap<Gives>(std::forward<B>(right)));
    else
      return detail::broken();
  }
}

/// One line a step: its kind, its name and whether it hands pieces on; the first line that does not
/// is where the chain stops streaming.
template <StepHandle T>
std::vector<StepInfo> describe(const T& chain) {
  std::vector<StepInfo> lines;
  chain.step()->describe(lines, 0);
  return lines;
}

}  // namespace v0
}  // namespace lian

LIAN_COROUTINES_END
