#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "lian/core/export.hpp"
#include "lian/core/json.hpp"
#include "lian/core/usage.hpp"

namespace lian {
inline namespace v0 {

/// Who speaks. `other` carries a provider's own role in `Message::role_name`.
enum class Role { system, developer, user, assistant, tool, other };
/// The role as a lower-case word, e.g. "assistant".
LIAN_API std::string_view to_string(Role role) noexcept;

// Every part and every message has `extra`: an object of the fields lian has no name for (a
// provider's "cache_control", a later version's field). Kept as they came, sent back as they came.

/// Plain text.
struct TextPart {
  TextPart() = default;
  explicit TextPart(std::string text_in) : text(std::move(text_in)) {}
  std::string text;
  Json extra;
  friend bool operator==(const TextPart&, const TextPart&) = default;
};

/// Bytes or a reference to them: exactly one of `url`, `data` (raw bytes, not base64), `file_id`.
struct MediaSource {
  MediaSource() = default;
  static MediaSource from_url(std::string url);
  static MediaSource from_bytes(std::string bytes, std::string mime_type);
  static MediaSource from_file_id(std::string id);
  std::string url, data, file_id;
  std::string mime_type;  ///< e.g. "image/png"; required with `data`
  friend bool operator==(const MediaSource&, const MediaSource&) = default;
};

struct ImagePart {
  ImagePart() = default;
  explicit ImagePart(MediaSource source_in, std::string detail_in = {})
      : source(std::move(source_in)), detail(std::move(detail_in)) {}
  MediaSource source;
  std::string detail;  ///< "", "auto", "low" or "high"
  Json extra;
  friend bool operator==(const ImagePart&, const ImagePart&) = default;
};

struct AudioPart {
  AudioPart() = default;
  explicit AudioPart(MediaSource source_in, std::string format_in = {})
      : source(std::move(source_in)), format(std::move(format_in)) {}
  MediaSource source;
  std::string format;  ///< "wav", "mp3", …
  Json extra;
  friend bool operator==(const AudioPart&, const AudioPart&) = default;
};

struct FilePart {
  FilePart() = default;
  explicit FilePart(MediaSource source_in, std::string name_in = {})
      : source(std::move(source_in)), name(std::move(name_in)) {}
  MediaSource source;
  std::string name;  ///< file name shown to the model
  Json extra;
  friend bool operator==(const FilePart&, const FilePart&) = default;
};

/// A call the model asks for. `arguments` is the JSON text exactly as the model wrote it. Where it
/// is no JSON object, `finish` sets `valid` to false and `error` to why (LangChain's
/// invalid_tool_calls); empty is none either: a codec whose protocol means {} by it writes "{}". Of
/// a custom tool's call (`custom`, OpenAI's type "custom") it is free text and always valid.
struct ToolCall {
  ToolCall() = default;
  ToolCall(std::string id_in, std::string name_in, std::string arguments_in)
      : id(std::move(id_in)), name(std::move(name_in)), arguments(std::move(arguments_in)) {}
  std::string id, name, arguments;
  bool custom = false, valid = true;
  std::string error;
  int index = -1;  ///< what its fragments carry while it streams; `finish` sets it back to -1
  Json extra;
  friend bool operator==(const ToolCall&, const ToolCall&) = default;
};

/// What a tool answered to the call `call_id`.
struct ToolResult {
  ToolResult() = default;
  ToolResult(std::string call_id_in, std::string content_in, bool is_error_in = false)
      : call_id(std::move(call_id_in)), content(std::move(content_in)), is_error(is_error_in) {}
  std::string call_id, content;
  bool is_error = false;
  Json extra;
  friend bool operator==(const ToolResult&, const ToolResult&) = default;
};

/// The model's thinking; `signature` must go back unchanged where the provider gives one.
struct ReasoningPart {
  ReasoningPart() = default;
  explicit ReasoningPart(std::string text_in, std::string signature_in = {})
      : text(std::move(text_in)), signature(std::move(signature_in)) {}
  std::string text, signature;
  Json extra;
  friend bool operator==(const ReasoningPart&, const ReasoningPart&) = default;
};

/// The model's refusal in its own words.
struct RefusalPart {
  RefusalPart() = default;
  explicit RefusalPart(std::string text_in) : text(std::move(text_in)) {}
  std::string text;
  Json extra;
  friend bool operator==(const RefusalPart&, const RefusalPart&) = default;
};

/// A part of a kind lian does not know: kept as it came and sent back as it came.
struct UnknownPart {
  UnknownPart() = default;
  UnknownPart(std::string kind_in, Json value_in)
      : kind(std::move(kind_in)), value(std::move(value_in)) {}
  std::string kind;
  Json value;
  friend bool operator==(const UnknownPart&, const UnknownPart&) = default;
};

using Part = std::variant<TextPart, ImagePart, AudioPart, FilePart, ToolCall, ToolResult,
                          ReasoningPart, RefusalPart, UnknownPart>;

/// One message of a conversation. Regular value.
class LIAN_API Message {
 public:
  Message() = default;
  Message(Role role, std::string text);
  Message(Role role_in, std::vector<Part> parts_in) : role(role_in), parts(std::move(parts_in)) {}

  /// All text parts joined, no separator.
  std::string text() const;
  /// The tool calls among the parts, in order; invalid ones only when asked.
  std::vector<ToolCall> tool_calls() const;
  std::vector<ToolCall> invalid_tool_calls() const;

  Role role = Role::user;
  std::string role_name;  ///< the provider's word when role is Role::other
  std::vector<Part> parts;
  std::string name;  ///< optional speaker's name
  std::string id;    ///< optional message id
  Json extra;        ///< vendor fields lian has no name for, untouched
  friend bool operator==(const Message&, const Message&) = default;
};

using Messages = std::vector<Message>;

LIAN_API Message system(std::string text);
LIAN_API Message developer(std::string text);
LIAN_API Message user(std::string text);
LIAN_API Message user(std::vector<Part> parts);
LIAN_API Message assistant(std::string text);
LIAN_API Message tool(ToolResult result);

/// Why the model stopped, normalised. Unknown words survive in `AIMessage::raw_finish_reason`.
enum class FinishReason { none, stop, length, tool_calls, content_filter, pause, other };
LIAN_API std::string_view to_string(FinishReason reason) noexcept;

/// Log probability (natural) of one token the model wrote.
struct TokenLogprob {
  TokenLogprob() = default;
  TokenLogprob(std::string token_in, double logprob_in)
      : token(std::move(token_in)), logprob(logprob_in) {}
  std::string token;
  std::string bytes;  ///< its bytes where the provider tells them: a token may be half a character
  double logprob = 0;
  std::vector<TokenLogprob> top;  ///< alternatives, most likely first
  friend bool operator==(const TokenLogprob&, const TokenLogprob&) = default;
};

/// A model's reply: a Message of Role::assistant with what the provider said about it.
class LIAN_API AIMessage : public Message {
 public:
  AIMessage();
  explicit AIMessage(std::string text);

  FinishReason finish_reason = FinishReason::none;
  std::string raw_finish_reason;        ///< the provider's word
  std::optional<Usage> usage;           ///< absent when the provider did not say
  std::string model;                    ///< the model that answered, as the provider names it
  std::string provider;                 ///< e.g. "openai"
  std::vector<TokenLogprob> logprobs;   ///< of the text, when asked for
  std::vector<TokenLogprob> refusal_logprobs;  ///< of the refusal, when asked for
  std::vector<AIMessage> alternatives;  ///< choices 1… when n > 1; this message is choice 0
  friend bool operator==(const AIMessage&, const AIMessage&) = default;
};

/// A fragment of a tool call. Fragments of equal `index` belong together; their `arguments`
/// concatenate, a repeated `id` or `name` is the same call. Another `id` that comes with a name
/// starts another call even under the same index. `index` -1 (a provider that sends none) continues
/// the last call, unless it brings a name and not that call's id.
struct ToolCallPiece {
  ToolCallPiece() = default;
  int index = 0;
  std::string id, name, arguments;
  bool custom = false;
  Json extra;
  friend bool operator==(const ToolCallPiece&, const ToolCallPiece&) = default;
};

/// A part that a piece begins, as each of a whole message does in its one-piece form: the part
/// without its strings, and how many bytes of the piece's text (reasoning, refusal) and signature
/// are its own. A ToolCall is the next of `tool_calls`, an UnknownPart the next of `parts`.
struct PartPlace {
  PartPlace() = default;
  Part part;
  std::size_t text_bytes = 0, signature_bytes = 0;
  friend bool operator==(const PartPlace&, const PartPlace&) = default;
};

/// A fragment of a streamed reply. Texts append; usage, id, model, provider and finish reason
/// replace when set; `extra` merges member by member, and so does `part_extra`, into the extra of
/// the last part, this piece's included. Within one piece the order is reasoning, text, refusal,
/// tool calls, whole parts, unless `places` says another: text that begins a part of its own comes
/// with the place of that part. Reused by decoders: `clear()` keeps the buffers, so that a steady
/// stream allocates nothing a piece.
struct LIAN_API ChatPiece {
  ChatPiece() = default;
  void clear() noexcept;

  int choice = 0;  ///< which alternative this belongs to (n > 1)
  std::string text, reasoning, reasoning_signature, refusal;
  std::vector<ToolCallPiece> tool_calls;
  FinishReason finish_reason = FinishReason::none;
  std::string raw_finish_reason, id, name, model, provider;
  std::optional<Usage> usage;
  std::vector<TokenLogprob> logprobs, refusal_logprobs;
  std::vector<Part> parts;  ///< whole parts of kinds that do not come in fragments
  Json extra, part_extra;
  std::vector<PartPlace> places;        ///< parts that begin here, whatever stands before them
  std::vector<AIMessage> alternatives;  ///< only in the form of a whole message: its choices 1…
  friend bool operator==(const ChatPiece&, const ChatPiece&) = default;
};

/// Adds a piece to the message it continues. Text that follows text goes to the same part; text
/// behind another part or one with `extra` starts a new one, and so does reasoning behind a
/// signature. Pieces of choice
/// k > 0 go to `alternatives[k - 1]`. Throws Error{validation} for a negative choice, LimitError
/// for one above 1023.
LIAN_API void append(AIMessage& message, ChatPiece&& piece);
/// To be called once after the last piece: marks tool calls whose arguments are not a JSON object.
LIAN_API void finish(AIMessage& message);
/// The one-piece form of a whole message: `append` of it to an empty message, then `finish`, gives
/// a finished message back. All its text is in `text`, whatever lies between.
LIAN_API ChatPiece to_piece(AIMessage message);

/// The conversation as plain text, a line "Human: …", "AI: …", "System: …", "Tool: …" a message
/// (LangChain's get_buffer_string); a role of the provider's own is named by its word.
LIAN_API std::string buffer_string(const Messages& messages, std::string_view human = "Human",
                                   std::string_view ai = "AI");

/// A message as JSON and back; unknown parts and fields survive (in `extra`, those that have the
/// name of a field of lian's apart, under "extra"), bytes are base64. Throws Error{validation}.
LIAN_API Json to_json(const Message& message);
LIAN_API Json to_json(const AIMessage& message);
LIAN_API Message message_from_json(const Json& json);
LIAN_API AIMessage ai_message_from_json(const Json& json);

}  // namespace v0
}  // namespace lian
