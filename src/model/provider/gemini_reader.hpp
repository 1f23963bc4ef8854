#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lian/core/message.hpp"
#include "model/provider/json_reader.hpp"
#include "model/provider/repeated_fields.hpp"

namespace lian {
inline namespace v0 {

/// Reads GenerateContentResponses: the chunks of one stream, or one whole reply. A part that bears
/// a signature or fields of its own stays a part of its own, since it must go back as it came. Not
/// thread-safe.
class GeminiReader {
 public:
  explicit GeminiReader(std::string_view provider) : provider_(provider), reader_(provider) {}

  /// Fills `piece` with the first candidate of a response. `json` has 64 readable bytes behind its
  /// end. Throws ApiError when it is an error, ParseError.
  void read(std::string_view json, ChatPiece& piece);
  /// The further candidates of the response read last.
  bool next(ChatPiece& piece);
  /// Whether the prompt was blocked, or each candidate has said why it ended and nothing since.
  bool finished() const noexcept;

 private:
  struct Choice {
    bool begun = false, finished = false;
    int calls = 0;
  };
  struct Scratch {  // one part
    std::string text, signature;
    bool has_text = false, is_thought = false, has_call = false;
    ToolCallPiece call;
    Json extra;
  };

  void read_top(JsonKey key, JsonValue value, ChatPiece& first);
  void read_feedback(JsonValue value, ChatPiece& piece);
  void read_candidate(JsonValue value, int position, ChatPiece& piece);
  void read_parts(JsonValue content, ChatPiece& piece);
  void read_part(JsonValue value);
  void read_call(JsonValue value);
  void add_part(ChatPiece& piece);
  void add_text(ChatPiece& piece);
  void add_call(ChatPiece& piece);
  void add_whole(Part part, ChatPiece& piece);
  void begin_part(ChatPiece& piece, int rank, bool apart);
  void settle(ChatPiece& piece, int index);
  void postpone(JsonKey key, JsonValue value);
  void keep_postponed(int choice, ChatPiece& piece);

  std::string provider_;
  JsonReader reader_;
  std::string_view json_;
  std::vector<ChatPiece> others_;  // candidates behind the first; the first `others_count_` count
  std::size_t others_count_ = 0, others_given_ = 0;
  std::vector<Choice> choices_;
  std::vector<std::pair<std::string, std::string_view>> postponed_;  // further fields, as sent
  RepeatedFields repeated_;
  Scratch scratch_;
  std::string id_, model_;
  int rank_ = 0;          // of the last part, in a piece's usual order
  bool placing_ = false;  // the piece says the order itself
  bool has_parts_ = false, blocked_ = false;
};

}  // namespace v0
}  // namespace lian
