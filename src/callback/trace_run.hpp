#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "lian/callback/trace_handler.hpp"

namespace lian {
inline namespace v0 {

/// A text of at most `limit` bytes: repaired, credentials removed, "…" in place of the rest.
std::string trace_text(std::string_view text, std::size_t limit);
/// "2026-01-31T23:59:59.000001Z"; `compact`: "20260131T235959000001Z".
std::string trace_time(std::int64_t time_us, bool compact = false);
std::string trace_id(RunId id);
/// The members of an event that belongs to a run or to none.
void append_event(std::string& out, const Event& event, const TraceOptions& options);

/// What a TraceHandler knows of one run.
class TraceRun {
 public:
  TraceRun(const Event& start, const TraceOptions& options);

  void piece(const Event& event, const TraceOptions& options);
  void note(const Event& event, const TraceOptions& options);
  void end(const Event& event, const TraceOptions& options);
  /// Appends the lines of this run and of those below it.
  void write(std::string& out, const std::string& trace, const std::string& order,
             const TraceOptions& options);

  RunId id, parent_id, root_id = 0;
  TraceRun* root = nullptr;
  std::size_t runs = 1, dropped = 0;  // of a root: in its tree
  std::vector<std::unique_ptr<TraceRun>> children;

 private:
  struct Note {
    std::int64_t time_us;
    std::string json;
  };
  void write_own(std::string& out, const std::string& trace, const std::string& order,
                 const TraceOptions& options);
  void write_pieces(std::string& out, const TraceOptions& options) const;

  std::int64_t start_us_, end_us_ = 0;
  std::string name_, kind_, inputs_, outputs_, error_, model_, tags_, metadata_;
  std::vector<std::string> pieces_;
  std::vector<Note> notes_;
  std::optional<Usage> usage_;
  std::size_t piece_count_ = 0, piece_bytes_ = 0, note_bytes_ = 0, notes_dropped_ = 0;
  std::size_t retries_ = 0, warnings_ = 0;
  bool has_input_ = false, has_output_ = false;
};

}  // namespace v0
}  // namespace lian
