#include "net/fetch.hpp"

#include <utility>

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

Task<HttpReply> fetch(HttpTransport& transport, HttpRequest request, HttpLimits limits) {
  Task<HttpResponse> sending = transport.send(std::move(request), limits);
  HttpResponse response = co_await std::move(sending);
  Task<HttpReply> reading = read_whole(std::move(response));
  co_return co_await std::move(reading);
}

}  // namespace v0
}  // namespace lian
