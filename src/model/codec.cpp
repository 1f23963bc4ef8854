#include "model/codec.hpp"

namespace lian {
inline namespace v0 {

const std::string& Endpoint::option(std::string_view name) const noexcept {
  static const std::string none;
  for (const auto& [key, value] : options)
    if (key == name) return value;
  return none;
}

namespace {
[[noreturn]] void no_count() {
  throw UnsupportedError("the provider has no call that counts the tokens of a request",
                         "count_tokens");
}
}  // namespace

void Codec::sign(HttpRequest& request, const Endpoint&, const Signing& signing) const {
  if (!signing.token.empty()) request.headers.set("authorization", "Bearer " + signing.token);
}

HttpRequest ChatCodec::encode_count(const ChatRequest&, const Endpoint&) const { no_count(); }
std::int64_t ChatCodec::decode_count(const HttpReply&) const { no_count(); }

}  // namespace v0
}  // namespace lian
