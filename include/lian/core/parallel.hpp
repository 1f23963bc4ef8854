#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "lian/core/channel.hpp"
#include "lian/core/coroutine_warnings.hpp"
#include "lian/core/group.hpp"
#include "lian/core/pipe.hpp"
#include "lian/core/record.hpp"

LIAN_COROUTINES_BEGIN

namespace lian {
inline namespace v0 {

/// A branch with its name; made by `key<"name"> = step`.
template <FixedString Name, class S>
struct Branch {
  using step_type = S;
  static constexpr const auto& name = Name;
  S step;
};

template <FixedString Name>
struct Key {
  /// A step, a function or a lambda under this name.
  template <class S>
  constexpr auto operator=(S&& step) const {
    return Branch<Name, std::decay_t<S>>{std::forward<S>(step)};
  }
};

/// Names a branch of `parallel` or `assign`: `key<"context"> = retriever`.
template <FixedString Name>
inline constexpr Key<Name> key{};

namespace detail {

inline constexpr std::size_t pieces_in_flight = 16;  // between branches that run at their own pace

// Copies pieces to the branches that still read. `readers` lives in the frame that owns the child.
template <class T>
GroupChild distribute(Group* group, Stream<T> in, std::vector<Channel<T>>* readers) {
  try {
    bool wanted = true;
    while (wanted) {
      T* piece = co_await in.next();
      if (!piece) break;
      wanted = false;
      for (Channel<T>& reader : *readers) {
        T copy = *piece;
        Task<bool> sending = reader.send(std::move(copy));
        const bool taken = co_await std::move(sending);
        wanted = wanted || taken;
      }
    }
  } catch (...) {
    group->fail(std::current_exception());
  }
  for (Channel<T>& reader : *readers) reader.close();
}

// Puts a branch's pieces under its name into the common stream; the last branch closes it.
template <std::size_t I, class P, class T, class Reader>
GroupChild pump(Group* group, Stream<T> pieces, Channel<P> out, std::size_t* open,
                Channel<Reader> reader) {
  try {
    while (T* piece = co_await pieces.next()) {
      P named;
      std::get<I>(named.slots()).emplace(std::move(*piece));
      Task<bool> sending = out.send(std::move(named));
      co_await std::move(sending);
    }
  } catch (...) {
    group->fail(std::current_exception());
  }
  reader.close();  // a branch that needs no more does not hold up the others
  if (--*open == 0) out.close();
}

template <class In, class... Fields>
class ParallelStep final : public Step<In, Record<Fields...>> {
 public:
  using Out = Record<Fields...>;
  using Part = RecordPiece<Fields...>;
  using Branches = std::tuple<std::shared_ptr<const Step<In, typename Fields::type>>...>;
  explicit ParallelStep(Branches branches) : branches_(std::move(branches)) {}

  Task<Out> run(In in, Context context) const override {
    ChildScope child;
    ScopeRef scope = co_await child;
    Out record;
    Group group(std::move(scope));
    start_all(group, record, in, context, std::index_sequence_for<Fields...>());
    co_await group.all();
    co_return record;
  }

  Stream<Part> transform(Stream<Piece<In>> in, Context context) const override {
    ChildScope child;
    ScopeRef scope = co_await child;
    std::vector<Channel<Piece<In>>> readers;
    for (std::size_t i = 0; i < sizeof...(Fields); ++i) readers.emplace_back(pieces_in_flight);
    Channel<Part> merged(pieces_in_flight);
    std::size_t open = sizeof...(Fields);
    Group group(std::move(scope));
    stream_all(group, merged, readers, open, context, std::index_sequence_for<Fields...>());
    group.start(distribute(&group, std::move(in), &readers));
    Stream<Part> pieces = read_channel(merged);
    while (Part* piece = co_await pieces.next()) co_yield *piece;
    co_await group.all();
  }
  bool streams() const noexcept override { return true; }
  std::string name() const override { return "parallel"; }
  StepKind kind() const noexcept override { return StepKind::chain; }
  void describe(std::vector<StepInfo>& lines, int depth) const override {
    lines.emplace_back(name(), kind(), streams(), depth);
    describe_all(lines, depth, std::index_sequence_for<Fields...>());
  }

 private:
  template <std::size_t... I>
  void start_all(Group& group, Out& record, const In& in, const Context& context,
                 std::index_sequence<I...>) const {
    (group.start(run_into(&group, run_inner(std::get<I>(branches_).get(), In(in), context),
                          &std::get<I>(record.slots()))),
     ...);
  }
  template <std::size_t... I>
  void stream_all(Group& group, const Channel<Part>& merged,
                  std::vector<Channel<Piece<In>>>& readers, std::size_t& open,
                  const Context& context, std::index_sequence<I...>) const {
    (group.start(pump<I>(
         &group, transform_inner(*std::get<I>(branches_), read_channel(readers[I]), context),
         merged, &open, readers[I])),
     ...);
  }
  template <std::size_t... I>
  void describe_all(std::vector<StepInfo>& lines, int depth, std::index_sequence<I...>) const {
    (describe_branch(lines, *std::get<I>(branches_), depth, std::string(Fields::name.view())), ...);
  }
  Branches branches_;
};

// Converts the common input to what one branch takes.
template <class In>
struct Same {
  In operator()(In in) const { return in; }
};

// A branch as a step that takes In: functions are wrapped, other inputs converted.
template <class In, class S>
auto branch_step(const S& step) {
  if constexpr (StepHandle<S>) {
    using Own = RunnableOf<S>;
    if constexpr (std::is_same_v<typename Own::In, In>) {
      return Own(runnable_of(step)).step();
    } else {
      return (wrap<In>(Same<In>()) | runnable_of(step)).step();
    }
  } else if constexpr (StepMaker<S>) {
    return step.template after<In>().step();
  } else {
    return wrap<In>(step).step();
  }
}

template <class S>
struct step_input {
  using type = void;
};
template <StepHandle S>
struct step_input<S> {
  using type = typename RunnableOf<S>::In;
};
template <class... S>
struct first_input {
  using type = void;
};
template <class S, class... Rest>
struct first_input<S, Rest...> {
  using own = typename step_input<S>::type;
  using type = typename std::conditional_t<std::is_void_v<own>, first_input<Rest...>,
                                           std::type_identity<own>>::type;
};

template <class In, class Out>
Out step_output(const std::shared_ptr<const Step<In, Out>>&);

template <class B>
struct is_branch : std::false_type {};
template <FixedString Name, class S>
struct is_branch<Branch<Name, S>> : std::true_type {};

template <class B, class... All>
inline constexpr bool name_is_single = (int{same_text<B::name, All::name>()} + ... + 0) == 1;
template <class... Branches>
inline constexpr bool names_differ = (name_is_single<Branches, Branches...> && ...);

// Whether a branch can be made a step that takes In.
template <class In, class S>
consteval bool branch_fits() {
  if constexpr (StepHandle<S>)
    return std::is_convertible_v<In, typename RunnableOf<S>::In>;
  else if constexpr (StepMaker<S>)
    return S::template accepts<In>;
  else
    return makes_step<S, In>;
}
template <class In, class... Branches>
consteval bool branches_fit() {
  if constexpr (std::is_void_v<In>)
    return false;
  else
    return (branch_fits<In, typename Branches::step_type>() && ...);
}

template <class In, FixedString... Names, class... S>
auto make_parallel(const Branch<Names, S>&... branches) {
  auto steps = std::make_tuple(branch_step<In>(branches.step)...);
  using Out =
      ParallelStep<In, Field<Names, decltype(step_output(branch_step<In>(branches.step)))>...>;
  return Runnable<In, typename Out::Out>(std::make_shared<Out>(std::move(steps)));
}

}  // namespace detail

/// Runs its branches side by side on copies of one input and gives a Record of their results:
/// `parallel(key<"context"> = retriever, key<"question"> = passthrough<std::string>())`. What it
/// takes is what the first branch that is a step takes; `parallel<In>(…)` says it outright.
/// Streams: pieces come under their names as they come; the input is shared through bounded
/// buffers. The first error cancels the other branches.
template <class In = void, class... Branches>
auto parallel(Branches... branches) {
  constexpr bool named = (detail::is_branch<Branches>::value && ...);
  static_assert(named, "lian: every branch of parallel has a name; write key<\"name\"> = step");
  if constexpr (!named) {
    return detail::broken();
  } else {
    constexpr bool names_differ = detail::names_differ<Branches...>;
    static_assert(names_differ, "lian: two branches of parallel have one name; give each its own");
    using First = typename detail::first_input<typename Branches::step_type...>::type;
    using Taken = std::conditional_t<std::is_void_v<In>, First, In>;
    static_assert(!std::is_void_v<Taken>,
                  "lian: parallel cannot tell what its branches take, since none of them is a "
                  "step; write parallel<In>(…)");
    constexpr bool fits = std::is_void_v<Taken> || detail::branches_fit<Taken, Branches...>();
    static_assert(fits,
                  "lian: a branch of parallel does not take the common input, which is what its "
                  "first step takes; parallel<In>(…) says it outright");
    if constexpr (names_differ && fits && !std::is_void_v<Taken>)
      return detail::make_parallel<Taken>(branches...);
    else
      return detail::broken();
  }
}

}  // namespace v0
}  // namespace lian

LIAN_COROUTINES_END
