#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "model/codec.hpp"

namespace lian {
inline namespace v0 {

/// Baichuan's signed API of 2023, made for Baichuan2-53B: POST {base}/chat and {base}/stream/chat.
/// `X-BC-Signature` is the MD5 of secret key, body and time stamp; settings stand in `parameters`,
/// as do the fields of `extra` (top_k, with_search_enhance, …); there are no system messages: they
/// go before the first message of the user, with a warning. Errors come with HTTP 200 and a `code`;
/// a stream is lines of JSON and ends as HTTP says. Facts: the vendor's documentation of 2023 and
/// langchain @ed58eeb9c5. Thread-safe.
class BaichuanLegacyCodec final : public ChatCodec {
 public:
  ChatAbilities abilities(std::string_view model) const override;
  HttpRequest encode(const ChatRequest& request, const Endpoint& endpoint,
                     std::vector<std::string>& warnings) const override;
  void sign(HttpRequest& request, const Endpoint& endpoint, const Signing& signing) const override;
  /// A time stamp that has expired (10104).
  bool sign_anew(const ApiError& error) const override { return error.code == "10104"; }
  AIMessage decode(const HttpReply& reply) const override;
  std::unique_ptr<ChatStreamDecoder> decoder(const ChatRequest& request) const override;
  ApiError classify(const HttpReply& reply, const Endpoint& endpoint) const override;
  Framing framing() const noexcept override { return Framing::ndjson; }
  std::string_view request_id_header() const noexcept override { return "x-bc-request-id"; }
};

/// The signature of a request, in hexadecimal digits; `timestamp` in seconds.
std::string baichuan_signature(std::string_view secret_key, std::string_view body,
                               std::string_view timestamp);

/// System messages put before the first message of the user; says so.
Messages baichuan_fold_system(Messages messages, std::vector<std::string>& warnings);

}  // namespace v0
}  // namespace lian
