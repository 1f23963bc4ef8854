#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "lian/core/coroutine_warnings.hpp"
#include "lian/core/pipe.hpp"

LIAN_COROUTINES_BEGIN

namespace lian {
inline namespace v0 {

/// What a router takes: the name of the way and what goes there. Regular value where In is.
template <class In>
struct RouterInput {
  RouterInput() = default;
  RouterInput(std::string key_in, In input_in)
      : key(std::move(key_in)), input(std::move(input_in)) {}
  std::string key;
  In input;
};

/// One way of a `router`; made by `route("name", step)`.
template <class In, class Out>
struct Route {
  Route(std::string name_in, Runnable<In, Out> step_in)
      : name(std::move(name_in)), step(std::move(step_in)) {}
  std::string name;
  Runnable<In, Out> step;
};

/// A named way of a `router`. A function may stand for the step, as in `step(f)`.
template <class S>
auto route(std::string name, const S& then) {
  if constexpr (StepHandle<S>) {
    using Own = RunnableOf<S>;
    return Route<typename Own::In, typename Own::Out>(std::move(name), detail::runnable_of(then));
  } else {
    constexpr bool is_a_step = detail::deduces_step<S>;
    static_assert(is_a_step,
                  "lian: route(name, step) needs a step, or a function that says what it takes");
    if constexpr (is_a_step)
      return route(std::move(name), step(then));
    else
      return Route<detail::Broken, detail::Broken>(std::move(name), detail::broken());
  }
}

namespace detail {

/// Throws Error{config} for a name that is empty or used before.
LIAN_API void check_route(const std::vector<std::string_view>& names);
/// Throws Error{invalid_request} that tells the names there are.
[[noreturn]] LIAN_API void throw_no_route(std::string_view key,
                                          const std::vector<std::string_view>& names);

template <class In, class Out>
class RouterStep final : public Step<RouterInput<In>, Out> {
 public:
  explicit RouterStep(std::vector<Route<In, Out>> routes) : routes_(std::move(routes)) {
    check_route(names());
  }

  Task<Out> run(RouterInput<In> in, Context context) const override {
    const Step<In, Out>& step = choose(in.key);
    return run_inner(&step, std::move(in.input), std::move(context));
  }
  Stream<Piece<Out>> transform(Stream<RouterInput<In>> in, Context context) const override {
    Task<RouterInput<In>> joining = join<RouterInput<In>>(std::move(in));
    RouterInput<In> whole = co_await std::move(joining);
    Stream<Piece<Out>> pieces = transform_inner(
        choose(whole.key), split_stream<In>(std::move(whole.input)), std::move(context));
    while (Piece<Out>* piece = co_await pieces.next()) co_yield *piece;
  }
  bool streams() const noexcept override {
    for (const auto& route : routes_)
      if (!route.step.step()->streams()) return false;
    return true;
  }
  std::string name() const override { return "router"; }
  StepKind kind() const noexcept override { return StepKind::chain; }
  void describe(std::vector<StepInfo>& lines, int depth) const override {
    lines.emplace_back(name(), kind(), streams(), depth);
    for (const auto& route : routes_) describe_branch(lines, *route.step.step(), depth, route.name);
  }

 private:
  std::vector<std::string_view> names() const {
    std::vector<std::string_view> names;
    for (const auto& route : routes_) names.push_back(route.name);
    return names;
  }
  const Step<In, Out>& choose(const std::string& key) const {
    for (const auto& route : routes_)
      if (route.name == key) return *route.step.step();
    throw_no_route(key, names());
  }
  std::vector<Route<In, Out>> routes_;
};

}  // namespace detail

/// Sends its input the way that the input names (LangChain's RouterRunnable):
/// `router(route("math", a), route("history", b))` takes a `RouterInput`. A name that no way has is
/// Error{invalid_request}; a name used twice is Error{config} when the router is made.
template <class In, class Out, class... More>
auto router(Route<In, Out> first, More... rest) {
  constexpr bool agree = (std::is_same_v<Route<In, Out>, More> && ...);
  static_assert(agree,
                "lian: the ways of a router must all be route(name, step) of the same types "
                "(In, Out)");
  if constexpr (!agree || std::is_same_v<In, detail::Broken>) {
    return detail::broken();
  } else {
    std::vector<Route<In, Out>> routes;
    routes.reserve(1 + sizeof...(More));
    routes.push_back(std::move(first));
    (routes.push_back(std::move(rest)), ...);
    return Runnable<RouterInput<In>, Out>(
        std::make_shared<detail::RouterStep<In, Out>>(std::move(routes)));
  }
}

}  // namespace v0
}  // namespace lian

LIAN_COROUTINES_END
