#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "lian/core/http_transport.hpp"
#include "model/codec.hpp"
#include "net/json_array.hpp"
#include "net/ndjson.hpp"
#include "net/sse.hpp"

namespace lian {
inline namespace v0 {

/// Cuts a streamed body into events, whatever the framing and the chunks. Not thread-safe.
class StreamEvents {
 public:
  StreamEvents(const ChatCodec& codec, const HttpLimits& limits);

  /// `bytes` must hold until `next` returns false. Of a WebSocket they are a message, with
  /// parser_padding bytes behind it that can be read.
  void feed(std::string_view bytes);
  /// The body ended as HTTP says.
  void end() noexcept;
  /// The next event; its views hold until the next call.
  bool next(StreamEvent& event);
  /// Invalid UTF-8 sequences that became U+FFFD.
  std::size_t replacements() const noexcept;

 private:
  void feed_parser(std::string_view slice);
  bool take(StreamEvent& event);
  bool take_sse(StreamEvent& event);
  bool take_item(StreamEvent& event);
  bool take_message(StreamEvent& event);

  Framing framing_;
  std::string_view bytes_;
  std::string_view message_;  // of a WebSocket
  std::string repaired_;      // the message, where it was not UTF-8
  bool has_message_ = false;
  std::size_t replacements_ = 0;  // invalid sequences in messages
  SseParser sse_;
  NdjsonParser ndjson_;
  JsonArrayParser array_;
  bool array_end_told_ = false;
};

}  // namespace v0
}  // namespace lian
