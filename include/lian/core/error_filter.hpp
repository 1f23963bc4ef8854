#pragma once

#include <concepts>
#include <exception>
#include <memory>
#include <type_traits>
#include <utility>

#include "lian/core/error.hpp"
#include "lian/core/export.hpp"
#include "lian/core/function.hpp"

namespace lian {
inline namespace v0 {

/// Chooses among exceptions: made from a function, `bool(const std::exception&)`, callable when
/// const and from several threads, or from their types. Cheap to copy.
class LIAN_API ErrorFilter {
 public:
  using Accepts = Function<bool(const std::exception&) const>;

  ErrorFilter() = default;  ///< what its user says is the default
  template <class F>
    requires(!std::same_as<std::remove_cvref_t<F>, ErrorFilter> &&
             std::is_invocable_r_v<bool, const std::decay_t<F>&, const std::exception&>)
  ErrorFilter(F&& accepts) : accepts_(std::make_shared<const Accepts>(std::forward<F>(accepts))) {}
  /// Exceptions of these types and of those derived from them.
  template <class... E>
  static ErrorFilter of() {
    return ErrorFilter(
        [](const std::exception& e) { return ((dynamic_cast<const E*>(&e) != nullptr) || ...); });
  }

  explicit operator bool() const noexcept { return accepts_ != nullptr; }
  bool accepts(const std::exception& error) const { return (*accepts_)(error); }

 private:
  std::shared_ptr<const Accepts> accepts_;
};

}  // namespace v0
}  // namespace lian
