#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lian/core/error.hpp"
#include "lian/core/http.hpp"
#include "lian/core/message.hpp"
#include "lian/model/chat_request.hpp"
#include "lian/model/embedding_model.hpp"
#include "lian/model/model_list.hpp"
#include "lian/model/provider_info.hpp"

namespace lian {
inline namespace v0 {

/// Where and as whom a codec sends: resolved once when a model is made.
struct Endpoint {
  Endpoint() = default;
  /// A setting beside the key, e.g. "secret_key"; empty when it is not set.
  const std::string& option(std::string_view name) const noexcept;

  std::string provider;  // "openai"
  std::string base_url;  // "https://api.openai.com/v1", no trailing slash
  std::string api_key;   // empty: no authorization header
  std::string key_name;  // what the key came from, e.g. "OPENAI_API_KEY", for error messages
  HttpHeaders headers;   // further headers of every request
  std::vector<std::pair<std::string, std::string>> options;
  std::vector<std::string> secrets;  // what never appears in errors and events
};

/// What signing needs beside the request itself; given anew for each try.
struct Signing {
  Signing() = default;
  std::chrono::system_clock::time_point now;
  std::string token;  // from the line's TokenSource; empty without one
};

/// What every protocol has. Codecs are pure functions; no I/O, no state. Thread-safe.
class Codec {
 public:
  virtual ~Codec() = default;
  /// Makes an encoded request acceptable right before it is sent: signature, date, token. Default:
  /// a token goes into `Authorization: Bearer`.
  virtual void sign(HttpRequest& request, const Endpoint& endpoint, const Signing& signing) const;
  /// The error a non-2xx reply means; any body, also HTML, an array or a bare string.
  virtual ApiError classify(const HttpReply& reply, const Endpoint& endpoint) const = 0;
  /// Whether the error says that a new token or signature may be accepted: the call is then sent
  /// once more, and only once, beside the tries.
  virtual bool sign_anew(const ApiError& error) const {
    static_cast<void>(error);
    return false;
  }
  /// The reply's header that holds the vendor's id of the request.
  virtual std::string_view request_id_header() const noexcept { return "x-request-id"; }
};

/// How a streamed body is cut into events. `json_array`: an event an item, then one without data
/// and of type "end" for the bracket that ends the array.
enum class Framing { sse, ndjson, json_array, websocket };

/// One event of a streamed reply: SSE, an NDJSON line, an array's item or a WebSocket message.
/// `data` has at least 64 readable bytes behind its end.
struct StreamEvent {
  constexpr StreamEvent() = default;
  constexpr StreamEvent(std::string_view event_type, std::string_view event_data)
      : type(event_type), data(event_data) {}
  std::string_view type;  // of SSE; "bare" for JSON without `data:` in it; "end" of an array
  std::string_view data;
  std::string_view other;  // SSE: comments and fields the standard ignores, a line each, as sent
};

/// Reads the events of one streamed reply. Knows nothing of sockets. Not thread-safe.
class ChatStreamDecoder {
 public:
  virtual ~ChatStreamDecoder() = default;
  /// Fills `piece` (cleared before) and returns true when it holds something to hand on. Throws
  /// ApiError for an error inside the stream, ParseError for an event that is not what the protocol
  /// says; TruncatedError is the engine's.
  virtual bool decode(const StreamEvent& event, ChatPiece& piece) = 0;
  /// Further pieces of the event decoded last (several choices in one event), and once the stream
  /// is complete those that only its end tells: to be called after `decode` and at the end until it
  /// returns false. `piece` is replaced.
  virtual bool next(ChatPiece& piece) {
    static_cast<void>(piece);
    return false;
  }
  /// The message ended as HTTP says: a terminal sign where the protocol has no other.
  virtual void ended() {}
  /// Whether the terminal sign has been seen: only then is the reply complete.
  virtual bool complete() const noexcept = 0;
  /// Whether nothing more is expected and reading may stop (e.g. after "[DONE]").
  virtual bool finished() const noexcept = 0;
};

/// A provider's chat protocol, or one of text completions: a TextModel sends its prompt as the one
/// user message.
class ChatCodec : public Codec {
 public:
  /// What a model can be asked; requests are made to fit before they are encoded.
  virtual ChatAbilities abilities(std::string_view model) const {
    static_cast<void>(model);
    return {};
  }
  /// The request without signature. What was changed of its meaning is told by `warnings`, a
  /// sentence each. Throws Error{invalid_request} and UnsupportedError.
  virtual HttpRequest encode(const ChatRequest& request, const Endpoint& endpoint,
                             std::vector<std::string>& warnings) const = 0;
  /// A 2xx reply that is not streamed. Throws ParseError when it is not a complete reply of the
  /// protocol, ApiError when it carries an error with status 200.
  virtual AIMessage decode(const HttpReply& reply) const = 0;
  virtual std::unique_ptr<ChatStreamDecoder> decoder(const ChatRequest& request) const = 0;
  virtual Framing framing() const noexcept { return Framing::sse; }
  /// Whether the protocol streams every reply: a whole one is then put together of its pieces, and
  /// `decode` is for what came in place of a stream.
  virtual bool only_streams() const noexcept { return false; }
  /// Whether the last event of a stream may lack the blank line that ends it.
  virtual bool lenient_end() const noexcept { return false; }

  /// Counting a request's input tokens without running it; UnsupportedError where the vendor has no
  /// such call.
  virtual HttpRequest encode_count(const ChatRequest& request, const Endpoint& endpoint) const;
  virtual std::int64_t decode_count(const HttpReply& reply) const;
};

/// What an embedding codec encodes.
struct EmbeddingRequest {
  EmbeddingRequest() = default;
  std::vector<std::string> texts;
  std::string model;
  int dimensions = 0;  // 0: the model's own
  EmbeddingUse use = EmbeddingUse::document;
};

/// Embeddings of one provider.
class EmbeddingCodec : public Codec {
 public:
  virtual HttpRequest encode(const EmbeddingRequest& request, const Endpoint& endpoint) const = 0;
  /// One row a text, in the order of the request. Throws ParseError unless exactly `count` rows of
  /// one width came.
  virtual std::vector<std::vector<float>> decode(const HttpReply& reply,
                                                 std::size_t count) const = 0;
  /// Texts a request may carry at most.
  virtual std::size_t max_batch(std::string_view model) const noexcept {
    static_cast<void>(model);
    return 2048;
  }
};

/// A provider's list of models, page by page.
class ModelListCodec : public Codec {
 public:
  struct Page {
    Page() = default;
    std::vector<ModelInfo> models;
    std::string next;  // what `encode` takes for the next page; empty: the last
  };
  virtual HttpRequest encode(const Endpoint& endpoint, const std::string& page) const = 0;
  virtual Page decode(const HttpReply& reply) const = 0;
};

}  // namespace v0
}  // namespace lian
