#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>

struct wslay_event_context;
struct wslay_frame_context;
struct wslay_frame_iocb;

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
    void operator()(wslay_frame_context* context) const noexcept;
  };
  void take(const wslay_frame_iocb& part);
  bool begin_frame(const wslay_frame_iocb& frame);
  void end_frame(const wslay_frame_iocb& frame);
  void end_message();
  void end_control(unsigned opcode);
  void take_goodbye();
  void refuse_with(unsigned status);
  void collect_output();
  void check() const;

  Runtime* runtime_;
  std::size_t max_message_bytes_;
  std::unique_ptr<wslay_event_context, Free> sender_;
  std::unique_ptr<wslay_frame_context, Free> receiver_;
  std::string_view input_;
  std::string output_, close_reason_;
  std::string message_, control_;  // as far as their frames have come
  std::uint64_t frame_left_ = 0;   // bytes of the frame under way
  unsigned message_kind_ = 0;      // the opcode of the message under way; 0: none
  std::deque<std::string> messages_;
  std::string spare_;  // the memory of a message that was read
  unsigned close_status_ = 0;
  unsigned refused_ = 0;                 // the status the peer was told for what it did wrong
  bool closed_ = false, ended_ = false;  // ended: nothing more is read
};

}  // namespace v0
}  // namespace lian
