#pragma once

#include <string_view>

#include "lian/core/error.hpp"
#include "lian/core/http.hpp"
#include "model/codec.hpp"
#include "model/provider/openai.hpp"

namespace lian {
inline namespace v0 {

/// The error an HTTP reply of the OpenAI dialect means. Any body: `{"error":{…}}`, `{"error":"…"}`,
/// a flat object, an array of one, an HTML page, plain text, nothing.
ApiError openai_error(const HttpReply& reply, const Endpoint& endpoint,
                      const OpenAIDialect& dialect = {});

/// The error that `json` describes, which came with status 200: inside a stream or as its whole
/// body.
ApiError openai_error_in_reply(std::string_view json, const OpenAIDialect& dialect);

/// OpenAI's own dialect under a provider's name.
inline OpenAIDialect named(std::string_view provider) {
  OpenAIDialect dialect;
  dialect.name = provider;
  return dialect;
}

/// Whether `json` describes an error although it came with status 200.
bool is_openai_error(std::string_view json);

}  // namespace v0
}  // namespace lian
