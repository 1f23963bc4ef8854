/// What the tests of the OpenAI codec share.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "lian/core/json.hpp"
#include "lian/core/message.hpp"
#include "model/provider/openai.hpp"
#include "net/sse.hpp"
#include "support/data.hpp"

namespace lian::test {

struct StreamResult {
  AIMessage message;
  bool complete = false;
  bool finished = false;
  friend bool operator==(const StreamResult&, const StreamResult&) = default;
};

/// A streamed reply read as the engine reads it, from chunks.
inline StreamResult read_stream(const std::vector<std::string_view>& chunks,
                                const OpenAIDialect& dialect = {}) {
  SseOptions options;
  options.error_field = true;
  SseParser parser(options);
  const auto decoder = OpenAIChatCodec(dialect).decoder();
  StreamResult result;
  SseEvent event;
  ChatPiece piece;
  for (const std::string_view chunk : chunks) {
    parser.feed(chunk);
    while (parser.next(event)) {
      if (decoder->decode(event.type, event.data, piece)) append(result.message, std::move(piece));
      while (decoder->next(piece)) append(result.message, std::move(piece));
    }
  }
  finish(result.message);
  result.complete = decoder->complete();
  result.finished = decoder->finished();
  return result;
}

inline StreamResult read_stream(std::string_view bytes, const OpenAIDialect& dialect = {}) {
  return read_stream(std::vector<std::string_view>{bytes}, dialect);
}

inline std::vector<std::string_view> by_byte(std::string_view bytes) {
  std::vector<std::string_view> chunks;
  for (std::size_t i = 0; i < bytes.size(); ++i) chunks.push_back(bytes.substr(i, 1));
  return chunks;
}

/// A file of tests/data/wire.
inline std::string wire(std::string_view name) { return read_data("wire/" + std::string(name)); }

inline HttpReply reply_of(std::string body, int status = 200) {
  HttpReply reply;
  reply.status = status;
  reply.body = std::move(body);
  return reply;
}

/// `data: JSON`, a blank line.
inline std::string event(std::string_view json) { return "data: " + std::string(json) + "\n\n"; }

/// A chunk whose first choice has this delta, and, if not empty, this finish reason.
inline std::string delta(std::string_view json, std::string_view finish_reason = {}) {
  std::string text = R"({"id":"c","choices":[{"index":0,"delta":)" + std::string(json);
  if (!finish_reason.empty()) text += ",\"finish_reason\":\"" + std::string(finish_reason) + '"';
  return event(text + "}]}");
}

inline const std::string kDone = "data: [DONE]\n\n";

inline Endpoint endpoint() {
  Endpoint out;
  out.provider = "openai";
  out.base_url = "https://api.openai.com/v1";
  out.api_key = "secret-0123456789";
  out.key_name = "OPENAI_API_KEY";
  return out;
}

}  // namespace lian::test
