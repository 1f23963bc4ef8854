#include "model/exchange.hpp"

#include <charconv>

#include "core/runtime_access.hpp"
#include "net/fetch.hpp"

namespace lian {
inline namespace v0 {

namespace {

// FNV-1a (Fowler, Noll, Vo 1991).
std::uint64_t hash(std::string_view text) noexcept {
  std::uint64_t value = 14695981039346656037U;
  for (const char c : text) value = (value ^ static_cast<unsigned char>(c)) * 1099511628211U;
  return value;
}

std::string hex(std::uint64_t bits) {
  char text[16];
  const auto end = std::to_chars(text, text + sizeof text, bits, 16);
  return std::string(text, end.ptr);
}

// The same on every try of a call, so that the provider can tell a repeated request from a new one:
// tries of the engine share the request, those of `with_retry` the call's id and what is sent.
std::string idempotency_key(const HttpRequest& request, const Context& context) {
  if (const Value* call = context.metadata().find(call_metadata))
    return call->to_text() + hex(hash(request.url) ^ hash(request.body));
  return hex(detail::random_bits(context));
}

ApiError refusal(const HttpReply& reply, const Line& line, const Codec& codec) {
  ApiError error = codec.classify(reply, line.endpoint);
  note_request_id(error, reply.headers, codec);
  return error;
}

}  // namespace

void prepare(HttpRequest& request, const Line& line, const Context& context, std::string& key) {
  for (const auto& [name, value] : line.endpoint.headers.fields()) request.headers.set(name, value);
  if (key.empty()) key = idempotency_key(request, context);
  request.headers.set("Idempotency-Key", key);
}

void sign(HttpRequest& request, const Line& line, const Codec& codec, const std::string& token) {
  Signing signing;
  signing.now = std::chrono::system_clock::now();
  signing.token = token;
  codec.sign(request, line.endpoint, signing);
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

Task<void> refuse(HttpResponse response, std::shared_ptr<const Line> line,
                  std::shared_ptr<const Codec> codec) {
  Task<HttpReply> reading = read_error(std::move(response));
  const HttpReply reply = co_await std::move(reading);
  throw refusal(reply, *line, *codec);
}

void check_status(const HttpReply& reply, const Line& line, const Codec& codec) {
  if (is_error(reply.status)) throw refusal(reply, line, codec);
}

}  // namespace v0
}  // namespace lian
