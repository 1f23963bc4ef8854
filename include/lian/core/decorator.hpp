#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "lian/core/error_filter.hpp"
#include "lian/core/step.hpp"

namespace lian {
inline namespace v0 {
namespace detail {

/// Throws Error{config} unless it is at least 1.
LIAN_API void check_attempts(int attempts);

/// A step around another that looks like it from outside.
template <class In, class Out>
class Decorator : public Step<In, Out> {
 public:
  explicit Decorator(std::shared_ptr<const Step<In, Out>> inner) : inner_(std::move(inner)) {}
  bool streams() const noexcept override { return Pieces<In>::whole && inner_->streams(); }
  std::string name() const override { return inner_->name(); }
  StepKind kind() const noexcept override { return inner_->kind(); }
  bool is_sequence() const noexcept override { return true; }
  void describe(std::vector<StepInfo>& lines, int depth) const override {
    inner_->describe(lines, depth);
  }

 protected:
  std::shared_ptr<const Step<In, Out>> inner_;
};

}  // namespace detail
}  // namespace v0
}  // namespace lian
