#pragma once

#include <simdjson.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "lian/core/message.hpp"
#include "model/provider/openai.hpp"

namespace lian {
inline namespace v0 {

/// Reads the JSON of chat completions, whole replies and stream chunks alike, into pieces: one
/// piece a choice. Keeps what a stream's later chunks need to know of earlier ones. In steady state
/// a chunk of text allocates nothing. Not thread-safe.
class OpenAIReader {
 public:
  enum class Kind { chunk, reply };

  explicit OpenAIReader(const OpenAIDialect& dialect) : dialect_(dialect) {}

  /// Reads `json`, which has 64 readable bytes behind its end; fills the first choice (or what
  /// stands beside the choices) into `first`, which must be clear, and queues the others. Throws
  /// ApiError for an error object, ParseError for anything that is not chat completions; a reply
  /// is checked to its last byte.
  void read(std::string_view json, Kind kind, ChatPiece& first);
  /// The next queued choice of the last read.
  bool next(ChatPiece& piece);
  /// Choices the last read had.
  std::size_t choices() const noexcept { return choice_count_; }

  /// Whether every choice seen has its finish reason, and whether any tool call was begun.
  bool all_finished() const noexcept;
  bool any_choice() const noexcept { return !finished_.empty(); }
  bool any_tool_call() const noexcept { return !calls_.empty(); }

 private:
  using Value = simdjson::ondemand::value;
  using Object = simdjson::ondemand::object;
  // A tool call begun: the wire's index may be missing or repeated, `index` is lian's own.
  struct Call {
    int choice, wire_index, index;
    std::string id;
    bool named;
  };

  void read_top(Object top, ChatPiece& first);
  void read_identity(const char* key, Value value, ChatPiece& first);
  void read_choices(Value value, ChatPiece& first);
  void read_choice(Object choice, ChatPiece& piece);
  void read_message(Object message, ChatPiece& piece);
  void read_content(Value value, ChatPiece& piece);
  void read_part(Object part, ChatPiece& piece);
  void read_calls(Value value, ChatPiece& piece);
  void read_call(Object call, ToolCallPiece& out);
  void read_function(Value value, ToolCallPiece& out);
  void read_logprobs(Value value, ChatPiece& piece);
  void read_logprob(Object object, TokenLogprob& out);
  void read_usage(Value value, ChatPiece& piece);
  void settle_call(ToolCallPiece& piece, int choice);
  Call* find_call(const ToolCallPiece& piece, int choice);
  void note_choice(const ChatPiece& piece);
  ToolCallPiece& add_call(ChatPiece& piece);
  void append_string(Value value, std::string& out);
  void assign_string(Value value, std::string& out);
  Json whole_value(Value value);
  void skip(Value value);

  OpenAIDialect dialect_;
  simdjson::ondemand::parser parser_;
  Kind kind_ = Kind::chunk;
  bool identified_ = false;  // an id has been handed on
  bool has_choices_ = false, has_usage_ = false, has_error_ = false;
  std::size_t choice_count_ = 0, next_ = 0, used_calls_ = 0;
  std::vector<ChatPiece> queue_;
  std::vector<bool> finished_;  // by choice
  std::vector<Call> calls_;
  std::string scratch_;
};

}  // namespace v0
}  // namespace lian
