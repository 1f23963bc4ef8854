/// What the tests of every codec share: bytes in, bytes out, read as the engine reads them.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lian/core/error.hpp"
#include "lian/core/json.hpp"
#include "lian/core/message.hpp"
#include "model/abilities.hpp"
#include "model/codec.hpp"
#include "model/stream_events.hpp"
#include "support/catch.hpp"
#include "support/data.hpp"

namespace lian::test {

/// A file of tests/data/wire.
inline std::string wire(std::string_view name) { return read_data("wire/" + std::string(name)); }

inline HttpReply reply_of(std::string body, int status = 200) {
  HttpReply reply;
  reply.status = status;
  reply.body = std::move(body);
  return reply;
}

/// A request encoded as the engine does it: made to fit, then written.
inline HttpRequest encode(const ChatCodec& codec, const ChatRequest& request,
                          const Endpoint& endpoint, std::vector<std::string>* told = nullptr) {
  std::vector<std::string> warnings;
  const ChatRequest fitted =
      fit(request, codec.abilities(request.options.model()), endpoint.provider, warnings);
  HttpRequest out = codec.encode(fitted, endpoint, warnings);
  if (told) *told = std::move(warnings);
  return out;
}

struct StreamResult {
  AIMessage message;
  bool complete = false;
  bool finished = false;
  friend bool operator==(const StreamResult&, const StreamResult&) = default;
};

/// A streamed reply read as the engine reads it, from chunks. `clean_end`: the HTTP message ended as
/// it should, not by a cut connection.
inline StreamResult read_stream(const ChatCodec& codec, const std::vector<std::string_view>& chunks,
                                const ChatRequest& request = {}, bool clean_end = true) {
  StreamEvents events(codec, HttpLimits());
  const auto decoder = codec.decoder(request);
  StreamResult result;
  StreamEvent event;
  ChatPiece piece;
  const auto take = [&] {
    while (!decoder->finished() && events.next(event))
      for (bool more = decoder->decode(event, piece); more; more = decoder->next(piece))
        append(result.message, std::move(piece));
  };
  for (const std::string_view chunk : chunks) {
    std::string copy(chunk);
    copy.reserve(copy.size() + 64);  // as the engine's chunks have it
    events.feed(copy);
    take();
  }
  if (clean_end && !decoder->finished()) {
    events.end();
    take();
    decoder->ended();
  }
  if (decoder->complete())
    while (decoder->next(piece)) append(result.message, std::move(piece));
  finish(result.message);
  result.complete = decoder->complete();
  result.finished = decoder->finished();
  return result;
}

inline StreamResult read_stream(const ChatCodec& codec, std::string_view bytes,
                                const ChatRequest& request = {}) {
  return read_stream(codec, std::vector<std::string_view>{bytes}, request);
}

inline std::vector<std::string_view> by_byte(std::string_view bytes) {
  std::vector<std::string_view> chunks;
  for (std::size_t i = 0; i < bytes.size(); ++i) chunks.push_back(bytes.substr(i, 1));
  return chunks;
}

/// Checks that the bytes mean the same whole, split in two at every byte, and byte by byte.
inline StreamResult check_every_split(const ChatCodec& codec, std::string_view bytes,
                                      const ChatRequest& request = {}) {
  const StreamResult whole = read_stream(codec, bytes, request);
  for (std::size_t i = 1; i < bytes.size(); ++i) {
    const StreamResult halves =
        read_stream(codec, {bytes.substr(0, i), bytes.substr(i)}, request);
    INFO("split at byte " << i);
    if (!(halves == whole)) CHECK(halves == whole);
  }
  CHECK(read_stream(codec, by_byte(bytes), request) == whole);
  return whole;
}

/// The lengths at which a stream that was cut there still counts as complete; an error of the stream
/// counts as incomplete. `clean_end`: cut with a proper end of the HTTP message.
inline std::vector<std::size_t> complete_prefixes(const ChatCodec& codec, std::string_view bytes,
                                                  bool clean_end = false,
                                                  const ChatRequest& request = {}) {
  std::vector<std::size_t> lengths;
  for (std::size_t i = 0; i <= bytes.size(); ++i) {
    try {
      if (read_stream(codec, {bytes.substr(0, i)}, request, clean_end).complete)
        lengths.push_back(i);
    } catch (const Error&) {
    }
  }
  return lengths;
}

}  // namespace lian::test
