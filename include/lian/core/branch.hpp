#pragma once

#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

#include "lian/core/coroutine_warnings.hpp"
#include "lian/core/pipe.hpp"

LIAN_COROUTINES_BEGIN

namespace lian {
inline namespace v0 {

namespace detail {
template <class In>
class Condition {
 public:
  virtual ~Condition() = default;
  virtual bool holds(const In& in) const = 0;
};
template <class In, class F>
class FunctionCondition final : public Condition<In> {
 public:
  explicit FunctionCondition(F function) : function_(std::move(function)) {}
  bool holds(const In& in) const override { return function_(in); }

 private:
  F function_;
};
}  // namespace detail

/// One way of a `branch`: taken when the condition holds.
template <class In, class Out>
class When {
 public:
  When(std::shared_ptr<const detail::Condition<In>> condition, Runnable<In, Out> then)
      : condition_(std::move(condition)), then_(std::move(then)) {}
  bool holds(const In& in) const { return condition_->holds(in); }
  const Runnable<In, Out>& then() const noexcept { return then_; }

 private:
  std::shared_ptr<const detail::Condition<In>> condition_;
  Runnable<In, Out> then_;
};

/// `when([](const std::string& s) { return s.empty(); }, step)`. The condition must be callable
/// when const and from several threads. A function may stand for the step, as in `step(f)`.
template <class F, class S>
auto when(F condition, const S& then) {
  if constexpr (!StepHandle<S>) {
    constexpr bool is_a_step = detail::deduces_step<S>;
    static_assert(
        is_a_step,
        "lian: when(condition, step) needs a step, or a function that says what it takes");
    if constexpr (is_a_step)
      return when(std::move(condition), step(then));
    else
      return When<detail::Broken, detail::Broken>(nullptr, detail::broken());
  } else {
    using Own = RunnableOf<S>;
    using In = typename Own::In;
    constexpr bool fits = std::is_invocable_r_v<bool, const F&, const In&>;
    static_assert(fits,
                  "lian: the condition of when(…) must take what its step takes and give a bool");
    std::shared_ptr<const detail::Condition<In>> holds;
    if constexpr (fits)
      holds = std::make_shared<const detail::FunctionCondition<In, F>>(std::move(condition));
    return When<In, typename Own::Out>(std::move(holds), detail::runnable_of(then));
  }
}

namespace detail {

template <class In, class Out>
class BranchStep final : public Step<In, Out> {
 public:
  BranchStep(std::vector<When<In, Out>> ways, Runnable<In, Out> otherwise)
      : ways_(std::move(ways)), otherwise_(std::move(otherwise)) {}

  Task<Out> run(In in, Context context) const override {
    const Step<In, Out>* step = choose(in, context);
    Task<Out> task = run_inner(step, std::move(in), std::move(context));
    co_return co_await std::move(task);
  }
  Stream<Piece<Out>> transform(Stream<Piece<In>> in, Context context) const override {
    Task<In> joining = join<In>(std::move(in));
    In whole = co_await std::move(joining);
    const Step<In, Out>* step = choose(whole, context);
    Stream<Piece<Out>> pieces =
        transform_inner(*step, split_stream<In>(std::move(whole)), std::move(context));
    while (Piece<Out>* piece = co_await pieces.next()) co_yield *piece;
  }
  bool streams() const noexcept override { return Pieces<In>::whole && otherwise_.step()->streams(); }
  std::string name() const override { return "branch"; }
  StepKind kind() const noexcept override { return StepKind::chain; }
  void describe(std::vector<StepInfo>& lines, int depth) const override {
    lines.emplace_back(name(), kind(), streams(), depth);
    std::size_t number = 0;
    for (const auto& way : ways_)
      describe_branch(lines, *way.then().step(), depth, "when " + std::to_string(++number));
    describe_branch(lines, *otherwise_.step(), depth, "otherwise");
  }

 private:
  const Step<In, Out>* choose(const In& in, const Context& context) const {
    const AmbientContext ambient(context);
    for (const auto& way : ways_)
      if (way.holds(in)) return way.then().step().get();
    return otherwise_.step().get();
  }
  std::vector<When<In, Out>> ways_;
  Runnable<In, Out> otherwise_;
};

template <class T>
inline constexpr bool broken_way = is_broken<T> || std::is_same_v<T, When<Broken, Broken>>;

template <class T>
struct is_way : std::false_type {};
template <class In, class Out>
struct is_way<When<In, Out>> : std::true_type {};

template <class In, class S>
auto last_way(const S& otherwise) {
  if constexpr (StepHandle<S>)
    return runnable_of(otherwise);
  else
    return wrap<In>(otherwise);
}

// Whether T may stand in a branch from In to Out, as the last way or as another.
template <class In, class Out, class T>
consteval bool way_agrees(bool last) {
  if constexpr (is_way<T>::value)
    return !last && std::is_same_v<T, When<In, Out>>;
  else if constexpr (StepHandle<T>)
    return last && std::is_same_v<RunnableOf<T>, Runnable<In, Out>>;
  else if constexpr (makes_step<T, In>)
    return last && std::is_same_v<decltype(last_way<In>(std::declval<T>())), Runnable<In, Out>>;
  return false;
}
template <class In, class Out, class... More>
consteval bool ways_agree() {
  std::size_t place = 0;
  return (way_agrees<In, Out, More>(++place == sizeof...(More)) && ...);
}

}  // namespace detail

/// The first way whose condition holds, else the last one, a step or a function:
/// `branch(when(is_chinese, a), when(is_short, b), otherwise)`. (LangChain's RunnableBranch.)
template <class In, class Out, class... More>
auto branch(When<In, Out> first, More... rest) {
  using Last = std::tuple_element_t<sizeof...(More), std::tuple<When<In, Out>, More...>>;
  constexpr bool sound = !(detail::broken_way<When<In, Out>> || ... || detail::broken_way<More>);
  constexpr bool ends = !sound || !detail::is_way<Last>::value;
  static_assert(ends, "lian: branch needs a last step for what no condition takes");
  constexpr bool agree = !sound || !ends || detail::ways_agree<In, Out, More...>();
  static_assert(agree,
                "lian: the ways of a branch must all take and give the same types (In, Out), and "
                "all but the last must be when(condition, step)");
  if constexpr (!sound || !ends || !agree) {
    return detail::broken();
  } else {
    std::vector<When<In, Out>> ways;
    ways.push_back(std::move(first));
    return [&]<std::size_t... I>(std::index_sequence<I...>, auto tuple) {
      (ways.push_back(std::move(std::get<I>(tuple))), ...);
      return Runnable<In, Out>(std::make_shared<detail::BranchStep<In, Out>>(
          std::move(ways), detail::last_way<In>(std::get<sizeof...(I)>(tuple))));
    }
    (std::make_index_sequence<sizeof...(More) - 1>(), std::make_tuple(std::move(rest)...));
  }
}

}  // namespace v0
}  // namespace lian

LIAN_COROUTINES_END
