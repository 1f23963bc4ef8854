#pragma once

#include <optional>
#include <tuple>
#include <utility>
#include <vector>

#include "lian/core/coroutine_warnings.hpp"
#include "lian/core/group.hpp"

LIAN_COROUTINES_BEGIN

namespace lian {
inline namespace v0 {

/// Runs tasks side by side on the awaiting coroutine's loop and gives their results in order
/// (`detail::Unit` for void). The first error cancels the others, awaits them and is thrown; a task
/// that has not begun by then never does. Dropping the returned task ends all of them.
template <class... Ts>
Task<std::tuple<detail::NotVoid<Ts>...>> when_all(Task<Ts>... tasks) {
  detail::ChildScope child;
  detail::ScopeRef scope = co_await child;
  std::tuple<std::optional<detail::NotVoid<Ts>>...> results;
  detail::Group group(std::move(scope));
  std::apply(
      [&](auto&... result) {
        ((group.failed() ? void()
                         : group.start(detail::run_into(&group, std::move(tasks), &result))),
         ...);
      },
      results);
  co_await group.all();
  co_return std::apply(
      [](auto&... result) {
        return std::tuple<detail::NotVoid<Ts>...>(std::move(*result)...);
      },
      results);
}

/// As above for any number of tasks of one type.
template <class T>
Task<std::vector<detail::NotVoid<T>>> when_all(std::vector<Task<T>> tasks) {
  detail::ChildScope child;
  detail::ScopeRef scope = co_await child;
  std::vector<std::optional<detail::NotVoid<T>>> results(tasks.size());
  detail::Group group(std::move(scope));
  for (std::size_t i = 0; i < tasks.size() && !group.failed(); ++i)
    group.start(detail::run_into(&group, std::move(tasks[i]), &results[i]));
  co_await group.all();
  std::vector<detail::NotVoid<T>> out;
  out.reserve(results.size());
  for (auto& result : results) out.push_back(std::move(*result));
  co_return out;
}

}  // namespace v0
}  // namespace lian

LIAN_COROUTINES_END
