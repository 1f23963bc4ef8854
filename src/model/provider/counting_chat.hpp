#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "model/provider/openai.hpp"

namespace lian {
inline namespace v0 {

/// OpenAI's chat completions of a server that also counts a request's tokens: the same body at
/// another path, the number in one field of the reply. Thread-safe.
class CountingChatCodec final : public OpenAIChatCodec {
 public:
  CountingChatCodec(const OpenAIDialect& dialect, std::string_view path, std::string_view field)
      : OpenAIChatCodec(dialect), path_(path), field_(field) {}
  HttpRequest encode_count(const ChatRequest& request, const Endpoint& endpoint) const override;
  std::int64_t decode_count(const HttpReply& reply) const override;

 private:
  std::string path_, field_;
};

/// Where a server stands whose OpenAI dialect has the base URL `url`: without "/v1".
std::string server_root(std::string_view url);

}  // namespace v0
}  // namespace lian
