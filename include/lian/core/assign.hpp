#pragma once

#include <tuple>
#include <type_traits>
#include <utility>

#include "lian/core/coroutine_warnings.hpp"
#include "lian/core/parallel.hpp"
#include "lian/core/passthrough.hpp"

LIAN_COROUTINES_BEGIN

namespace lian {
inline namespace v0 {

/// The sentence of `assign` behind a step that gives no record and no Values.
template <class Gives>
struct assign_needs_names {
  static constexpr bool has_names =
      detail::is_record<Gives>::value || std::is_same_v<Gives, Values>;
  static_assert(has_names,
                "lian: assign adds names to a record or to Values, but the step before it gives "
                "something else (Gives); use parallel there");
};

namespace detail {

// Values and the record of what was added to them.
template <class... Fields>
Values merged(Values base, const Record<Fields...>& added) {
  const Values more = added;
  for (const auto& entry : more) base.set(entry.name, entry.value);
  return base;
}
template <class... A, class... B>
Record<A..., B...> merged(Record<A...> base, Record<B...> added) {
  Record<A..., B...> out;
  out.slots() = std::tuple_cat(std::move(base.slots()), std::move(added.slots()));
  return out;
}

template <class Gives, class Added>
using Merged = decltype(merged(std::declval<Gives>(), std::declval<Added>()));

template <class Gives, class Added>
class AssignStep final : public Step<Gives, Merged<Gives, Added>> {
 public:
  using Out = Merged<Gives, Added>;
  explicit AssignStep(Runnable<Gives, Added> added) : added_(added.step()) {}

  Task<Out> run(Gives in, Context context) const override {
    Task<Added> task = added_->run(in, std::move(context));
    Added added = co_await std::move(task);
    co_return merged(std::move(in), std::move(added));
  }
  std::string name() const override { return "assign"; }
  StepKind kind() const noexcept override { return StepKind::chain; }
  void describe(std::vector<StepInfo>& lines, int depth) const override {
    lines.emplace_back(name(), kind(), this->streams(), depth);
    added_->describe(lines, depth + 1);
  }

 private:
  std::shared_ptr<const Step<Gives, Added>> added_;
};

}  // namespace detail

/// What `assign(…)` gives: takes its input type from the step before it.
template <class... Branches>
class Assign {
 public:
  using step_maker = void;
  explicit Assign(Branches... branches) : branches_(std::move(branches)...) {}

  template <class Gives>
  using check = assign_needs_names<Gives>;
  template <class Gives>
  static constexpr bool accepts =
      detail::is_record<Gives>::value || std::is_same_v<Gives, Values>;

  template <class Gives>
  auto after() const {
    auto added = std::apply(
        [](const Branches&... branches) { return detail::make_parallel<Gives>(branches...); },
        branches_);
    using Added = typename decltype(added)::Out;
    using AddStep = detail::AssignStep<Gives, Added>;
    return Runnable<Gives, typename AddStep::Out>(std::make_shared<AddStep>(std::move(added)));
  }
  auto first() const { return after<Values>(); }

 private:
  std::tuple<Branches...> branches_;
};

/// Keeps its input, a record or Values, and adds named values computed from it:
/// `… | assign(key<"context"> = get_question | retriever)`.
template <FixedString... Names, class... S>
Assign<Branch<Names, S>...> assign(Branch<Names, S>... branches) {
  return Assign<Branch<Names, S>...>(std::move(branches)...);
}

}  // namespace v0
}  // namespace lian

LIAN_COROUTINES_END
