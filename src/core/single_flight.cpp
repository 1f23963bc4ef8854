#include "lian/core/single_flight.hpp"

#include <map>
#include <mutex>

namespace lian {
inline namespace v0 {
namespace detail {

struct FlightTable::State {
  std::mutex mutex;
  std::map<std::string, std::weak_ptr<void>> flights;
};

FlightTable::FlightTable() : state_(std::make_unique<State>()) {}
FlightTable::~FlightTable() = default;

std::shared_ptr<void> FlightTable::enter(const std::string& key,
                                         Function<std::shared_ptr<void>()> make) {
  const std::lock_guard lock(state_->mutex);
  std::weak_ptr<void>& slot = state_->flights[key];
  if (auto flight = slot.lock()) return flight;
  auto flight = make();
  slot = flight;
  return flight;
}

void FlightTable::leave(const std::string& key, const std::shared_ptr<void>& entry) noexcept {
  const std::lock_guard lock(state_->mutex);
  const auto it = state_->flights.find(key);
  if (it != state_->flights.end() && it->second.lock() == entry) state_->flights.erase(it);
}

std::exception_ptr own_copy(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const Error& known) {
    return known.copy();
  } catch (...) {
    return std::current_exception();
  }
}

}  // namespace detail
}  // namespace v0
}  // namespace lian
