#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "model/provider/openai.hpp"

namespace lian {
inline namespace v0 {

struct ModelPlace;

/// One version of Spark's WebSocket interface: its address and its domain must agree.
struct SparkVersion {
  std::string_view name;    // as in "spark:v3.5"
  std::string_view path;    // of the address
  std::string_view domain;  // of the request, and another name of the version
  bool system = false;      // takes system messages
  bool functions = false;
  bool images = false;
  bool thinks = false;  // sends reasoning
  int max_tokens = 8192;
};

/// The version of that name, or of that domain; null for none.
const SparkVersion* spark_version(std::string_view name) noexcept;

/// `url` with the query that signs a request of that method (HMAC-SHA256 over host, date and
/// request line), as iFlytek's gateway checks it: https://www.xfyun.cn/doc/spark/general_url_authentication.html.
std::string spark_signed_url(const std::string& url, std::string_view method,
                             std::string_view api_key, std::string_view api_secret,
                             std::chrono::system_clock::time_point now);

/// How Spark's HTTP interface and all its errors differ from OpenAI's.
extern const OpenAIDialect spark_dialect;

/// Chat of iFlytek Spark over a WebSocket: one request a connection, answered by frames of JSON.
/// The model is a version ("v1.5" to "x2") or its domain. Images: one, of the model "image".
/// Thread-safe.
class SparkChatCodec final : public ChatCodec {
 public:
  ChatAbilities abilities(std::string_view model) const override;
  HttpRequest encode(const ChatRequest& request, const Endpoint& endpoint,
                     std::vector<std::string>& warnings) const override;
  AIMessage decode(const HttpReply& reply) const override;
  std::unique_ptr<ChatStreamDecoder> decoder(const ChatRequest& request) const override;
  Framing framing() const noexcept override { return Framing::websocket; }
  bool only_streams() const noexcept override { return true; }
  void sign(HttpRequest& request, const Endpoint& endpoint, const Signing& signing) const override;
  ApiError classify(const HttpReply& reply, const Endpoint& endpoint) const override;
};

/// Chat over the interface that resembles OpenAI's. Thread-safe.
class SparkHttpCodec final : public OpenAIChatCodec {
 public:
  SparkHttpCodec() : OpenAIChatCodec(spark_dialect) {}
  ChatAbilities abilities(std::string_view model) const override;
  HttpRequest encode(const ChatRequest& request, const Endpoint& endpoint,
                     std::vector<std::string>& warnings) const override;
};

/// Embeddings: one text a request, "para" for documents and "query" for questions. Thread-safe.
class SparkEmbeddingCodec final : public EmbeddingCodec {
 public:
  HttpRequest encode(const EmbeddingRequest& request, const Endpoint& endpoint) const override;
  std::vector<std::vector<float>> decode(const HttpReply& reply, std::size_t count) const override;
  void sign(HttpRequest& request, const Endpoint& endpoint, const Signing& signing) const override;
  ApiError classify(const HttpReply& reply, const Endpoint& endpoint) const override;
  std::size_t max_batch(std::string_view) const noexcept override { return 1; }
};

/// The error an HTTP reply of a signed interface means, a refused handshake included.
ApiError spark_error(const HttpReply& reply, const Endpoint& endpoint);

/// The error in the header of a reply of status 200.
ApiError spark_error_in_reply(std::string_view json);

}  // namespace v0
}  // namespace lian
