#include "model/exchange.hpp"

#include <fmt/format.h>

#include "core/runtime_access.hpp"
#include "net/fetch.hpp"

namespace lian {
inline namespace v0 {

namespace {

constexpr std::size_t error_body_bytes = std::size_t{64} << 10;

// FNV-1a (Fowler, Noll, Vo 1991).
std::uint64_t hash(std::string_view text) noexcept {
  std::uint64_t value = 14695981039346656037U;
  for (const char c : text) value = (value ^ static_cast<unsigned char>(c)) * 1099511628211U;
  return value;
}

// The same on every try of a call, so that the provider can tell a repeated request from a new one:
// tries of the engine share the request, those of `with_retry` the call's id and what is sent.
std::string idempotency_key(const HttpRequest& request, const Context& context) {
  if (const Value* call = context.metadata().find(call_metadata))
    return fmt::format("lian-{}{:016x}", call->to_text(), hash(request.url) ^ hash(request.body));
  Runtime& runtime = context.runtime();
  return fmt::format("lian-{:016x}{:016x}", detail::random_bits(runtime),
                     detail::random_bits(runtime));
}

// Reads the body of a reply that is an error; a body that does not come does not hide the status.
Task<HttpReply> read_error(HttpResponse response) {
  HttpReply reply;
  reply.status = response.status;
  reply.headers = std::move(response.headers);
  try {
    while (std::string* bytes = co_await response.body.next()) {
      reply.body += *bytes;
      if (reply.body.size() > error_body_bytes) break;
    }
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::cancelled) throw;
  }
  co_return reply;
}

// 101 opens a WebSocket; libcurl hands no other interim reply on.
bool is_success(int status) { return status == 101 || (status >= 200 && status < 300); }

}  // namespace

void prepare(HttpRequest& request, const Line& line, const Context& context) {
  for (const auto& [name, value] : line.endpoint.headers.fields()) request.headers.set(name, value);
  request.headers.set("Idempotency-Key", idempotency_key(request, context));
}

HttpRequest signed_copy(const HttpRequest& request, const Line& line, const Codec& codec,
                        std::string token) {
  HttpRequest copy = request;
  Signing signing;
  signing.now = std::chrono::system_clock::now();
  signing.token = std::move(token);
  codec.sign(copy, line.endpoint, signing);
  return copy;
}

bool signs_anew(const std::exception_ptr& failure, const Line& line, const Codec& codec,
                const std::string& token) {
  try {
    std::rethrow_exception(failure);
  } catch (const ApiError& error) {
    return codec.sign_anew(error) && (!line.tokens || line.tokens->refused(token));
  } catch (const Error&) {
    return false;
  }
}

void note_request_id(ApiError& error, const HttpHeaders& headers, const Codec& codec) {
  if (!error.request_id.empty()) return;
  if (const std::string* id = headers.find(codec.request_id_header())) error.request_id = *id;
}

Task<HttpResponse> open_once(HttpRequest request, std::shared_ptr<const Line> line,
                             std::shared_ptr<const Codec> codec, Context context) {
  HttpTransport& transport = context.runtime().http();
  Task<HttpResponse> sending = transport.send(std::move(request), line->limits);
  HttpResponse response = co_await std::move(sending);
  if (is_success(response.status)) co_return response;
  Task<HttpReply> reading = read_error(std::move(response));
  HttpReply reply = co_await std::move(reading);
  ApiError error = codec->classify(reply, line->endpoint);
  note_request_id(error, reply.headers, *codec);
  throw error;
}

Task<HttpReply> exchange_once(HttpRequest request, std::shared_ptr<const Line> line,
                              std::shared_ptr<const Codec> codec, Context context) {
  Task<HttpResponse> opening = open_once(std::move(request), line, codec, std::move(context));
  HttpResponse response = co_await std::move(opening);
  Task<HttpReply> reading = read_whole(std::move(response));
  co_return co_await std::move(reading);
}

}  // namespace v0
}  // namespace lian
