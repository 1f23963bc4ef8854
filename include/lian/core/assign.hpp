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

namespace detail {
template <class Gives>
inline constexpr bool has_names = is_record<Gives>::value || std::is_same_v<Gives, Values>;
template <class Gives, class... Branches>
consteval bool assign_fits() {
  if constexpr (has_names<Gives>) return branches_fit<Gives, Branches...>();
  return true;
}
}  // namespace detail

/// The sentences of `assign`: behind a step that gives no record and no Values, and where a branch
/// does not take what that step gives.
template <class Gives, class... Branches>
struct assign_needs_names {
  static constexpr bool has_names = detail::has_names<Gives>;
  static_assert(has_names,
                "lian: assign adds names to a record or to Values, but the step before it gives "
                "something else (Gives); use parallel there");
  static constexpr bool fits = detail::assign_fits<Gives, Branches...>();
  static_assert(fits,
                "lian: a branch of assign does not take what the step before it gives (Gives)");
};

namespace detail {

// Values and the record of what was added to them.
template <class... Fields>
Values merged(Values base, const Record<Fields...>& added) {
  const Values more = added;
  for (const auto& entry : more) base.set(entry.name, entry.value);
  return base;
}
template <class... Records>
struct joined;
template <class... A>
struct joined<Record<A...>> {
  using type = Record<A...>;
};
template <class... A, class... B, class... Rest>
struct joined<Record<A...>, Record<B...>, Rest...> : joined<Record<A..., B...>, Rest...> {};

// A record of F, or of nothing where the added record has its name.
template <class F, class Added>
struct kept {
  static constexpr bool replaced = Added::template has<F::name>;
  using type = std::conditional_t<replaced, Record<>, Record<F>>;
};

template <class F, class... Out, class... From>
void move_field(Record<Out...>& out, Record<From...>& from) {
  std::get<field_index<F::name, Out...>()>(out.slots()) =
      std::move(std::get<field_index<F::name, From...>()>(from.slots()));
}
template <class F, class Out, class From, class Added>
void keep_field(Out& out, From& from, const Added&) {
  if constexpr (!kept<F, Added>::replaced) move_field<F>(out, from);
}
// The fields of both; of one name, the one that was added.
template <class... A, class... B>
auto merged(Record<A...> base, Record<B...> added) {
  typename joined<Record<>, typename kept<A, Record<B...>>::type..., Record<B...>>::type out;
  (keep_field<A>(out, base, added), ...);
  (move_field<B>(out, added), ...);
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
  using check = assign_needs_names<Gives, Branches...>;
  template <class Gives>
  static constexpr bool accepts =
      detail::has_names<Gives>&& detail::assign_fits<Gives, Branches...>();

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

/// Keeps its input, a record or Values, and adds named values computed from it; a name that the
/// input has gets the new value: `… | assign(key<"context"> = get_question | retriever)`.
template <class... Branches>
auto assign(Branches... branches) {
  constexpr bool named = (detail::is_branch<Branches>::value && ...);
  static_assert(named, "lian: every branch of assign has a name; write key<\"name\"> = step");
  if constexpr (!named) {
    return Assign<>();
  } else {
    constexpr bool names_differ = detail::names_differ<Branches...>;
    static_assert(names_differ, "lian: two branches of assign have one name; give each its own");
    return Assign<Branches...>(std::move(branches)...);
  }
}

}  // namespace v0
}  // namespace lian

LIAN_COROUTINES_END
