#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "lian/core/coroutine_warnings.hpp"
#include "lian/core/decorator.hpp"
#include "lian/core/runnable.hpp"

LIAN_COROUTINES_BEGIN

namespace lian {
inline namespace v0 {

/// What `with_config` binds to a step (LangChain's RunnableConfig); chained setters. Regular value.
class LIAN_API RunnableConfig {
 public:
  RunnableConfig() = default;
  /// The name of the step's run in events; not inherited by steps below.
  RunnableConfig& run_name(std::string v) { return run_name_ = std::move(v), *this; }
  /// Added to the tags of the call, each once.
  RunnableConfig& tags(std::vector<std::string> v) { return tags_ = std::move(v), *this; }
  /// Added to the metadata of the call, whose own values of the same name win.
  RunnableConfig& metadata(Values v) { return metadata_ = std::move(v), *this; }
  /// See the events of the step and of everything below it, beside the handlers of the call.
  RunnableConfig& callbacks(std::vector<std::shared_ptr<Handler>> v) {
    return callbacks_ = std::move(v), *this;
  }
  /// How many runs `batch`, `map` and the like keep going at once inside the step.
  RunnableConfig& max_concurrency(int v) { return max_concurrency_ = v, *this; }

  const std::string& run_name() const noexcept { return run_name_; }
  /// The context of a call with this in it. Throws Error{config} for a null handler and for a
  /// concurrency below 1.
  Context apply(Context context) const;

 private:
  std::string run_name_;
  std::vector<std::string> tags_;
  Values metadata_;
  std::vector<std::shared_ptr<Handler>> callbacks_;
  std::optional<int> max_concurrency_;
};

namespace detail {

template <class In, class Out>
class ConfigStep final : public Decorator<In, Out> {
 public:
  ConfigStep(std::shared_ptr<const Step<In, Out>> inner, RunnableConfig config)
      : Decorator<In, Out>(std::move(inner)), config_(std::move(config)) {}

  Task<Out> run(In in, Context context) const override {
    Context configured = config_.apply(std::move(context));
    if (!named(configured))
      return run_inner(this->inner_.get(), std::move(in), std::move(configured));
    return run_named(this->inner_.get(), name(), std::move(in), std::move(configured));
  }
  Stream<Piece<Out>> transform(Stream<Piece<In>> in, Context context) const override {
    Context configured = config_.apply(std::move(context));
    if (!named(configured))
      return transform_inner(*this->inner_, std::move(in), std::move(configured));
    configured.check();
    return labelled(
        *this->inner_,
        observed_transform(this->inner_.get(), name(), std::move(in), std::move(configured)),
        false);
  }
  bool streams() const noexcept override { return this->inner_->streams(); }
  std::string name() const override {
    return config_.run_name().empty() ? this->inner_->name() : config_.run_name();
  }
  StepKind kind() const noexcept override { return StepKind::function; }  // opens its run itself

 private:
  static Task<Out> run_named(const Step<In, Out>* inner, std::string name, In in, Context context) {
    context.check();
    try {
      Task<Out> task = observed_run(inner, std::move(name), std::move(in), std::move(context));
      co_return co_await std::move(task);
    } catch (Error& error) {
      name_error(error, *inner);
      throw;
    }
  }
  bool named(const Context& context) const {
    return context.observed() && (!config_.run_name().empty() || opens_run(*this->inner_));
  }
  RunnableConfig config_;
};

template <class In, class Out>
class TimeoutStep final : public Decorator<In, Out> {
 public:
  TimeoutStep(std::shared_ptr<const Step<In, Out>> inner, std::chrono::nanoseconds limit)
      : Decorator<In, Out>(std::move(inner)), limit_(limit) {}

  Task<Out> run(In in, Context context) const override {
    Context timed = context.with_timeout(limit_);
    ContextScope::Enter enter(timed);
    ContextScope scope = co_await enter;
    Task<Out> task = run_inner(this->inner_.get(), std::move(in), timed);
    co_return co_await std::move(task);
  }
  Stream<Piece<Out>> transform(Stream<Piece<In>> in, Context context) const override {
    Context timed = context.with_timeout(limit_);
    ContextScope::Enter enter(timed);
    ContextScope scope = co_await enter;
    Stream<Piece<Out>> pieces = transform_inner(*this->inner_, std::move(in), timed);
    while (Piece<Out>* piece = co_await pieces.next()) co_yield *piece;
  }
  bool streams() const noexcept override { return this->inner_->streams(); }

 private:
  std::chrono::nanoseconds limit_;
};

}  // namespace detail

template <class In, class Out>
Runnable<In, Out> Runnable<In, Out>::with_config(RunnableConfig config) const {
  static_cast<void>(config.apply(Context::root()));  // says now what is wrong with it
  return Runnable(std::make_shared<detail::ConfigStep<In, Out>>(step_, std::move(config)));
}

template <class In, class Out>
Runnable<In, Out> Runnable<In, Out>::with_timeout(std::chrono::nanoseconds limit) const {
  return Runnable(std::make_shared<detail::TimeoutStep<In, Out>>(step_, limit));
}

}  // namespace v0
}  // namespace lian

LIAN_COROUTINES_END
