#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>

struct wslay_event_context;
struct wslay_event_on_msg_recv_arg;

namespace lian {
inline namespace v0 {

class Runtime;

/// The client's side of RFC 6455 behind the handshake: bytes in, messages out, and back. Answers
/// pings and closing frames by itself; checks masks, fragments, reserved bits and UTF-8. Knows
/// nothing of sockets. Not thread-safe.
class WebSocketFrames {
 public:
  /// Masks come from the runtime's random numbers.
  WebSocketFrames(Runtime& runtime, std::size_t max_message_bytes);
  ~WebSocketFrames();
  WebSocketFrames(const WebSocketFrames&) = delete;
  WebSocketFrames& operator=(const WebSocketFrames&) = delete;

  /// Takes bytes that came.
  void feed(std::string_view bytes);
  /// The next whole message, in order; 64 bytes behind its end can be read. Behind the last one
  /// throws Error{network} for what the protocol forbids, LimitError for a message too large.
  bool next(std::string& message);
  void send_text(std::string_view message);
  /// Says 1000 and goodbye.
  void close();
  /// What is to be sent; the caller drops what it has sent.
  std::string& output() noexcept { return output_; }

  /// Whether the peer has said goodbye, with what status (1005: none) and why.
  bool closed() const noexcept { return closed_; }
  unsigned close_status() const noexcept { return close_status_; }
  const std::string& close_reason() const noexcept { return close_reason_; }

 private:
  struct Callbacks;
  struct Free {
    void operator()(wslay_event_context* context) const noexcept;
  };
  void take(const wslay_event_on_msg_recv_arg& arg);
  void collect_output();
  void check() const;

  Runtime* runtime_;
  std::size_t max_message_bytes_;
  std::unique_ptr<wslay_event_context, Free> context_;
  std::string_view input_;
  std::string output_, close_reason_;
  std::deque<std::string> messages_;
  std::string spare_;  // the memory of a message that was read
  unsigned close_status_ = 0;
  bool closed_ = false, failed_ = false;
};

}  // namespace v0
}  // namespace lian
