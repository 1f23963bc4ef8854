#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "lian/core/message.hpp"
#include "model/provider/json_reader.hpp"
#include "model/provider/openai_calls.hpp"

namespace lian {
inline namespace v0 {

/// Reads DashScope's outputs, whole replies and events alike, into pieces: one piece a choice. With
/// `cumulative` each event brings the whole of a choice so far, of which the new end is handed on.
/// In steady state an event of text allocates nothing. Not thread-safe.
class QwenReader {
 public:
  explicit QwenReader(bool cumulative) : json_("qwen"), cumulative_(cumulative) {}

  /// Reads `json`, which has 64 readable bytes behind its end; fills the first choice into `first`,
  /// which must be clear, and queues the others. False when it holds neither output nor, at a
  /// stream's end, usage. Throws ParseError.
  bool read(std::string_view json, ChatPiece& first);
  /// The next queued choice of the last read.
  bool next(ChatPiece& piece);
  /// How many choices have begun, and how many of them are finished.
  std::size_t begun() const noexcept { return choices_.size(); }
  std::size_t finished() const noexcept;

 private:
  struct Call {
    std::string arguments;  // handed on so far; kept only when cumulative
    bool any = false;
  };
  // What is known of a choice from earlier events.
  struct Choice {
    std::string text, reasoning;  // handed on so far; kept only when cumulative
    std::vector<Call> calls;
    bool finished = false;
  };

  void read_output(const JsonValue& output, ChatPiece& first);
  ChatPiece& piece_for(std::size_t index, ChatPiece& first);
  void read_choice(const JsonValue& choice, ChatPiece& piece);
  void read_message(const JsonValue& message, ChatPiece& piece);
  void read_content(const JsonValue& content, ChatPiece& piece);
  void read_call(const JsonValue& call, ChatPiece& piece);
  void read_usage(const JsonValue& usage, ChatPiece& piece);
  void settle(ChatPiece& piece);
  void settle_calls(ChatPiece& piece, Choice& choice);
  void keep_new(std::string& now, std::string& before, bool last) const;
  Choice& choice_of(int index);
  [[noreturn]] void fail(std::string_view why) const;

  JsonReader json_;
  bool cumulative_;
  std::string_view text_;
  bool has_output_ = false, has_usage_ = false;
  bool identified_ = false;           // the request's id has been handed on
  std::size_t count_ = 0, next_ = 0;  // choices of the event, and those taken of the queue
  std::vector<ChatPiece> queue_;
  std::vector<Choice> choices_;
  OpenAICalls calls_;
};

}  // namespace v0
}  // namespace lian
