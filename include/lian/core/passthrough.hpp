#pragma once

#include <memory>
#include <utility>

#include "lian/core/coroutine_warnings.hpp"
#include "lian/core/pipe.hpp"

LIAN_COROUTINES_BEGIN

namespace lian {
inline namespace v0 {

namespace detail {
template <class T>
class PassthroughStep final : public Step<T, T> {
 public:
  Task<T> run(T in, Context) const override { co_return in; }
  Stream<Piece<T>> transform(Stream<Piece<T>> in, Context) const override { return in; }
  bool streams() const noexcept override { return true; }
  std::string name() const override { return "passthrough"; }
};
}  // namespace detail

/// Gives what it gets, piece by piece.
template <class T>
Runnable<T, T> passthrough() {
  return Runnable<T, T>(std::make_shared<detail::PassthroughStep<T>>());
}

}  // namespace v0
}  // namespace lian

LIAN_COROUTINES_END
