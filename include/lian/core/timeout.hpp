#pragma once

#include <chrono>
#include <utility>

#include "lian/core/context.hpp"
#include "lian/core/coroutine_warnings.hpp"
#include "lian/core/task.hpp"

LIAN_COROUTINES_BEGIN

namespace lian {
inline namespace v0 {

/// Runs a task for at most `limit`: then everything it waits for is ended with Error{timeout},
/// which it may handle; what it does after that decides.
template <class T>
Task<T> with_timeout(Task<T> task, std::chrono::nanoseconds limit) {
  Context context = Context::root().with_timeout(limit);
  ContextScope::Enter enter(context);
  ContextScope scope = co_await enter;
  if constexpr (std::is_void_v<T>)
    co_await std::move(task);
  else
    co_return co_await std::move(task);
}

}  // namespace v0
}  // namespace lian

LIAN_COROUTINES_END
