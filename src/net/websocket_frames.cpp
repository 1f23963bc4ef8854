#include "net/websocket_frames.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include <fmt/format.h>
#include <wslay/wslay.h>

#include "core/runtime_access.hpp"
#include "lian/core/error.hpp"
#include "lian/core/utf8.hpp"

namespace lian {
inline namespace v0 {

namespace {

constexpr std::size_t parser_padding = 64, most_control_bytes = 125;
constexpr std::size_t most_room_ahead = std::size_t{64} << 10;  // for bytes that may never come

[[noreturn]] void refuse(std::string_view what) {
  throw Error(ErrorKind::network, fmt::format("the WebSocket's peer {}", what));
}

}  // namespace

void WebSocketFrames::Free::operator()(wslay_event_context* context) const noexcept {
  wslay_event_context_free(context);
}
void WebSocketFrames::Free::operator()(wslay_frame_context* context) const noexcept {
  wslay_frame_context_free(context);
}

// What wslay calls; nothing may be thrown through it.
struct WebSocketFrames::Callbacks {
  static WebSocketFrames& self(void* user) noexcept { return *static_cast<WebSocketFrames*>(user); }

  static ssize_t receive(std::uint8_t* buffer, std::size_t length, int, void* user) {
    std::string_view& input = self(user).input_;
    if (input.empty()) return -1;  // later
    const std::size_t count = std::min(length, input.size());
    std::memcpy(buffer, input.data(), count);
    input.remove_prefix(count);
    return static_cast<ssize_t>(count);
  }

  static ssize_t send(wslay_event_context_ptr context, const std::uint8_t* data,
                      std::size_t length, int, void* user) {
    try {
      self(user).output_.append(reinterpret_cast<const char*>(data), length);
      return static_cast<ssize_t>(length);
    } catch (const std::exception&) {  // out of memory
      wslay_event_set_error(context, WSLAY_ERR_NOMEM);
      return -1;
    }
  }

  static int mask(wslay_event_context_ptr, std::uint8_t* buffer, std::size_t length, void* user) {
    for (std::size_t i = 0; i < length; i += sizeof(std::uint64_t)) {
      const std::uint64_t bits = detail::random_bits(*self(user).runtime_);
      std::memcpy(buffer + i, &bits, std::min(sizeof bits, length - i));
    }
    return 0;
  }
};

// Frames are read one layer below wslay's messages, which look at text byte by byte and copy it.
WebSocketFrames::WebSocketFrames(Runtime& runtime, std::size_t max_message_bytes)
    : runtime_(&runtime), max_message_bytes_(max_message_bytes) {
  const wslay_event_callbacks sending = {nullptr, &Callbacks::send, &Callbacks::mask, nullptr,
                                         nullptr, nullptr,          nullptr};
  const wslay_frame_callbacks receiving = {nullptr, &Callbacks::receive, nullptr};
  wslay_event_context_ptr sender = nullptr;
  wslay_frame_context_ptr receiver = nullptr;
  const bool sends = wslay_event_context_client_init(&sender, &sending, this) == 0;
  sender_.reset(sender);
  const bool receives = wslay_frame_context_init(&receiver, &receiving, this) == 0;
  receiver_.reset(receiver);
  if (!sends || !receives)
    throw Error(ErrorKind::network, "wslay could not be started: out of memory");
}

WebSocketFrames::~WebSocketFrames() = default;

void WebSocketFrames::feed(std::string_view bytes) {
  input_ = bytes;
  while (!ended_) {
    wslay_frame_iocb part{};
    const ssize_t count = wslay_frame_recv(receiver_.get(), &part);
    if (count == WSLAY_ERR_WANT_READ) break;
    if (count < 0)
      refuse_with(WSLAY_CODE_PROTOCOL_ERROR);
    else
      take(part);
  }
  input_ = {};
  collect_output();
}

void WebSocketFrames::take(const wslay_frame_iocb& part) {
  if (frame_left_ == 0 && !begin_frame(part)) return;
  std::string& into = wslay_is_ctrl_frame(part.opcode) ? control_ : message_;
  into.append(reinterpret_cast<const char*>(part.data), part.data_length);
  frame_left_ -= part.data_length;
  if (frame_left_ == 0) end_frame(part);
}

bool WebSocketFrames::begin_frame(const wslay_frame_iocb& frame) {
  const bool control = wslay_is_ctrl_frame(frame.opcode);
  const bool known = frame.opcode <= WSLAY_BINARY_FRAME ||
                     (frame.opcode >= WSLAY_CONNECTION_CLOSE && frame.opcode <= WSLAY_PONG);
  const bool continues = frame.opcode == WSLAY_CONTINUATION_FRAME;
  const bool in_order = control || continues == (message_kind_ != 0);
  const bool control_fits = !control || (frame.fin && frame.payload_length <= most_control_bytes);
  if (!known || frame.rsv != 0 || frame.mask || !in_order || !control_fits)
    return refuse_with(WSLAY_CODE_PROTOCOL_ERROR), false;
  if (control) {
    control_.clear();
  } else {
    if (frame.payload_length > max_message_bytes_ - message_.size())
      return refuse_with(WSLAY_CODE_MESSAGE_TOO_BIG), false;
    if (!continues) message_kind_ = frame.opcode;
    const std::size_t more = std::min<std::size_t>(frame.payload_length, most_room_ahead);
    message_.reserve(message_.size() + more + parser_padding);
  }
  frame_left_ = frame.payload_length;
  return true;
}

void WebSocketFrames::end_frame(const wslay_frame_iocb& frame) {
  if (wslay_is_ctrl_frame(frame.opcode))
    end_control(frame.opcode);
  else if (frame.fin)
    end_message();
}

void WebSocketFrames::end_message() {
  if (message_kind_ == WSLAY_TEXT_FRAME && !utf8::is_valid(message_))
    return refuse_with(WSLAY_CODE_INVALID_FRAME_PAYLOAD_DATA);
  message_kind_ = 0;
  message_.reserve(message_.size() + parser_padding);
  messages_.push_back(std::move(message_));
  message_ = std::exchange(spare_, std::string());
  message_.clear();
}

void WebSocketFrames::end_control(unsigned opcode) {
  if (opcode == WSLAY_CONNECTION_CLOSE) return take_goodbye();
  if (opcode != WSLAY_PING) return;
  const wslay_event_msg pong = {
      WSLAY_PONG, reinterpret_cast<const std::uint8_t*>(control_.data()), control_.size()};
  wslay_event_queue_msg(sender_.get(), &pong);  // fails only where a goodbye was said already
}

// RFC 6455, 7.4: no status, or two bytes of one that may be sent, and a reason.
void WebSocketFrames::take_goodbye() {
  if (control_.empty()) {
    close_status_ = WSLAY_CODE_NO_STATUS_RCVD;
  } else {
    const auto byte = [this](std::size_t i) { return static_cast<unsigned char>(control_[i]); };
    close_status_ = control_.size() == 1 ? 0U : byte(0) * 256U + byte(1);
    const bool standard = close_status_ >= 1000 && close_status_ <= 1014 &&
                          (close_status_ < 1004 || close_status_ > 1006);
    if (!standard && (close_status_ < 3000 || close_status_ > 4999))
      return refuse_with(WSLAY_CODE_PROTOCOL_ERROR);
    close_reason_ = control_.substr(2);
    if (!utf8::is_valid(close_reason_)) return refuse_with(WSLAY_CODE_INVALID_FRAME_PAYLOAD_DATA);
  }
  closed_ = ended_ = true;
  const unsigned status = control_.empty() ? 0U : close_status_;
  wslay_event_queue_close(sender_.get(), static_cast<std::uint16_t>(status), nullptr, 0);
}

// Tells the peer what it did wrong; `check` makes it an error here.
void WebSocketFrames::refuse_with(unsigned status) {
  ended_ = true;
  refused_ = status;
  wslay_event_queue_close(sender_.get(), static_cast<std::uint16_t>(status), nullptr, 0);
}

void WebSocketFrames::check() const {
  switch (refused_) {
    case WSLAY_CODE_MESSAGE_TOO_BIG:
      throw LimitError(
          fmt::format("a WebSocket message of more than {} bytes came", max_message_bytes_),
          "max_event_bytes", max_message_bytes_);
    case WSLAY_CODE_INVALID_FRAME_PAYLOAD_DATA:
      refuse("sent a text message that is not UTF-8");
    case WSLAY_CODE_PROTOCOL_ERROR:
      refuse("sent frames that the protocol forbids (masked, reserved bits or wrong fragments)");
    default:
      return;
  }
}

bool WebSocketFrames::next(std::string& message) {
  if (messages_.empty()) {
    check();
    return false;
  }
  message.swap(messages_.front());
  spare_ = std::move(messages_.front());
  messages_.pop_front();
  return true;
}

void WebSocketFrames::send_text(std::string_view message) {
  const wslay_event_msg text = {WSLAY_TEXT_FRAME,
                                reinterpret_cast<const std::uint8_t*>(message.data()),
                                message.size()};
  if (wslay_event_queue_msg(sender_.get(), &text) != 0)
    throw Error(ErrorKind::network, "a WebSocket that is closing takes no message");
  collect_output();
}

void WebSocketFrames::close() {
  if (wslay_event_get_close_sent(sender_.get())) return;
  wslay_event_queue_close(sender_.get(), WSLAY_CODE_NORMAL_CLOSURE, nullptr, 0);
  collect_output();
}

void WebSocketFrames::collect_output() {
  if (wslay_event_send(sender_.get()) != 0) refuse("cannot be answered: out of memory");
}

}  // namespace v0
}  // namespace lian
