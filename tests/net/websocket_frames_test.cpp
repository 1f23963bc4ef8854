// RFC 6455 behind the handshake, bytes in and out.
#include "net/websocket_frames.hpp"

#include <set>
#include <string>
#include <vector>

#include "lian/core/error.hpp"
#include "lian/core/runtime.hpp"
#include "support/catch.hpp"
#include "support/ws_wire.hpp"

namespace lian {
namespace {

using test::ws_close;
using test::ws_fragments;
using test::ws_frame;
using test::WsFrame;
using test::WsKind;

constexpr std::size_t most = 1000;

std::vector<std::string> read(const std::vector<std::string_view>& chunks,
                              WebSocketFrames& frames) {
  std::vector<std::string> messages;
  std::string message;
  for (const std::string_view chunk : chunks) {
    frames.feed(chunk);
    while (frames.next(message)) messages.push_back(message);
  }
  return messages;
}

WsFrame frame_of(WsKind kind, bool last = true) {
  WsFrame frame;
  frame.kind = kind;
  frame.last = last;
  return frame;
}

TEST_CASE("websocket frames: messages, pings and fragments, split at every byte") {
  Runtime runtime;
  const std::string bytes = ws_frame("") + ws_frame("你好") + ws_frame("p", frame_of(WsKind::ping)) +
                            ws_fragments("中文 in pieces", 1) +
                            ws_frame("ab", frame_of(WsKind::text, false)) +
                            ws_frame("q", frame_of(WsKind::ping)) +
                            ws_frame("cd", frame_of(WsKind::more)) +
                            ws_frame(std::string(300, 'x')) + ws_close(1000, "bye");
  const std::vector<std::string> expected = {"", "你好", "中文 in pieces", "abcd",
                                             std::string(300, 'x')};
  for (std::size_t at = 0; at <= bytes.size(); ++at) {
    WebSocketFrames frames(runtime, most);
    const std::string_view view(bytes);
    INFO("split at byte " << at);
    if (read({view.substr(0, at), view.substr(at)}, frames) != expected || !frames.closed() ||
        frames.close_status() != 1000 || frames.close_reason() != "bye")
      FAIL("differs");
  }
  WebSocketFrames frames(runtime, most);
  std::vector<std::string_view> single;
  for (std::size_t i = 0; i < bytes.size(); ++i)
    single.push_back(std::string_view(bytes).substr(i, 1));
  CHECK(read(single, frames) == expected);
}

TEST_CASE("websocket frames: what is sent is masked, with another mask each time") {
  Runtime runtime;
  std::set<std::string> masks;
  for (int i = 0; i < 8; ++i) {
    WebSocketFrames frames(runtime, most);
    frames.send_text("hello");
    const std::string sent = frames.output();
    REQUIRE(sent.size() == 2 + 4 + 5);
    CHECK(sent.substr(0, 2) == "\x81\x85");
    const std::string mask = sent.substr(2, 4);
    std::string text;
    for (std::size_t k = 0; k < 5; ++k) text += static_cast<char>(sent[6 + k] ^ mask[k % 4]);
    CHECK(text == "hello");
    masks.insert(mask);
  }
  CHECK(masks.size() > 1);
}

TEST_CASE("websocket frames: pings are answered, goodbyes returned") {
  Runtime runtime;
  WebSocketFrames frames(runtime, most);
  frames.feed(ws_frame("are you there", frame_of(WsKind::ping)));
  CHECK(frames.output().size() == 2 + 4 + 13);
  CHECK(static_cast<unsigned char>(frames.output()[0]) == 0x8AU);
  frames.output().clear();
  frames.feed(ws_close());
  CHECK(static_cast<unsigned char>(frames.output()[0]) == 0x88U);
  CHECK(frames.closed());
}

TEST_CASE("websocket frames: a goodbye without a status") {
  Runtime runtime;
  WebSocketFrames frames(runtime, most);
  frames.feed(std::string("\x88\x00", 2));
  CHECK(frames.closed());
  CHECK(frames.close_status() == 1005);
}

TEST_CASE("websocket frames: what the protocol forbids is refused") {
  WsFrame masked, reserved;
  masked.masked = true;
  reserved.reserved = 4;
  const std::string wrong[] = {
      ws_frame("x", masked),
      ws_frame("x", reserved),
      ws_frame("x", frame_of(WsKind::more)),
      ws_frame("x", frame_of(WsKind::text, false)) + ws_frame("y"),
      ws_frame("x", frame_of(WsKind::ping, false)),
      ws_frame(std::string(126, 'x'), frame_of(WsKind::ping)),
      ws_frame("\xff\xfe"),
      std::string("\x83\x01x", 3),
      std::string("\x88\x01x", 3),
  };
  Runtime runtime;
  for (std::size_t i = 0; i < std::size(wrong); ++i) {
    INFO("case " << i);
    const std::string& bytes = wrong[i];
    WebSocketFrames frames(runtime, most);
    try {
      read({bytes}, frames);
      FAIL("accepted");
    } catch (const Error& error) {
      CHECK(error.kind() == ErrorKind::network);
    }
  }
}

TEST_CASE("websocket frames: what came before a wrong frame is handed on first") {
  Runtime runtime;
  WebSocketFrames frames(runtime, most);
  std::string message;
  frames.feed(ws_frame("right") + ws_frame("\xff"));
  REQUIRE(frames.next(message));
  CHECK(message == "right");
  CHECK_THROWS_AS(frames.next(message), Error);
}

TEST_CASE("websocket frames: a message that is too large is a limit") {
  Runtime runtime;
  for (const std::string& bytes :
       {ws_frame(std::string(most + 1, 'x')), ws_fragments(std::string(most + 1, 'x'), 100)}) {
    WebSocketFrames frames(runtime, most);
    try {
      read({bytes}, frames);
      FAIL("accepted");
    } catch (const LimitError& error) {
      CHECK(error.name == "max_event_bytes");
      CHECK(error.limit == most);
    }
  }
  WebSocketFrames frames(runtime, most);
  CHECK(read({ws_frame(std::string(most, 'x'))}, frames).size() == 1);
}

}  // namespace
}  // namespace lian
