#pragma once

#include <memory>
#include <stop_token>
#include <vector>

#include "lian/core/export.hpp"

namespace lian {
inline namespace v0 {

/// Turns signals into stop requests while it lives: `StopOn interrupt({SIGINT});` then
/// `Context().with_stop(interrupt.token())`. The first signal requests a stop; a second one of the
/// same kind meets the disposition that held before, which for Ctrl-C ends the program. `renew()`
/// arms it again for the next run. One at a time in a process: Error{config} otherwise.
class LIAN_API StopOn {
 public:
  explicit StopOn(std::vector<int> signals);
  ~StopOn();
  StopOn(const StopOn&) = delete;
  StopOn& operator=(const StopOn&) = delete;

  std::stop_token token() const noexcept;
  /// A fresh token; signals count anew.
  std::stop_token renew();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// `auto interrupt = lian::stop_on(SIGINT);`
template <class... Signals>
StopOn stop_on(Signals... signals) {
  return StopOn(std::vector<int>{signals...});
}

}  // namespace v0
}  // namespace lian
