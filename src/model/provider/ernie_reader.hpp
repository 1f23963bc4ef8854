#pragma once

#include <string>
#include <string_view>

#include "lian/core/message.hpp"
#include "model/provider/json_reader.hpp"

namespace lian {
inline namespace v0 {

/// Reads the JSON of Qianfan v1 replies, whole ones and the events of one stream alike, into
/// pieces. In steady state an event of text allocates nothing. Not thread-safe.
class ErnieReader {
 public:
  enum class Kind { event, reply };
  /// `json` has 64 readable bytes behind its end; `piece` must be clear. True when it holds
  /// something. Throws ApiError for an error, ParseError for anything else that is no reply.
  bool read(std::string_view json, Kind kind, ChatPiece& piece);
  /// Whether the event that ends the stream (`is_end`) was read.
  bool ended() const noexcept { return ended_; }

 private:
  void read_field(JsonKey key, JsonValue value, ChatPiece& piece);
  void read_call(JsonValue call, ChatPiece& piece);
  void append_arguments(std::string_view text, ToolCallPiece& call);
  void close(ChatPiece& piece);

  JsonReader reader_{"ernie"};
  std::string reason_, arguments_, scratch_;
  bool identified_ = false, dated_ = false, ended_ = false, called_ = false;
  bool truncated_ = false, clear_history_ = false;
  bool has_error_ = false, has_reply_ = false;  // of the event read last
};

}  // namespace v0
}  // namespace lian
