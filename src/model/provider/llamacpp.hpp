#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "model/codec.hpp"

namespace lian {
inline namespace v0 {

/// Text completions of a llama.cpp server (POST /completion, tools/server/README.md of 2026-08):
/// every sampler by `ChatOptions::extra` (`grammar`, `min_p`, `cache_prompt`, `n_probs`, …). With
/// `extra("input_prefix", …)` or `extra("input_suffix", …)` the text between is asked for (POST
/// /infill) and the prompt follows the prefix. Replies of 2023, which tell their end by
/// `stopped_eos`, `stopped_word` and `stopped_limit`, are read too. Thread-safe.
class LlamaCppCompletionCodec : public ChatCodec {
 public:
  ChatAbilities abilities(std::string_view model) const override;
  HttpRequest encode(const ChatRequest& request, const Endpoint& endpoint,
                     std::vector<std::string>& warnings) const override;
  AIMessage decode(const HttpReply& reply) const override;
  std::unique_ptr<ChatStreamDecoder> decoder(const ChatRequest& request) const override;
  ApiError classify(const HttpReply& reply, const Endpoint& endpoint) const override;
  /// POST /tokenize.
  HttpRequest encode_count(const ChatRequest& request, const Endpoint& endpoint) const override;
  std::int64_t decode_count(const HttpReply& reply) const override;
};

}  // namespace v0
}  // namespace lian
