#pragma once

#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "lian/core/branch.hpp"
#include "lian/core/coroutine_warnings.hpp"
#include "lian/core/pipe.hpp"

LIAN_COROUTINES_BEGIN

namespace lian {
inline namespace v0 {

namespace detail {

/// Throws Error{config} unless it is at least 1.
LIAN_API void check_iterations(int max_iterations);
[[noreturn]] LIAN_API void throw_too_many_iterations(int max_iterations);

template <class T>
class LoopStep final : public Step<T, T> {
 public:
  LoopStep(std::shared_ptr<const Step<T, T>> body, std::shared_ptr<const Condition<T>> done,
           int max_iterations)
      : body_(std::move(body)), done_(std::move(done)), max_iterations_(max_iterations) {
    check_iterations(max_iterations);
  }

  Task<T> run(T value, Context context) const override {
    for (int i = 0; i < max_iterations_; ++i) {
      Task<T> task = run_inner(body_.get(), std::move(value), context);
      value = co_await std::move(task);
      if (holds(value, context)) co_return value;
    }
    throw_too_many_iterations(max_iterations_);
  }
  std::string name() const override { return "loop_until"; }
  StepKind kind() const noexcept override { return StepKind::chain; }
  void describe(std::vector<StepInfo>& lines, int depth) const override {
    lines.emplace_back(name(), kind(), this->streams(), depth);
    body_->describe(lines, depth + 1);
  }

 private:
  bool holds(const T& value, const Context& context) const {
    const AmbientContext ambient(context);
    return done_->holds(value);
  }
  std::shared_ptr<const Step<T, T>> body_;
  std::shared_ptr<const Condition<T>> done_;
  int max_iterations_;
};

}  // namespace detail

/// Runs a step on what it gave before until that meets the condition:
/// `loop_until(improve, [](const std::string& text) { return text.size() > 100; })`. The step runs
/// at least once; after `max_iterations` without an end it throws LimitError. The condition must be
/// callable when const and from several threads.
template <class S, class F>
auto loop_until(const S& body, F done, int max_iterations = 25) {
  constexpr bool is_a_step = StepHandle<S>;
  static_assert(is_a_step, "lian: loop_until(step, condition) needs a step; write step(f)");
  if constexpr (!is_a_step) {
    return detail::broken();
  } else {
    using T = typename RunnableOf<S>::In;
    constexpr bool closes = std::is_same_v<T, typename RunnableOf<S>::Out>;
    static_assert(closes,
                  "lian: the step of loop_until must give what it takes, since it gets back "
                  "what it gave");
    constexpr bool fits = std::is_invocable_r_v<bool, const F&, const T&>;
    static_assert(fits,
                  "lian: the condition of loop_until must take what the step gives and give a "
                  "bool");
    if constexpr (closes && fits)
      return Runnable<T, T>(std::make_shared<detail::LoopStep<T>>(
          detail::runnable_of(body).step(),
          std::make_shared<const detail::FunctionCondition<T, F>>(std::move(done)),
          max_iterations));
    else
      return detail::broken();
  }
}

}  // namespace v0
}  // namespace lian

LIAN_COROUTINES_END
