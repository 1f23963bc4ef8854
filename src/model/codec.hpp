#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "lian/core/error.hpp"
#include "lian/core/http.hpp"
#include "lian/core/message.hpp"
#include "lian/model/chat_request.hpp"

namespace lian {
inline namespace v0 {

/// Where and as whom a codec sends: resolved once when a model is made.
struct Endpoint {
  Endpoint() = default;
  std::string provider;  // "openai"
  std::string base_url;  // "https://api.openai.com/v1", no trailing slash
  std::string api_key;   // empty: no authorization header
  std::string key_name;  // what the key came from, e.g. "OPENAI_API_KEY", for error messages
  HttpHeaders headers;   // further headers of every request
};

/// How a streamed body is cut into events.
enum class Framing { sse, ndjson };

/// Reads the events of one streamed reply. Knows nothing of sockets. Not thread-safe.
class ChatStreamDecoder {
 public:
  virtual ~ChatStreamDecoder() = default;
  /// One event: SSE data or an NDJSON line. `data` has at least 64 readable bytes behind its end.
  /// Fills `piece` (cleared before) and returns true when it holds something to hand on. Throws
  /// ApiError for an error inside the stream, ParseError for an event that is not what the protocol
  /// says; TruncatedError is the engine's.
  virtual bool decode(std::string_view event, std::string_view data, ChatPiece& piece) = 0;
  /// Further pieces of the event decoded last (several choices in one event): to be called after
  /// `decode` until it returns false. `piece` is replaced.
  virtual bool next(ChatPiece& piece) {
    static_cast<void>(piece);
    return false;
  }
  /// Whether the terminal sign has been seen: only then is the reply complete.
  virtual bool complete() const noexcept = 0;
  /// Whether nothing more is expected and reading may stop (e.g. after "[DONE]").
  virtual bool finished() const noexcept = 0;
};

/// A provider's chat protocol as pure functions; no I/O, no state. Thread-safe.
class ChatCodec {
 public:
  virtual ~ChatCodec() = default;
  virtual HttpRequest encode(const ChatRequest& request, const Endpoint& endpoint) const = 0;
  /// A 2xx reply that is not streamed. Throws ParseError when it is not a complete reply of the
  /// protocol, ApiError when it carries an error with status 200.
  virtual AIMessage decode(const HttpReply& reply) const = 0;
  virtual std::unique_ptr<ChatStreamDecoder> decoder() const = 0;
  virtual Framing framing() const noexcept { return Framing::sse; }
  /// The error a non-2xx reply means; any body, also HTML, an array or a bare string.
  virtual ApiError classify(const HttpReply& reply, const Endpoint& endpoint) const = 0;
};

/// Embeddings of one provider. As ChatCodec.
class EmbeddingCodec {
 public:
  virtual ~EmbeddingCodec() = default;
  virtual HttpRequest encode(const std::vector<std::string>& texts, const std::string& model,
                             int dimensions, const Endpoint& endpoint) const = 0;
  /// One row a text, in the order of the request. Throws ParseError unless exactly `count` rows of
  /// one width came.
  virtual std::vector<std::vector<float>> decode(const HttpReply& reply,
                                                 std::size_t count) const = 0;
  virtual ApiError classify(const HttpReply& reply, const Endpoint& endpoint) const = 0;
  /// Texts a request may carry at most.
  virtual std::size_t max_batch() const noexcept { return 2048; }
};

}  // namespace v0
}  // namespace lian
