#include <memory>
#include <utility>

#include "lian/core/http_transport.hpp"
#include "net/curl_multi.hpp"
#include "net/inflate.hpp"
#include "net/uv_loop.hpp"
#include "net/websocket.hpp"

namespace lian {
inline namespace v0 {

HttpTransport::~HttpTransport() = default;

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

// The decoded body of an exchange whose header is there.
Stream<std::string> read_body(TransferPtr transfer, Inflate inflate) {
  CurlMulti& multi = *transfer.get_deleter().multi;
  std::string decoded;
  std::size_t total = 0;
  while (true) {
    if (!transfer->has_bytes() && !transfer->ended()) {
      Transfer::News news(*transfer);
      co_await news;
      continue;
    }
    if (!transfer->has_bytes()) break;
    Chunk chunk(multi, transfer->take());
    std::string* bytes = &chunk.bytes;
    if (inflate.active()) {
      decoded.clear();
      inflate.feed(chunk.bytes, decoded, transfer->max_body_bytes() - total);
      bytes = &decoded;
    }
    total += bytes->size();
    if (total > transfer->max_body_bytes()) throw_body_too_large(transfer->max_body_bytes());
    if (!bytes->empty()) co_yield *bytes;
  }
  transfer->check_end();
  inflate.check_end();
}

// The exchange outlives the body it is called before.
struct CompleteHook {
  explicit CompleteHook(Transfer* exchange) noexcept : transfer(exchange) {}
  void operator()() const noexcept { transfer->drain_when_dropped(); }
  Transfer* transfer;
};

Inflate inflate_for(const HttpHeaders& headers) {
  std::string encodings;  // fields of one name are one list
  for (const auto& [name, value] : headers.fields()) {
    if (curl_strequal(name.c_str(), "content-encoding") == 0) continue;
    if (!encodings.empty()) encodings += ", ";
    encodings += value;
  }
  return Inflate(encodings);
}

}  // namespace

namespace {

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
  Inflate inflate = inflate_for(headers);
  const int status = exchange->status();
  Stream<std::string> body = read_body(std::move(transfer), std::move(inflate));
  HttpResponse response(status, std::move(headers), std::move(body));
  response.complete = CompleteHook(exchange);
  co_return response;
}

}  // namespace

Task<HttpResponse> CurlTransport::send(HttpRequest request, HttpLimits limits) {
  if (request.websocket) return open_websocket(std::move(request), limits);
  return exchange(std::move(request), limits);
}

}  // namespace v0
}  // namespace lian
