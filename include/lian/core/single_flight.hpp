#pragma once

#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "lian/core/coroutine_warnings.hpp"
#include "lian/core/function.hpp"
#include "lian/core/group.hpp"
#include "lian/core/semaphore.hpp"
#include "lian/core/task.hpp"

LIAN_COROUTINES_BEGIN

namespace lian {
inline namespace v0 {

namespace detail {

/// Runs in flight by key; thread-safe.
class LIAN_API FlightTable {
 public:
  FlightTable();
  ~FlightTable();
  /// The entry of that key, made when there is none.
  std::shared_ptr<void> enter(const std::string& key, Function<std::shared_ptr<void>()> make);
  /// Forgets the entry, if it is still this one.
  void leave(const std::string& key, const std::shared_ptr<void>& entry) noexcept;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// The error as this waiter's own object.
LIAN_API std::exception_ptr own_copy(const std::exception_ptr& error);

}  // namespace detail

/// Callers that ask for the same key at the same time share one run: the first runs, the others get
/// its result or its error. When the first is dropped, cancelled or out of time, the next one runs.
/// Results are not kept. Handles share one table; thread-safe. V must be copyable.
template <class V>
class SingleFlight {
 public:
  SingleFlight() : table_(std::make_shared<detail::FlightTable>()) {}

  [[nodiscard]] Task<V> run(std::string key, Function<Task<V>()> make) const {
    return fly(table_, std::move(key), std::move(make));
  }

 private:
  struct Flight {
    Semaphore turn{1};
    std::optional<V> value;
    std::exception_ptr error;
  };

  static std::shared_ptr<void> new_flight() { return std::make_shared<Flight>(); }

  static Task<V> fly(std::shared_ptr<detail::FlightTable> table, std::string key,
                     Function<Task<V>()> make) {
    const std::shared_ptr<void> entry = table->enter(key, &new_flight);
    const auto flight = std::static_pointer_cast<Flight>(entry);
    Semaphore::Acquire acquire = flight->turn.acquire();
    Semaphore::Permit permit = co_await acquire;
    if (flight->value) co_return *flight->value;
    if (flight->error) std::rethrow_exception(detail::own_copy(flight->error));
    detail::ChildScope child;
    const detail::ScopeRef scope = co_await child;
    try {
      Task<V> task = make();
      V value = co_await std::move(task);
      flight->value = value;
      table->leave(key, entry);
      co_return value;
    } catch (const Error& error) {
      if (!scope->cancelled() && error.kind() != ErrorKind::cancelled) {
        flight->error = error.copy();
        table->leave(key, entry);
      }
      throw;
    } catch (...) {
      flight->error = std::current_exception();
      table->leave(key, entry);
      throw;
    }
  }

  std::shared_ptr<detail::FlightTable> table_;
};

}  // namespace v0
}  // namespace lian

LIAN_COROUTINES_END
