#include <memory>
#include <utility>

#include "lian/core/http_transport.hpp"
#include "lian/core/error.hpp"
#include "net/curl_multi.hpp"
#include "net/fetch.hpp"
#include "net/inflate.hpp"
#include "net/uv_loop.hpp"
#include "net/websocket.hpp"

namespace lian {
inline namespace v0 {

namespace {

// Ends an exchange: at once, or by letting it run out when its reader has all it needs.
struct DropTransfer {
  CurlMulti* multi = nullptr;
  void operator()(Transfer* transfer) const noexcept {
    std::unique_ptr<Transfer> owner(transfer);
    if (transfer->drains()) multi->drain(std::move(owner));
  }
};
using TransferPtr = std::unique_ptr<Transfer, DropTransfer>;

// The bytes at hand; the buffer goes back to the connections it came from.
struct Chunk {
  Chunk(CurlMulti& owner, std::string taken) : multi(&owner), bytes(std::move(taken)) {}
  ~Chunk() { multi->give_buffer(std::move(bytes)); }
  Chunk(const Chunk&) = delete;
  Chunk& operator=(const Chunk&) = delete;
  CurlMulti* multi;
  std::string bytes;
};

// Decodes a body as it comes and keeps it to its limit.
class BodyDecoder {
 public:
  BodyDecoder(const HttpHeaders& headers, std::size_t max_bytes)
      : inflate_(encodings_of(headers)), max_bytes_(max_bytes) {}

  /// `raw` itself where nothing encodes it; else valid until the next call.
  std::string& decode(std::string& raw) {
    std::string* bytes = &raw;
    if (inflate_.active()) {
      decoded_.clear();
      inflate_.feed(raw, decoded_, max_bytes_ - total_);
      bytes = &decoded_;
    }
    total_ += bytes->size();
    if (total_ > max_bytes_) throw_body_too_large(max_bytes_);
    return *bytes;
  }
  void check_end() const { inflate_.check_end(); }

 private:
  static std::string encodings_of(const HttpHeaders& headers) {
    std::string encodings;  // fields of one name are one list
    for (const auto& [name, value] : headers.fields()) {
      if (curl_strequal(name.c_str(), "content-encoding") == 0) continue;
      if (!encodings.empty()) encodings += ", ";
      encodings += value;
    }
    return encodings;
  }

  Inflate inflate_;
  std::string decoded_;
  std::size_t total_ = 0, max_bytes_;
};

// The decoded body of an exchange whose header is there.
Stream<std::string> read_body(TransferPtr transfer, BodyDecoder decoder) {
  CurlMulti& multi = *transfer.get_deleter().multi;
  while (true) {
    if (!transfer->has_bytes() && !transfer->ended()) {
      Transfer::News news(*transfer);
      co_await news;
      continue;
    }
    if (!transfer->has_bytes()) break;
    Chunk chunk(multi, transfer->take());
    std::string& bytes = decoder.decode(chunk.bytes);
    if (!bytes.empty()) co_yield bytes;
  }
  transfer->check_end();
  decoder.check_end();
}

// The exchange outlives the body it is called before.
struct CompleteHook {
  explicit CompleteHook(Transfer* exchange) noexcept : transfer(exchange) {}
  void operator()() const noexcept { transfer->drain_when_dropped(); }
  Transfer* transfer;
};

Task<HttpResponse> exchange(HttpRequest request, HttpLimits limits) {
  CurlMulti& multi = UvLoop::require().curl();
  TransferPtr transfer(multi.start(std::move(request), limits).release(), DropTransfer{&multi});
  Transfer* exchange = transfer.get();
  while (!exchange->has_header() && !exchange->ended()) {
    Transfer::News news(*exchange);
    co_await news;
  }
  if (!exchange->has_header()) exchange->check_end();
  HttpHeaders headers = exchange->take_headers();
  BodyDecoder decoder(headers, exchange->max_body_bytes());
  const int status = exchange->status();
  Stream<std::string> body = read_body(std::move(transfer), std::move(decoder));
  HttpResponse response(status, std::move(headers), std::move(body));
  response.complete = CompleteHook(exchange);
  co_return response;
}

Task<HttpReply> fetch_whole(HttpRequest request, HttpLimits limits) {
  CurlMulti& multi = UvLoop::require().curl();
  const std::unique_ptr<Transfer> transfer = multi.start(std::move(request), limits);
  while (!transfer->has_header() && !transfer->ended()) {
    Transfer::News news(*transfer);
    co_await news;
  }
  if (!transfer->has_header()) transfer->check_end();
  HttpReply reply;
  reply.status = transfer->status();
  reply.headers = transfer->take_headers();
  const bool failed = is_error(reply.status);
  try {
    BodyDecoder decoder(reply.headers, transfer->max_body_bytes());
    while (transfer->has_bytes() || !transfer->ended()) {
      if (!transfer->has_bytes()) {
        Transfer::News news(*transfer);
        co_await news;
        continue;
      }
      Chunk chunk(multi, transfer->take());
      std::string& bytes = decoder.decode(chunk.bytes);
      if (reply.body.empty())
        reply.body.swap(bytes);
      else
        reply.body += bytes;
      if (failed && reply.body.size() > max_error_bytes) co_return reply;
    }
    transfer->check_end();
    decoder.check_end();
  } catch (const Error& error) {
    if (!failed || error.kind() == ErrorKind::cancelled) throw;
  }
  reply.body.reserve(reply.body.size() + parser_padding);
  co_return reply;
}

}  // namespace

Task<HttpReply> CurlTransport::fetch(HttpRequest request, HttpLimits limits) {
  if (request.websocket) return HttpTransport::fetch(std::move(request), limits);
  return fetch_whole(std::move(request), limits);
}

Task<HttpResponse> CurlTransport::send(HttpRequest request, HttpLimits limits) {
  if (request.websocket) return open_websocket(std::move(request), limits);
  return exchange(std::move(request), limits);
}

}  // namespace v0
}  // namespace lian
