#include "core/ascii.hpp"
#include "model/provider/api_error.hpp"
#include "model/provider/ernie.hpp"
#include "model/provider/openai.hpp"

namespace lian {
inline namespace v0 {

namespace {

constexpr OpenAIDialect rows = [] {
  OpenAIDialect dialect;
  dialect.name = "ernie";
  return dialect;
}();

}  // namespace

std::size_t ernie_embedding_batch(std::string_view model) {
  return ascii_lower(model).starts_with("tao") ? 1 : 16;
}

std::size_t ErnieEmbeddingCodec::max_batch(std::string_view model) const noexcept {
  return ernie_embedding_batch(model);
}

// The rows stand in the reply as OpenAI has them; errors do not.
std::vector<std::vector<float>> ErnieEmbeddingCodec::decode(const HttpReply& reply,
                                                            std::size_t count) const {
  const bool may_be_error = reply.body.find("\"error_code\"") != std::string::npos;
  if (may_be_error && scalar_text(parse_or_null(reply.body)["error_code"]) != "")
    throw ernie_error_in_reply(reply.body);
  return OpenAIEmbeddingCodec(rows).decode(reply, count);
}

}  // namespace v0
}  // namespace lian
