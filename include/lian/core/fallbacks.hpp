#pragma once

#include <exception>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "lian/core/coroutine_warnings.hpp"
#include "lian/core/decorator.hpp"
#include "lian/core/runnable.hpp"
#include "lian/core/values.hpp"

LIAN_COROUTINES_BEGIN

namespace lian {
inline namespace v0 {

/// Settings of `with_fallbacks`; chained setters. Regular value.
class LIAN_API FallbackOptions {
 public:
  FallbackOptions() = default;
  /// Which exceptions the next step is tried after. Default: all but cancelled.
  FallbackOptions& handle_if(ErrorFilter filter) { return filter_ = std::move(filter), *this; }
  template <class... E>
  FallbackOptions& exceptions_to_handle() {
    return handle_if(ErrorFilter::of<E...>());
  }
  /// Steps that take Values: what failed last is told to the next one as text under this name.
  FallbackOptions& exception_key(std::string v) { return key_ = std::move(v), *this; }

  const ErrorFilter& handle_if() const noexcept { return filter_; }
  const std::string& exception_key() const noexcept { return key_; }

 private:
  ErrorFilter filter_;
  std::string key_;
};

namespace detail {

/// The failures of one run with fallbacks. Lives no longer than its options.
class LIAN_API FallbackLoop {
 public:
  FallbackLoop(const FallbackOptions& options, Context context);
  FallbackLoop(const FallbackLoop&) = delete;
  FallbackLoop& operator=(const FallbackLoop&) = delete;
  ~FallbackLoop();

  /// To be called inside a catch block: rethrows what no fallback is for; `next` is empty behind
  /// the last step, which makes it throw the first failure.
  void failed(const std::string& step, const std::string& next);
  const std::string& last() const noexcept { return last_; }

 private:
  const FallbackOptions& options_;
  const Context context_;
  std::exception_ptr first_;
  std::string last_;
};

template <class In, class Out>
class FallbackStep final : public Decorator<In, Out> {
 public:
  using Inner = std::shared_ptr<const Step<In, Out>>;
  FallbackStep(Inner inner, std::vector<Inner> others, FallbackOptions options)
      : Decorator<In, Out>(std::move(inner)),
        others_(std::move(others)),
        options_(std::move(options)) {}

  Task<Out> run(In in, Context context) const override {
    FallbackLoop failures(options_, context);
    for (std::size_t i = 0;; ++i) {
      try {
        Task<Out> task = run_inner(at(i).get(), input(in, failures), context);
        co_return co_await std::move(task);
      } catch (...) {
        failures.failed(at(i)->name(), name_of(i + 1));
      }
    }
  }

  Stream<Piece<Out>> transform(Stream<Piece<In>> in, Context context) const override {
    Task<In> joining = join<In>(std::move(in));
    const In whole = co_await std::move(joining);
    FallbackLoop failures(options_, context);
    bool handed = false;
    for (std::size_t i = 0;; ++i) {
      try {
        Stream<Piece<Out>> pieces =
            transform_inner(*at(i), split_stream<In>(input(whole, failures)), context);
        while (Piece<Out>* piece = co_await pieces.next()) {
          handed = true;
          co_yield *piece;
        }
        co_return;
      } catch (...) {
        if (handed) throw;
        failures.failed(at(i)->name(), name_of(i + 1));
      }
    }
  }

  void describe(std::vector<StepInfo>& lines, int depth) const override {
    lines.emplace_back("with_fallbacks", StepKind::chain, this->streams(), depth);
    describe_branch(lines, *this->inner_, depth, "first");
    for (std::size_t i = 0; i < others_.size(); ++i)
      describe_branch(lines, *others_[i], depth, "fallback " + std::to_string(i + 1));
  }

 private:
  const Inner& at(std::size_t i) const { return i == 0 ? this->inner_ : others_[i - 1]; }
  std::string name_of(std::size_t i) const {
    return i <= others_.size() ? at(i)->name() : std::string();
  }
  In input(In in, const FallbackLoop& failures) const {
    if constexpr (std::is_same_v<In, Values>)
      if (!options_.exception_key().empty() && !failures.last().empty())
        in.set(options_.exception_key(), failures.last());
    return in;
  }
  std::vector<Inner> others_;
  FallbackOptions options_;
};

}  // namespace detail

template <class In, class Out>
Runnable<In, Out> Runnable<In, Out>::with_fallbacks(std::vector<Runnable> others) const {
  return with_fallbacks(std::move(others), FallbackOptions());
}

template <class In, class Out>
Runnable<In, Out> Runnable<In, Out>::with_fallbacks(std::vector<Runnable> others,
                                                    FallbackOptions options) const {
  if (!std::is_same_v<In, Values> && !options.exception_key().empty())
    throw Error(ErrorKind::config,
                "with_fallbacks: exception_key needs steps that take lian::Values");
  std::vector<std::shared_ptr<const Step<In, Out>>> steps;
  for (const Runnable& other : others) steps.push_back(other.step_);
  return Runnable(
      std::make_shared<detail::FallbackStep<In, Out>>(step_, std::move(steps), std::move(options)));
}

}  // namespace v0
}  // namespace lian

LIAN_COROUTINES_END
