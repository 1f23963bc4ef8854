#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "lian/core/runnable.hpp"

namespace lian {
inline namespace v0 {

namespace detail {

template <class In, class Out>
class MapStep final : public Step<std::vector<In>, std::vector<Out>> {
 public:
  explicit MapStep(std::shared_ptr<const Step<In, Out>> each) : each_(std::move(each)) {}

  Task<std::vector<Out>> run(std::vector<In> in, Context context) const override {
    return batch_all(each_, std::move(in), std::move(context));
  }
  std::string name() const override { return "map"; }
  StepKind kind() const noexcept override { return StepKind::chain; }
  void describe(std::vector<StepInfo>& lines, int depth) const override {
    lines.emplace_back(name(), kind(), this->streams(), depth);
    each_->describe(lines, depth + 1);
  }

 private:
  std::shared_ptr<const Step<In, Out>> each_;
};

}  // namespace detail

template <class In, class Out>
Runnable<std::vector<In>, std::vector<Out>> Runnable<In, Out>::map() const {
  return Runnable<std::vector<In>, std::vector<Out>>(
      std::make_shared<detail::MapStep<In, Out>>(step_));
}

}  // namespace v0
}  // namespace lian
