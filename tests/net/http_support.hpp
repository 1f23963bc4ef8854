/// Exchanges over loopback sockets, without any provider.
#pragma once

#include <string>

#include "lian/core/error.hpp"
#include "lian/core/http_transport.hpp"
#include "lian/core/runtime.hpp"

namespace lian::test {

inline HttpRequest post(std::string url, std::string body = "{}") {
  HttpRequest request;
  request.url = std::move(url);
  request.body = std::move(body);
  return request;
}

inline HttpReply exchange(Runtime& runtime, HttpRequest request, HttpLimits limits = {}) {
  return block_on(runtime.http().fetch(std::move(request), limits), runtime);
}

/// What the exchange fails with; an Error{config} when it does not fail.
inline Error failure_of(Runtime& runtime, HttpRequest request, HttpLimits limits = {}) {
  try {
    exchange(runtime, std::move(request), limits);
  } catch (const Error& error) {
    return error;
  }
  return Error(ErrorKind::config, "did not fail");
}

}  // namespace lian::test
