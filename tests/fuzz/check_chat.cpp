// What must hold for every chat codec, read as the engine reads: see `check_chat` at the end.
#include <algorithm>
#include <array>
#include <exception>
#include <memory>
#include <utility>
#include <variant>

#include <nlohmann/json.hpp>

#include "fuzz/target.hpp"
#include "lian/core/runtime.hpp"
#include "lian/core/utf8.hpp"
#include "model/abilities.hpp"
#include "model/stream_events.hpp"
#include "net/websocket_frames.hpp"

namespace lian::fuzz {

namespace {

using Chunks = std::vector<std::string_view>;

void require_utf8(const ChatPiece& piece) {
  for (const std::string* text :
       {&piece.text, &piece.reasoning, &piece.reasoning_signature, &piece.refusal,
        &piece.raw_finish_reason, &piece.id, &piece.name, &piece.model, &piece.provider})
    fuzz::require_utf8(*text, "a text of a piece");
  for (const ToolCallPiece& call : piece.tool_calls) {
    fuzz::require_utf8(call.id, "a tool call's id");
    fuzz::require_utf8(call.name, "a tool call's name");
    fuzz::require_utf8(call.arguments, "a tool call's arguments");
  }
}

// Every text of a message is UTF-8, or it could not be written, and it is what it says it is.
void require_sound(const AIMessage& message) {
  Json json;
  try {
    json = to_json(message);
  } catch (const Error& error) {
    throw Finding("a message is not fit for JSON: " + error.message());
  }
  require(ai_message_from_json(json) == message, "a message does not survive as JSON");
}

// Bytes with the escapes of ASCII letters undone, so that a word is found however it was written.
std::string without_escapes(std::string_view bytes) {
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (bytes.substr(i, 4) == "\\u00" && i + 6 <= bytes.size()) {
      out += static_cast<char>(std::stoi(std::string(bytes.substr(i + 4, 2)), nullptr, 16));
      i += 5;
    } else {
      out += bytes[i];
    }
  }
  return out;
}

void require_end(const Target& target, std::string_view bytes) {
  if (target.end.empty()) return;
  std::string text;
  try {
    text = without_escapes(bytes);
  } catch (const std::exception&) {  // "\u00" before no digits: then it is in no JSON
    text = bytes;
  }
  std::string_view rest = target.end;
  while (!rest.empty()) {
    const std::string_view word = rest.substr(0, rest.find('|'));
    rest.remove_prefix(std::min(rest.size(), word.size() + 1));
    if (text.find(word) != text.npos) return;
  }
  throw Finding("a reply counts as complete without its terminal sign");
}

class ChatTarget {
 public:
  explicit ChatTarget(const Target& target)
      : target_(target), endpoint_(fuzz::endpoint(target)), request_(fuzz::request(target)) {
    const ModelPlace place(*target.row, target.model, endpoint_);
    codec_ = target.kind == Kind::text ? target.row->text(place) : target.row->chat(place);
    request_.stream = true;
  }

  void stream(const Input& input, bool cut);
  void reply(const Input& input) const;
  void error(const Input& input) const;
  void count(const Input& input) const;

 private:
  struct Reading {
    Reading() = default;
    AIMessage message;
    Ending ending;
    std::size_t replacements = 0;
    friend bool operator==(const Reading&, const Reading&) = default;
  };

  Reading read(const Chunks& chunks, bool cut, const HttpLimits& limits);
  void read_body(const Chunks& chunks, bool cut, const HttpLimits& limits, Reading& out);
  void read_websocket(const Chunks& chunks, const HttpLimits& limits, Reading& out);
  void take(StreamEvents& events, ChatStreamDecoder& decoder, Reading& out) const;
  void finish_stream(const StreamEvents& events, ChatStreamDecoder& decoder, Reading& out) const;
  void require_next_request(const AIMessage& message) const;

  const Target& target_;
  Endpoint endpoint_;
  ChatRequest request_;
  std::unique_ptr<const ChatCodec> codec_;
};

void ChatTarget::take(StreamEvents& events, ChatStreamDecoder& decoder, Reading& out) const {
  StreamEvent event;
  ChatPiece piece;
  while (!decoder.finished() && events.next(event)) {
    touch_padding(event.data);
    for (bool more = decoder.decode(event, piece); more; more = decoder.next(piece)) {
      require_utf8(piece);
      append(out.message, std::move(piece));
    }
  }
}

void ChatTarget::finish_stream(const StreamEvents& events, ChatStreamDecoder& decoder,
                               Reading& out) const {
  out.replacements = events.replacements();
  if (!decoder.complete()) throw Error(ErrorKind::truncated, "no terminal sign");
  ChatPiece piece;
  while (decoder.next(piece)) {
    require_utf8(piece);
    append(out.message, std::move(piece));
  }
  finish(out.message);
}

void ChatTarget::read_body(const Chunks& chunks, bool cut, const HttpLimits& limits, Reading& out) {
  StreamEvents events(*codec_, limits);
  const auto decoder = codec_->decoder(request_);
  for (const std::string_view chunk : chunks) {
    if (decoder->finished()) break;
    // A copy, so that nothing is read behind a chunk or after it is gone.
    const std::vector<char> copy(chunk.begin(), chunk.end());
    events.feed(std::string_view(copy.data(), copy.size()));
    take(events, *decoder, out);
  }
  if (!decoder->finished()) {
    if (cut) throw Error(ErrorKind::truncated, "the connection was cut");
    events.end();
    take(events, *decoder, out);
    decoder->ended();
  }
  finish_stream(events, *decoder, out);
}

void ChatTarget::read_websocket(const Chunks& chunks, const HttpLimits& limits, Reading& out) {
  Runtime runtime;
  WebSocketFrames frames(runtime, limits.max_event_bytes());
  StreamEvents events(*codec_, limits);
  const auto decoder = codec_->decoder(request_);
  std::string message;
  for (const std::string_view chunk : chunks) {
    frames.feed(chunk);
    while (!decoder->finished() && frames.next(message)) {
      events.feed(message);
      take(events, *decoder, out);
    }
    if (decoder->finished() || frames.closed()) break;
  }
  if (!decoder->finished()) {
    if (!frames.closed()) throw Error(ErrorKind::network, "the connection was cut");
    if (frames.close_status() != 1000 && frames.close_status() != 1005)
      throw Error(ErrorKind::network, "closed with an error");
    events.end();
    take(events, *decoder, out);
    decoder->ended();
  }
  finish_stream(events, *decoder, out);
}

ChatTarget::Reading ChatTarget::read(const Chunks& chunks, bool cut, const HttpLimits& limits) {
  Reading out;
  out.ending = ending_of([&] {
    if (codec_->framing() == Framing::websocket) return read_websocket(chunks, limits, out);
    read_body(chunks, cut, limits, out);
  });
  return out;
}

void ChatTarget::stream(const Input& input, bool cut) {
  if (!codec_->abilities(target_.model).streaming) return;
  HttpLimits limits;
  if (input.flags & 1U) limits.max_event_bytes(256);
  if (input.flags & 2U) request_.options.n(2);
  const Reading whole = read({input.body}, cut, limits);
  const Reading split = read(input.chunks(), cut, limits);
  require(whole.ending == split.ending, "a stream ends otherwise when it is split");
  require(whole.message == split.message, "a stream means something else when it is split");
  require(whole == split, "a stream is repaired otherwise when it is split");
  if (whole.ending.failed) return;
  require_end(target_, input.body);
  require_sound(whole.message);
  require_next_request(whole.message);
}

void ChatTarget::reply(const Input& input) const {
  HttpReply reply;
  reply.status = 200;
  reply.body = input.body;
  AIMessage message;
  if (ending_of([&] { message = codec_->decode(reply); }).failed) return;
  require_end(target_, input.body);
  require_sound(message);
  // What the engine does with a reply that came in place of a stream.
  AIMessage joined;
  append(joined, to_piece(message));
  finish(joined);
  require(joined == message, "a reply as one piece means something else");
  require_next_request(message);
}

// A reply can be answered: it goes back with the results of its tool calls.
void ChatTarget::require_next_request(const AIMessage& message) const {
  ChatRequest next = request_;
  if (target_.kind == Kind::text) {
    next.messages = {user(message.text())};
  } else {
    next.messages = {user("question"), message};
    for (const ToolCall& call : message.tool_calls())
      next.messages.push_back(tool({call.id, "result"}));
    next.messages.push_back(user("go on"));
  }
  static_cast<void>(ending_of([&] {
    std::vector<std::string> warnings;
    const ChatRequest fitted =
        fit(next, codec_->abilities(target_.model), endpoint_.provider, warnings);
    const HttpRequest http = codec_->encode(fitted, endpoint_, warnings);
    require(http.body.empty() || nlohmann::json::accept(http.body), "the next request is no JSON");
  }));
}

void ChatTarget::error(const Input& input) const {
  constexpr std::array statuses = {400, 401, 404, 429, 500, 503, 403, 529};
  HttpReply reply;
  reply.status = statuses[input.flags];
  reply.body = input.body;
  const ApiError error = codec_->classify(reply, endpoint_);
  for (const std::string_view text :
       {std::string_view(error.what()), std::string_view(error.code),
        std::string_view(error.parameter), std::string_view(error.request_id),
        std::string_view(error.body)})
    fuzz::require_utf8(text, "a text of an error");
  require(error.status == reply.status, "an error has another status than its reply");
}

void ChatTarget::count(const Input& input) const {
  HttpReply reply;
  reply.status = 200;
  reply.body = input.body;
  static_cast<void>(ending_of([&] { static_cast<void>(codec_->decode_count(reply)); }));
}

}  // namespace

// Nothing is thrown but lian::Error; a stream means the same however it is split; texts are UTF-8;
// a reply that is accepted has its terminal sign, and the next request can carry it.
void check_chat(const Target& target, const Input& input) {
  ChatTarget chat(target);
  switch (input.mode) {
    case Mode::stream:
      return chat.stream(input, false);
    case Mode::cut_stream:
      return chat.stream(input, true);
    case Mode::reply:
      return chat.reply(input);
    case Mode::error:
      return chat.error(input);
    case Mode::count:
      return chat.count(input);
  }
}

}  // namespace lian::fuzz
