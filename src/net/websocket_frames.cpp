#include "net/websocket_frames.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include <fmt/format.h>
#include <wslay/wslay.h>

#include "core/runtime_access.hpp"
#include "lian/core/error.hpp"

namespace lian {
inline namespace v0 {

namespace {

constexpr std::size_t parser_padding = 64;

[[noreturn]] void refuse(std::string_view what) {
  throw Error(ErrorKind::network, fmt::format("the WebSocket's peer {}", what));
}

}  // namespace

void WebSocketFrames::Free::operator()(wslay_event_context* context) const noexcept {
  wslay_event_context_free(context);
}

// What wslay calls; nothing may be thrown through it.
struct WebSocketFrames::Callbacks {
  static WebSocketFrames& self(void* user) noexcept { return *static_cast<WebSocketFrames*>(user); }

  static ssize_t receive(wslay_event_context_ptr context, std::uint8_t* buffer, std::size_t length,
                         int, void* user) {
    std::string_view& input = self(user).input_;
    if (input.empty()) {
      wslay_event_set_error(context, WSLAY_ERR_WOULDBLOCK);
      return -1;
    }
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

  static void message(wslay_event_context_ptr, const wslay_event_on_msg_recv_arg* arg, void* user) {
    try {
      self(user).take(*arg);
    } catch (const std::exception&) {  // out of memory
      self(user).failed_ = true;
    }
  }
};

WebSocketFrames::WebSocketFrames(Runtime& runtime, std::size_t max_message_bytes)
    : runtime_(&runtime), max_message_bytes_(max_message_bytes) {
  const wslay_event_callbacks callbacks = {&Callbacks::receive, &Callbacks::send, &Callbacks::mask,
                                           nullptr, nullptr, nullptr, &Callbacks::message};
  wslay_event_context_ptr context = nullptr;
  if (wslay_event_context_client_init(&context, &callbacks, this) != 0)
    throw Error(ErrorKind::network, "wslay could not be started: out of memory");
  context_.reset(context);
  wslay_event_config_set_max_recv_msg_length(context, max_message_bytes);
}

WebSocketFrames::~WebSocketFrames() = default;

void WebSocketFrames::take(const wslay_event_on_msg_recv_arg& arg) {
  const std::string_view bytes(reinterpret_cast<const char*>(arg.msg), arg.msg_length);
  if (arg.opcode == WSLAY_TEXT_FRAME || arg.opcode == WSLAY_BINARY_FRAME) {
    std::string message = std::exchange(spare_, std::string());
    message.reserve(bytes.size() + parser_padding);
    message = bytes;
    messages_.push_back(std::move(message));
  } else if (arg.opcode == WSLAY_CONNECTION_CLOSE) {
    if (bytes.size() == 1) failed_ = true;  // half a status
    closed_ = true;
    close_status_ = arg.status_code == 0 ? unsigned{WSLAY_CODE_NO_STATUS_RCVD} : arg.status_code;
    close_reason_ = bytes.substr(std::min<std::size_t>(bytes.size(), 2));  // behind the status
  }
}

void WebSocketFrames::feed(std::string_view bytes) {
  input_ = bytes;
  if (wslay_event_recv(context_.get()) != 0) failed_ = true;
  input_ = {};
  collect_output();
}

// wslay has told the peer what it did wrong; here it becomes an error.
void WebSocketFrames::check() const {
  if (failed_) refuse("sent frames that could not be read");
  if (closed_ || !wslay_event_get_close_sent(context_.get())) return;
  switch (wslay_event_get_status_code_sent(context_.get())) {
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
  if (wslay_event_queue_msg(context_.get(), &text) != 0)
    throw Error(ErrorKind::network, "a WebSocket that is closing takes no message");
  collect_output();
}

void WebSocketFrames::close() {
  if (wslay_event_get_close_sent(context_.get())) return;
  wslay_event_queue_close(context_.get(), WSLAY_CODE_NORMAL_CLOSURE, nullptr, 0);
  collect_output();
}

void WebSocketFrames::collect_output() {
  if (wslay_event_send(context_.get()) != 0) refuse("cannot be answered: out of memory");
}

}  // namespace v0
}  // namespace lian
