#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "lian/core/event.hpp"
#include "lian/core/http.hpp"

namespace lian {
inline namespace v0 {
namespace testing {

/// One request and what came back, without credentials.
struct RecordedExchange {
  enum class End { open, whole, dropped, failed };
  RecordedExchange() = default;
  std::string method, url, body;
  HttpHeaders headers;
  bool websocket = false;

  int status = 0;  // 0: no reply came
  HttpHeaders reply_headers;
  std::vector<std::string> chunks;
  End end = End::open;
  ErrorKind error_kind = ErrorKind::network;
  std::string error;  // of End::failed
  std::size_t line = 0;
};

/// One event of a run. `turn`: its place among all that are ordered, from 1; 0: has none.
struct RecordedEvent {
  RecordedEvent() = default;
  EventType type = EventType::start;
  std::int64_t time_us = 0;
  std::size_t turn = 0;
  std::string detail;  // error: its kind; of those without a turn: what was told, as a digest
};

struct RecordedRun {
  RecordedRun() = default;
  RunId id = 0, parent = 0;
  StepKind kind = StepKind::chain;
  std::string name, input;  // input: a digest
  std::vector<RecordedEvent> events;
  std::vector<std::uint64_t> random;
};

struct RecordingData {
  std::deque<RecordedExchange> exchanges;  // in order of the requests
  std::deque<RecordedRun> runs;            // in order of their starts
};

/// 16 hexadecimal digits that depend on the text alone.
std::string digest_of(std::string_view text);
/// What an event without a turn tells, as a digest.
std::string digest_of(const Event& event);

RecordingData load_recording(const std::string& path);
void save_recording(const std::string& path, const RecordingData& data);

}  // namespace testing
}  // namespace v0
}  // namespace lian
