#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "model/codec.hpp"

namespace lian {
inline namespace v0 {

/// OpenAI's Responses API (POST /responses), as the OpenAPI description of 2026-08-21 has it. A
/// leading system message goes as `instructions`. A reasoning item comes as a ReasoningPart whose
/// signature is the item's own JSON, which goes back untouched; items lian has no part for come and
/// go as UnknownPart. Settings of `extra` named "text" or "reasoning" are merged with lian's own
/// members of them. Thread-safe.
class ResponsesCodec : public ChatCodec {
 public:
  explicit ResponsesCodec(std::string_view provider) : provider_(provider) {}
  ChatAbilities abilities(std::string_view model) const override;
  HttpRequest encode(const ChatRequest& request, const Endpoint& endpoint,
                     std::vector<std::string>& warnings) const override;
  AIMessage decode(const HttpReply& reply) const override;
  std::unique_ptr<ChatStreamDecoder> decoder(const ChatRequest& request) const override;
  ApiError classify(const HttpReply& reply, const Endpoint& endpoint) const override;
  HttpRequest encode_count(const ChatRequest& request, const Endpoint& endpoint) const override;
  std::int64_t decode_count(const HttpReply& reply) const override;

 private:
  std::string provider_;
};

}  // namespace v0
}  // namespace lian
