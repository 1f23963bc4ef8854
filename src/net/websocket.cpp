#include "net/websocket.hpp"

#include <algorithm>
#include <charconv>
#include <memory>
#include <utility>

#include <fmt/format.h>

#include "lian/core/error.hpp"
#include "lian/core/runtime.hpp"
#include "net/curl_multi.hpp"
#include "net/url.hpp"
#include "net/uv_loop.hpp"
#include "net/websocket_frames.hpp"
#include "net/websocket_handshake.hpp"

namespace lian {
inline namespace v0 {

namespace {

constexpr std::size_t most_unsent = std::size_t{64} << 10;   // answers to pings nobody takes
constexpr std::size_t refusal_bytes = std::size_t{64} << 10;
constexpr unsigned normal_closure = 1000, no_status = 1005;

/// A connection and what is spoken over it.
struct WebSocket {
  WebSocket(std::shared_ptr<Transfer> raw, Runtime& runtime, const HttpLimits& wanted)
      : transfer(std::move(raw)), frames(runtime, wanted.max_event_bytes()), limits(wanted) {}

  /// Has news come when there is something to do.
  void watch() {
    const bool full = frames.output().size() > most_unsent;
    transfer->watch(!full, !frames.output().empty());
  }

  /// Sends the last frames as far as the connection takes them.
  void send_last() {
    if (transfer->ended()) return;
    try {
      transfer->send(frames.output());
    } catch (const Error&) {  // the peer has gone first
    }
  }

  /// As `WebSocketFrames::next`; a peer that did wrong is told so.
  bool next(std::string& message) {
    try {
      return frames.next(message);
    } catch (const Error&) {
      send_last();
      throw;
    }
  }

  void check_closed() const {
    const unsigned status = frames.close_status();
    if (status == normal_closure || status == no_status) return;
    const std::string& reason = frames.close_reason();
    throw Error(ErrorKind::network,
                fmt::format("{} closed the WebSocket with status {}{}{}",
                            host_of(transfer->request().url), status, reason.empty() ? "" : ": ",
                            reason.substr(0, 123)));
  }

  std::shared_ptr<Transfer> transfer;
  WebSocketFrames frames;
  HttpLimits limits;
};

[[noreturn]] void throw_gone(const Transfer& transfer, std::string_view where) {
  throw Error(ErrorKind::network,
              fmt::format("{} closed the connection {}", host_of(transfer.request().url), where));
}

Stream<std::string> read_messages(std::shared_ptr<WebSocket> socket) {
  std::string bytes, message;
  std::size_t total = 0;
  while (true) {
    if (socket->next(message)) {
      total += message.size();
      if (total > socket->limits.max_body_bytes())
        throw LimitError(fmt::format("the messages of a WebSocket hold more than {} bytes",
                                     socket->limits.max_body_bytes()),
                         "max_body_bytes", socket->limits.max_body_bytes());
      co_yield message;
      continue;
    }
    if (socket->frames.closed()) break;
    socket->transfer->send(socket->frames.output());
    const bool full = socket->frames.output().size() > most_unsent;
    const Transfer::Got got =
        full ? Transfer::Got::nothing : socket->transfer->receive(bytes);
    if (got == Transfer::Got::end) throw_gone(*socket->transfer, "without closing the WebSocket");
    if (got == Transfer::Got::nothing) {
      socket->watch();
      Transfer::News news(*socket->transfer);
      co_await news;
      continue;
    }
    socket->frames.feed(bytes);
    bytes.clear();
  }
  socket->send_last();
  socket->check_closed();
}

// The bytes of a body in chunks, as far as they came.
std::string without_chunks(std::string_view raw) {
  std::string body;
  while (true) {
    std::size_t size = 0;
    const auto [end, status] = std::from_chars(raw.data(), raw.data() + raw.size(), size, 16);
    const std::size_t line = raw.find("\r\n");
    if (status != std::errc() || line == raw.npos || size == 0) return body;
    raw.remove_prefix(line + 2);
    body += raw.substr(0, size);
    if (raw.size() < size + 2) return body;
    raw.remove_prefix(size + 2);
  }
}

// How a refusal says where its body ends.
struct Refusal {
  explicit Refusal(const HttpHeaders& headers) {
    const std::string* coding = headers.find("transfer-encoding");
    chunked = coding && coding->find("chunked") != std::string::npos;
    const std::string* field = headers.find("content-length");
    if (field) std::from_chars(field->data(), field->data() + field->size(), length);
  }
  bool is_whole(const std::string& body) const {
    if (chunked) return body.starts_with("0\r\n") || body.find("\r\n0\r\n") != body.npos;
    return body.size() >= length;
  }
  bool chunked = false;
  std::size_t length = refusal_bytes;
};

Stream<std::string> read_refusal(std::shared_ptr<Transfer> transfer, std::string body,
                                 Refusal refusal) {
  while (!refusal.is_whole(body) && body.size() < refusal_bytes) {
    const Transfer::Got got = transfer->receive(body);
    if (got == Transfer::Got::end) break;
    if (got == Transfer::Got::bytes) continue;
    transfer->watch(true, false);
    Transfer::News news(*transfer);
    co_await news;
  }
  if (refusal.chunked) body = without_chunks(body);
  if (!body.empty()) co_yield body;
}

// Sends a text whole.
Task<void> send_all(Transfer* transfer, std::string* bytes) {
  while (true) {
    transfer->send(*bytes);
    if (bytes->empty()) co_return;
    transfer->watch(false, true);
    Transfer::News news(*transfer);
    co_await news;
  }
}

// Says goodbye without waiting, as far as the connection takes it.
struct Goodbye {
  explicit Goodbye(std::weak_ptr<WebSocket> open) noexcept : socket(std::move(open)) {}
  void operator()() const {
    const std::shared_ptr<WebSocket> open = socket.lock();
    if (!open) return;
    open->frames.close();
    open->send_last();
  }
  std::weak_ptr<WebSocket> socket;
};

}  // namespace

Task<HttpResponse> open_websocket(HttpRequest request, HttpLimits limits) {
  UvLoop& loop = UvLoop::require();
  WebSocketHandshake handshake(loop.runtime(), request, limits.max_header_bytes());
  const std::string text = std::exchange(request.body, {});
  std::shared_ptr<Transfer> transfer = loop.curl().start(std::move(request), limits);
  while (!transfer->connected()) {
    if (transfer->ended()) transfer->check_end();
    Transfer::News news(*transfer);
    co_await news;
  }
  std::string bytes = handshake.head();
  Task<void> asking = send_all(transfer.get(), &bytes);
  co_await std::move(asking);
  while (!handshake.read_reply(bytes)) {
    const Transfer::Got got = transfer->receive(bytes);
    if (got == Transfer::Got::end) throw_gone(*transfer, "before its reply");
    if (got == Transfer::Got::bytes) continue;
    transfer->watch(true, false);
    Transfer::News news(*transfer);
    co_await news;
  }
  HttpHeaders headers = handshake.headers();
  if (handshake.status() != 101) {
    if (handshake.status() < 300)
      throw Error(ErrorKind::network,
                  fmt::format("{} answered {} and opened no WebSocket: check the base URL",
                              host_of(transfer->request().url), handshake.status()));
    Refusal refusal(headers);
    Stream<std::string> body = read_refusal(std::move(transfer), std::move(bytes), refusal);
    co_return HttpResponse(handshake.status(), std::move(headers), std::move(body));
  }
  handshake.check_accepted();
  auto socket = std::make_shared<WebSocket>(std::move(transfer), loop.runtime(), limits);
  socket->frames.send_text(text);
  Task<void> sending = send_all(socket->transfer.get(), &socket->frames.output());
  co_await std::move(sending);
  if (!bytes.empty()) socket->frames.feed(bytes);
  Goodbye goodbye(socket);
  Stream<std::string> messages = read_messages(std::move(socket));
  HttpResponse response(101, std::move(headers), std::move(messages));
  response.complete = std::move(goodbye);
  co_return response;
}

}  // namespace v0
}  // namespace lian
