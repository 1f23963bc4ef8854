#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

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

  static std::unique_ptr<OpenAIReader> make(const OpenAIDialect& dialect);
  virtual ~OpenAIReader() = default;

  /// Reads `json`, which has 64 readable bytes behind its end; fills the first choice (or what
  /// stands beside the choices) into `first`, which must be clear, and queues the others. Throws
  /// ApiError for an error object, ParseError for anything that is not chat completions; a reply
  /// is checked to its last byte.
  virtual void read(std::string_view json, Kind kind, ChatPiece& first) = 0;
  /// The next queued choice of the last read.
  virtual bool next(ChatPiece& piece) = 0;

  /// Whether every choice seen has its finish reason.
  virtual bool all_finished() const noexcept = 0;
  /// Whether any choice was seen, and whether any tool call was begun.
  virtual bool any_choice() const noexcept = 0;
  virtual bool any_tool_call() const noexcept = 0;
};

}  // namespace v0
}  // namespace lian
