#pragma once

#include <memory>

#include "lian/core/event.hpp"

namespace lian {
inline namespace v0 {

/// Settings of a ConsoleHandler; chained setters. Regular value.
class ConsoleOptions {
 public:
  ConsoleOptions() = default;
  /// Also inputs and outputs, cut to 200 characters. Default false: only names, times and errors.
  ConsoleOptions& contents(bool v) { return contents_ = v, *this; }
  /// Only warnings, retries and errors. Default false.
  ConsoleOptions& only_problems(bool v) { return only_problems_ = v, *this; }
  bool contents() const noexcept { return contents_; }
  bool only_problems() const noexcept { return only_problems_; }

 private:
  bool contents_ = false, only_problems_ = false;
};

/// Writes events to standard error, a line each, indented by nesting. Thread-safe. Credentials in
/// contents are removed.
class LIAN_API ConsoleHandler final : public Handler {
 public:
  explicit ConsoleHandler(ConsoleOptions options = ConsoleOptions());
  ~ConsoleHandler() override;
  void on_event(const Event& event) override;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace v0
}  // namespace lian
