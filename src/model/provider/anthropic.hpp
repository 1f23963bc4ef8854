#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "model/codec.hpp"

namespace lian {
inline namespace v0 {

inline constexpr std::string_view anthropic_name = "claude";
inline constexpr std::string_view anthropic_first_version = "2023-06-01";

/// Anthropic's Messages API (POST /v1/messages), as its SDKs of 2026-11 have it, in the API
/// versions 2023-06-01 and 2026-10-21. The later takes no temperature, top_p and top_k, no document
/// in an assistant's message and no citations on a user's text. Thread-safe.
///
/// - max_tokens is required there; by default it is what suits the model (`claude_traits`).
/// - System and developer messages become the one system prompt, wherever they stood.
/// - Consecutive messages of one side become one, results of tools first.
/// - `extra` of a message that is no reply goes to its last part, where "cache_control" belongs.
/// - Reasoning goes back only with its signature.
class AnthropicChatCodec : public ChatCodec {
 public:
  explicit AnthropicChatCodec(std::string version = std::string(anthropic_first_version))
      : version_(std::move(version)) {}
  ChatAbilities abilities(std::string_view model) const override;
  HttpRequest encode(const ChatRequest& request, const Endpoint& endpoint,
                     std::vector<std::string>& warnings) const override;
  AIMessage decode(const HttpReply& reply) const override;
  std::unique_ptr<ChatStreamDecoder> decoder(const ChatRequest& request) const override;
  HttpRequest encode_count(const ChatRequest& request, const Endpoint& endpoint) const override;
  std::int64_t decode_count(const HttpReply& reply) const override;
  ApiError classify(const HttpReply& reply, const Endpoint& endpoint) const override;
  std::string_view request_id_header() const noexcept override { return "request-id"; }

 private:
  std::string version_;
};

/// Anthropic's text completions (POST /v1/complete, API version 2023-06-01), deprecated. A prompt
/// without "\n\nHuman:" is put between that and "\n\nAssistant:"; one with it is sent as it is.
/// Thread-safe.
class AnthropicTextCodec : public ChatCodec {
 public:
  ChatAbilities abilities(std::string_view model) const override;
  HttpRequest encode(const ChatRequest& request, const Endpoint& endpoint,
                     std::vector<std::string>& warnings) const override;
  AIMessage decode(const HttpReply& reply) const override;
  std::unique_ptr<ChatStreamDecoder> decoder(const ChatRequest& request) const override;
  ApiError classify(const HttpReply& reply, const Endpoint& endpoint) const override;
  std::string_view request_id_header() const noexcept override { return "request-id"; }
};

/// Anthropic's list of models (GET /v1/models). Thread-safe.
class AnthropicModelListCodec : public ModelListCodec {
 public:
  explicit AnthropicModelListCodec(std::string version) : version_(std::move(version)) {}
  HttpRequest encode(const Endpoint& endpoint, const std::string& page) const override;
  Page decode(const HttpReply& reply) const override;
  ApiError classify(const HttpReply& reply, const Endpoint& endpoint) const override;
  std::string_view request_id_header() const noexcept override { return "request-id"; }

 private:
  std::string version_;
};

/// A request without body to `path` below the endpoint's base URL: key, version, betas.
HttpRequest anthropic_request(const Endpoint& endpoint, std::string_view path,
                              std::string_view version);
/// The same as a POST of JSON.
HttpRequest anthropic_post(const Endpoint& endpoint, std::string_view path,
                           std::string_view version, std::string body);

}  // namespace v0
}  // namespace lian
