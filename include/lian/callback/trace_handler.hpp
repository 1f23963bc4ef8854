#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "lian/core/event.hpp"

namespace lian {
inline namespace v0 {

/// Settings of a TraceHandler; chained setters. Regular value.
class LIAN_API TraceOptions {
 public:
  TraceOptions() = default;
  /// Inputs, outputs, pieces, messages of events and error messages too. Default true; false leaves
  /// names, times, tags, metadata, token counts and kinds of errors.
  TraceOptions& contents(bool v) { return contents_ = v, *this; }
  /// Of each input, output, message, and of all pieces of a run together; the rest is cut off and
  /// "…" stands for it. Default 64 KiB.
  TraceOptions& max_field_bytes(std::size_t v) { return max_field_bytes_ = v, *this; }
  /// Runs kept of one root; of those beyond only their number is written. Default 10,000.
  TraceOptions& max_runs(std::size_t v) { return max_runs_ = v, *this; }

  bool contents() const noexcept { return contents_; }
  std::size_t max_field_bytes() const noexcept { return max_field_bytes_; }
  std::size_t max_runs() const noexcept { return max_runs_; }

 private:
  bool contents_ = true;
  std::size_t max_field_bytes_ = std::size_t{64} << 10, max_runs_ = 10'000;
};

/// Appends every run to a file of JSON Lines (LangChain's tracer, with a file in place of a
/// service). When a root run ends, its tree is written at once, a line a run, depth first, siblings
/// in call order, and forgotten. A line: id, parent_id, trace_id (of the root), dotted_order, name,
/// kind, start, end (UTC), inputs, outputs, error {kind, message}, piece_count and pieces, events
/// (retry, warning, custom, agent_action), retries, warnings, model, usage, tags, metadata; what is
/// empty is left out. What is told outside of any run is a line of its own with "event".
/// Credentials are removed. Thread-safe; a file that cannot be written to becomes a warning event,
/// and the tree is lost.
class LIAN_API TraceHandler final : public Handler {
 public:
  /// Opens the file for appending, readable by its owner alone. Throws Error{storage}.
  explicit TraceHandler(const std::string& path, TraceOptions options = TraceOptions());
  ~TraceHandler() override;
  void on_event(const Event& event) override;
  /// Runs in memory: those whose root has not ended.
  std::size_t open_runs() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace v0
}  // namespace lian
