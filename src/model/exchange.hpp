#pragma once

#include <exception>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "lian/core/http_transport.hpp"
#include "lian/core/runtime.hpp"
#include "lian/core/sleep.hpp"
#include "model/call_error.hpp"
#include "model/codec.hpp"
#include "model/engine.hpp"
#include "model/retry.hpp"

namespace lian {
inline namespace v0 {

/// What all requests of a call have: headers of the line, one Idempotency-Key, which is made when
/// `key` is empty.
void prepare(HttpRequest& request, const Line& line, const Context& context, std::string& key);

/// Signs the request of one try.
void sign(HttpRequest& request, const Line& line, const Codec& codec, const std::string& token);

/// Whether `failure` asks for another signature or token and there is one; not asked twice a call.
bool signs_anew(const std::exception_ptr& failure, const Line& line, const Codec& codec,
                const std::string& token);

/// Reads the body of a reply whose status is an error and throws what the codec makes of it.
Task<void> refuse(HttpResponse response, std::shared_ptr<const Line> line,
                  std::shared_ptr<const Codec> codec);

/// The same of a whole reply; nothing when it is none.
void check_status(const HttpReply& reply, const Line& line, const Codec& codec);

/// Adds the vendor's request id, which stands in the header, to an error of the body.
void note_request_id(ApiError& error, const HttpHeaders& headers, const Codec& codec);

/// A request with all its tries, until `decode` (a functor from HttpReply) accepts its reply.
/// `encode` gives the request of each try, so that none is kept while its reply is awaited. `step`
/// and `model` outlive the task.
template <class Encode, class Decode>
Task<typename Decode::Result> exchange(Encode encode, std::shared_ptr<const Line> line,
                                       std::shared_ptr<const Codec> codec, Decode decode,
                                       std::string_view step, std::string_view model,
                                       Context context) {
  RetryPlan plan(context, step, line->endpoint.base_url);
  std::string key;
  bool signed_anew = false;
  while (true) {
    std::exception_ptr failure;
    std::string token;
    HttpRequest request = encode();
    prepare(request, *line, context, key);
    try {
      if (line->tokens) {
        Task<std::string> asking = line->tokens->token(context);
        token = co_await std::move(asking);
      }
      sign(request, *line, *codec, token);
      HttpTransport& transport = context.runtime().http();
      Task<HttpReply> trying = transport.fetch(std::move(request), line->limits);
      const HttpReply reply = co_await std::move(trying);
      check_status(reply, *line, *codec);
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
