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

/// `when([](const std::string& s) { return s.empty(); }, step)`. The condition must be callable when
/// const and from several threads.
template <class F, StepHandle S>
auto when(F condition, const S& then) {
  using Own = RunnableOf<S>;
  using In = typename Own::In;
  constexpr bool fits = std::is_invocable_r_v<bool, const F&, const In&>;
  static_assert(fits, "lian: the condition of when(…) must take what its step takes and give a bool");
  std::shared_ptr<const detail::Condition<In>> holds;
  if constexpr (fits)
    holds = std::make_shared<const detail::FunctionCondition<In, F>>(std::move(condition));
  return When<In, typename Own::Out>(std::move(holds), detail::runnable_of(then));
}

namespace detail {

template <class In, class Out>
class BranchStep final : public Step<In, Out> {
 public:
  BranchStep(std::vector<When<In, Out>> ways, Runnable<In, Out> otherwise)
      : ways_(std::move(ways)), otherwise_(std::move(otherwise)) {}

  Task<Out> run(In in, Context context) const override {
    const Step<In, Out>* step = choose(in, context);
    try {
      Task<Out> task = run_step(*step, std::move(in), std::move(context));
      co_return co_await std::move(task);
    } catch (Error& error) {
      name_error(error, *step);
      throw;
    }
  }
  Stream<Piece<Out>> transform(Stream<Piece<In>> in, Context context) const override {
    Task<In> joining = join<In>(std::move(in));
    In whole = co_await std::move(joining);
    const Step<In, Out>* step = choose(whole, context);
    Stream<Piece<Out>> pieces = labelled(
        *step, transform_step(*step, split_stream<In>(std::move(whole)), std::move(context)),
        false);
    while (Piece<Out>* piece = co_await pieces.next()) co_yield *piece;
  }
  bool streams() const noexcept override { return Pieces<In>::whole && otherwise_.step()->streams(); }
  std::string name() const override { return "branch"; }
  StepKind kind() const noexcept override { return StepKind::chain; }
  void describe(std::vector<StepInfo>& lines, int depth) const override {
    lines.emplace_back(name(), kind(), streams(), depth);
    for (const auto& way : ways_) way.then().step()->describe(lines, depth + 1);
    otherwise_.step()->describe(lines, depth + 1);
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

}  // namespace detail

/// The first way whose condition holds, else `otherwise`:
/// `branch(when(is_chinese, a), when(is_short, b), otherwise)`. (LangChain's RunnableBranch.)
template <class In, class Out, class... More>
Runnable<In, Out> branch(When<In, Out> first, More... rest) {
  static_assert(sizeof...(More) > 0, "lian: branch needs a last step for what no condition takes");
  std::vector<When<In, Out>> ways;
  ways.push_back(std::move(first));
  return [&]<std::size_t... I>(std::index_sequence<I...>, auto tuple) {
    (ways.push_back(When<In, Out>(std::move(std::get<I>(tuple)))), ...);
    return Runnable<In, Out>(std::make_shared<detail::BranchStep<In, Out>>(
        std::move(ways), detail::runnable_of(std::get<sizeof...(I)>(tuple))));
  }(std::make_index_sequence<sizeof...(More) - 1>(), std::make_tuple(std::move(rest)...));
}

}  // namespace v0
}  // namespace lian

LIAN_COROUTINES_END
