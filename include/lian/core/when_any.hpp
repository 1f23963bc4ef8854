#pragma once

#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

#include "lian/core/coroutine_warnings.hpp"
#include "lian/core/group.hpp"

LIAN_COROUTINES_BEGIN

namespace lian {
inline namespace v0 {

/// Which task ended first, and its result.
template <class T>
struct First {
  First(std::size_t first_index, T first_value)
      : index(first_index), value(std::move(first_value)) {}
  std::size_t index;
  T value;
};

namespace detail {

template <class T>
struct Race {
  std::optional<First<T>> winner;
  std::exception_ptr error;
  bool over() const noexcept { return winner || error; }
};

// `group` and `race` live in the frame that owns the child. A loser's cancellation is no error.
template <class T>
GroupChild run_race(Group* group, Task<T> task, Race<NotVoid<T>>* race, std::size_t index) {
  try {
    if constexpr (std::is_void_v<T>) {
      co_await std::move(task);
      if (!race->over()) race->winner.emplace(index, Unit());
    } else {
      T value = co_await std::move(task);
      if (!race->over()) race->winner.emplace(index, std::move(value));
    }
  } catch (...) {
    if (!race->over()) race->error = std::current_exception();
  }
  group->cancel();
}

}  // namespace detail

/// Runs tasks side by side; the first that ends decides: its result is given, or its error thrown.
/// The others are cancelled and awaited first. Throws Error{config} when there is no task.
template <class T>
Task<First<detail::NotVoid<T>>> when_any(std::vector<Task<T>> tasks) {
  if (tasks.empty()) throw Error(ErrorKind::config, "when_any needs at least one task");
  detail::ChildScope child;
  detail::ScopeRef scope = co_await child;
  detail::Race<detail::NotVoid<T>> race;
  detail::Group group(std::move(scope));
  for (std::size_t i = 0; i < tasks.size() && !race.over(); ++i)
    group.start(detail::run_race(&group, std::move(tasks[i]), &race, i));
  co_await group.all();
  if (race.error) std::rethrow_exception(race.error);
  co_return std::move(*race.winner);
}

}  // namespace v0
}  // namespace lian

LIAN_COROUTINES_END
