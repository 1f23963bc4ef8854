#include "net/fetch.hpp"

#include <utility>

#include "lian/core/error.hpp"

namespace lian {
inline namespace v0 {

Task<HttpReply> read_whole(HttpResponse response, std::string begin) {
  HttpReply reply;
  reply.status = response.status;
  reply.headers = std::move(response.headers);
  reply.body = std::move(begin);
  while (std::string* bytes = co_await response.body.next()) {
    if (reply.body.empty())
      reply.body.swap(*bytes);
    else
      reply.body += *bytes;
  }
  reply.body.reserve(reply.body.size() + parser_padding);
  co_return reply;
}

Task<HttpReply> read_error(HttpResponse response) {
  HttpReply reply;
  reply.status = response.status;
  reply.headers = std::move(response.headers);
  try {
    while (std::string* bytes = co_await response.body.next()) {
      reply.body += *bytes;
      if (reply.body.size() > max_error_bytes) break;
    }
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::cancelled) throw;
  }
  co_return reply;
}

HttpTransport::~HttpTransport() = default;

Task<HttpReply> HttpTransport::fetch(HttpRequest request, HttpLimits limits) {
  Task<HttpResponse> sending = send(std::move(request), limits);
  HttpResponse response = co_await std::move(sending);
  const bool failed = is_error(response.status);
  Task<HttpReply> reading =
      failed ? read_error(std::move(response)) : read_whole(std::move(response));
  co_return co_await std::move(reading);
}

}  // namespace v0
}  // namespace lian
