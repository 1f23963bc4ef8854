#pragma once

#include <exception>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "lian/core/sleep.hpp"
#include "model/call_error.hpp"
#include "model/codec.hpp"
#include "model/engine.hpp"
#include "model/retry.hpp"

namespace lian {
inline namespace v0 {

/// What all requests of a call have: headers of the line, one Idempotency-Key.
void prepare(HttpRequest& request, const Line& line, const Context& context);

/// A copy of the request, signed for one try.
HttpRequest signed_copy(const HttpRequest& request, const Line& line, const Codec& codec,
                        std::string token);

/// Whether `failure` asks for another signature or token and there is one; not asked twice a call.
bool signs_anew(const std::exception_ptr& failure, const Line& line, const Codec& codec,
                const std::string& token);

/// Sends once. An error status is read and thrown as the codec classifies it.
Task<HttpResponse> open_once(HttpRequest request, std::shared_ptr<const Line> line,
                             std::shared_ptr<const Codec> codec, Context context);

/// Sends once and reads the whole reply.
Task<HttpReply> exchange_once(HttpRequest request, std::shared_ptr<const Line> line,
                              std::shared_ptr<const Codec> codec, Context context);

/// Adds the vendor's request id, which stands in the header, to an error of the body.
void note_request_id(ApiError& error, const HttpHeaders& headers, const Codec& codec);

/// A request with all its tries, until `decode` (a copyable functor from HttpReply) accepts its
/// reply.
template <class Decode>
Task<typename Decode::Result> exchange(HttpRequest request, std::shared_ptr<const Line> line,
                                       std::shared_ptr<const Codec> codec, Decode decode,
                                       std::string step, std::string model, Context context) {
  RetryPlan plan(context, std::move(step), line->endpoint.base_url);
  bool signed_anew = false;
  while (true) {
    std::exception_ptr failure;
    std::string token;
    try {
      if (line->tokens) {
        Task<std::string> asking = line->tokens->token(context);
        token = co_await std::move(asking);
      }
      HttpRequest copy = signed_copy(request, *line, *codec, token);
      Task<HttpReply> trying = exchange_once(std::move(copy), line, codec, context);
      HttpReply reply = co_await std::move(trying);
      try {
        typename Decode::Result result = decode(reply);
        plan.succeeded();
        if (line->tokens) line->tokens->accepted(token);
        co_return result;
      } catch (ApiError& error) {
        note_request_id(error, reply.headers, *codec);
        throw;
      }
    } catch (const Error&) {
      failure = call_error(*line, model, token);
    }
    if (!signed_anew && signs_anew(failure, *line, *codec, token)) {
      signed_anew = true;
      continue;
    }
    const std::chrono::nanoseconds wait = plan.next(failure);
    Sleep sleeping = lian::sleep(wait);
    co_await sleeping;
  }
}

}  // namespace v0
}  // namespace lian
