#include "model/stream_events.hpp"

#include <utility>

#include "lian/core/utf8.hpp"
#include "net/fetch.hpp"

namespace lian {
inline namespace v0 {

namespace {

// Small enough for the parsers' buffers to stay in the processor's cache.
constexpr std::size_t slice_bytes = std::size_t{16} << 10;

SseOptions sse_options(const ChatCodec& codec, const HttpLimits& limits) {
  SseOptions options;
  options.max_line_bytes = options.max_event_bytes = limits.max_event_bytes();
  options.other_lines = true;
  options.lenient_end = codec.lenient_end();
  return options;
}

}  // namespace

StreamEvents::StreamEvents(const ChatCodec& codec, const HttpLimits& limits)
    : framing_(codec.framing()),
      sse_(sse_options(codec, limits)),
      ndjson_(limits.max_event_bytes()),
      array_(limits.max_event_bytes()) {}

void StreamEvents::feed(std::string_view bytes) {
  bytes_ = bytes;
  if (framing_ != Framing::websocket) return;
  message_ = bytes;
  has_message_ = true;
  if (utf8::is_valid(bytes)) return;
  std::size_t sequences = 0;
  repaired_ = utf8::repair(bytes, &sequences);
  repaired_.reserve(repaired_.size() + parser_padding);
  message_ = repaired_;
  replacements_ += sequences;
}

void StreamEvents::end() noexcept {
  switch (framing_) {
    case Framing::sse:
      return sse_.end();
    case Framing::ndjson:
      return ndjson_.end();
    case Framing::json_array:
      return array_.end();
    case Framing::websocket:
      return;
  }
}

// A chunk is a message.
bool StreamEvents::take_message(StreamEvent& event) {
  event.data = message_;
  return std::exchange(has_message_, false);
}

bool StreamEvents::next(StreamEvent& event) {
  while (!take(event)) {
    if (bytes_.empty()) return false;
    const std::string_view slice = bytes_.substr(0, slice_bytes);
    bytes_.remove_prefix(slice.size());
    feed_parser(slice);
  }
  return true;
}

void StreamEvents::feed_parser(std::string_view slice) {
  switch (framing_) {
    case Framing::sse:
      return sse_.feed(slice);
    case Framing::ndjson:
      return ndjson_.feed(slice);
    case Framing::json_array:
      return array_.feed(slice);
    case Framing::websocket:
      return;
  }
}

bool StreamEvents::take(StreamEvent& event) {
  switch (framing_) {
    case Framing::sse:
      return take_sse(event);
    case Framing::ndjson:
      return ndjson_.next(event.data);
    case Framing::json_array:
      return take_item(event);
    case Framing::websocket:
      return take_message(event);
  }
  return false;
}

bool StreamEvents::take_sse(StreamEvent& event) {
  SseEvent sse;
  if (!sse_.next(sse)) return false;
  event.type = sse.type;
  event.data = sse.data;
  event.other = sse.other;
  return true;
}

bool StreamEvents::take_item(StreamEvent& event) {
  if (array_.next(event.data)) return true;
  if (!array_.closed() || array_end_told_) return false;
  array_end_told_ = true;
  event = StreamEvent("end", {});
  return true;
}

std::size_t StreamEvents::replacements() const noexcept {
  return sse_.replacements() + ndjson_.replacements() + array_.replacements() + replacements_;
}

}  // namespace v0
}  // namespace lian
