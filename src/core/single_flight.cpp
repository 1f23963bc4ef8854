#include "lian/core/single_flight.hpp"

#include <map>
#include <mutex>

namespace lian {
inline namespace v0 {
namespace detail {

struct FlightTable::State {
  std::mutex mutex;
  std::map<std::string, std::weak_ptr<void>> flights;
  std::size_t sweep_at = 64;  // flights that were dropped leave their key behind
};

FlightTable::FlightTable() : state_(std::make_unique<State>()) {}
FlightTable::~FlightTable() = default;

std::shared_ptr<void> FlightTable::enter(const std::string& key,
                                         Function<std::shared_ptr<void>()> make) {
  const std::lock_guard lock(state_->mutex);
  auto& flights = state_->flights;
  if (flights.size() >= state_->sweep_at) {
    std::erase_if(flights, [](const auto& flight) { return flight.second.expired(); });
    state_->sweep_at = 2 * flights.size() + 64;
  }
  std::weak_ptr<void>& slot = flights[key];
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
