#pragma once

#include <memory>
#include <string>
#include <vector>

#include "model/provider/google.hpp"

namespace lian {
inline namespace v0 {

/// PaLM's chat (generateMessage) and text completions (generateText) on generativelanguage, as the
/// v1beta2 protos have them; v1beta3 has the same two calls. No streams, no tools; the chat takes
/// neither a limit of tokens nor stop sequences. Retired by its vendor. Thread-safe.
class PalmCodec final : public GoogleCodec<ChatCodec> {
 public:
  enum class Kind { chat, text };
  PalmCodec(Kind kind, const Endpoint& endpoint);
  ChatAbilities abilities(std::string_view model) const override;
  HttpRequest encode(const ChatRequest& request, const Endpoint& endpoint,
                     std::vector<std::string>& warnings) const override;
  AIMessage decode(const HttpReply& reply) const override;
  /// Never asked: the abilities say that there are no streams.
  std::unique_ptr<ChatStreamDecoder> decoder(const ChatRequest& request) const override;
  /// countMessageTokens; of text, v1beta3's countTextTokens.
  HttpRequest encode_count(const ChatRequest& request, const Endpoint& endpoint) const override;
  std::int64_t decode_count(const HttpReply& reply) const override;

 private:
  Json prompt(const ChatRequest& request, std::vector<std::string>& warnings) const;

  Kind kind_;
  std::string provider_;
  bool counts_;
};

}  // namespace v0
}  // namespace lian
