#pragma once

#include <memory>
#include <string>
#include <type_traits>
#include <utility>

#include "lian/core/coroutine_warnings.hpp"
#include "lian/core/pipe.hpp"

LIAN_COROUTINES_BEGIN

namespace lian {
inline namespace v0 {

namespace detail {

template <class F, class In, class Out>
class GeneratorStep final : public Step<In, Out> {
 public:
  GeneratorStep(F function, std::string name)
      : function_(std::move(function)), name_(std::move(name)) {}

  Task<Out> run(In in, Context context) const override {
    return join<Out>(transform(split_stream<In>(std::move(in)), std::move(context)));
  }
  Stream<Piece<Out>> transform(Stream<Piece<In>> in, Context context) const override {
    const AmbientContext ambient(context);
    if constexpr (std::is_invocable_v<const F&, Stream<Piece<In>>, Context>)
      return function_(std::move(in), context);
    else
      return function_(std::move(in));
  }
  bool streams() const noexcept override { return true; }
  std::string name() const override { return name_; }

 private:
  F function_;
  std::string name_;
};

}  // namespace detail

/// A coroutine from pieces to pieces as a step (LangChain's RunnableGenerator):
/// `generator<std::string, std::string>(upper)` with
/// `Stream<std::string> upper(Stream<std::string> pieces)`, or `…(pieces, Context)`. It must be
/// callable when const and from several threads.
template <class In, class Out, class F>
auto generator(F function, std::string name = "generator") {
  using Pieces = Stream<Piece<In>>;
  constexpr bool fits = std::is_invocable_r_v<Stream<Piece<Out>>, const F&, Pieces> ||
                        std::is_invocable_r_v<Stream<Piece<Out>>, const F&, Pieces, Context>;
  static_assert(
      fits,
      "lian: generator<In, Out>(f) needs a function from Stream<Piece<In>> to "
      "Stream<Piece<Out>>, called as f(pieces) or f(pieces, lian::Context), callable when "
      "const");
  if constexpr (fits)
    return Runnable<In, Out>(
        std::make_shared<detail::GeneratorStep<F, In, Out>>(std::move(function), std::move(name)));
  else
    return detail::broken();
}

}  // namespace v0
}  // namespace lian

LIAN_COROUTINES_END
