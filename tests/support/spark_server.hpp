#pragma once
// iFlytek's Spark simulated: the WebSocket interface with the embeddings that share its signature,
// and the HTTP interface, each with what the vendor refuses refused.

#include <memory>

#include "support/scripted_server.hpp"

namespace lian::test {

class SparkServer final : public ScriptedServer {
 public:
  SparkServer();
  ~SparkServer() override;
  std::string provider() const override { return "spark"; }
  ChatModel model(ModelConfig config = ModelConfig()) override { return model("v3.5", config); }
  ChatModel model(const std::string& version, ModelConfig config);
  ChatModel seeing_model() override { return model("image", {}); }
  ChatModel model_with_wrong_key() override;
  std::optional<EmbeddingModel> embeddings(ModelConfig config = ModelConfig()) override;
  /// Frames to be sent as they are in place of an answer; empty: as scripted.
  void set_frames(std::string bytes);

 protected:
  Reply respond(const Request& request) override;
  std::optional<Reply> error_reply(ErrorKind kind) const override;
  Reply malformed_reply(const std::string& why) const override;
  bool is_authorized(const Request& request) const override;
  std::optional<Reply> greet(const Request& request, std::optional<ErrorKind> failing) override;

 private:
  ModelConfig config_for(ModelConfig config) const;
  Reply embedded(const Request& request) const;
  bool embedding_ = false;  // the request at hand is one of the embeddings
  std::string frames_;
};

class SparkHttpServer final : public ScriptedServer {
 public:
  SparkHttpServer();
  ~SparkHttpServer() override;
  std::string provider() const override { return "spark"; }
  ChatModel model(ModelConfig config = ModelConfig()) override;
  ChatModel model_with_wrong_key() override;
  std::optional<EmbeddingModel> embeddings(ModelConfig) override { return std::nullopt; }

 protected:
  Reply respond(const Request& request) override;
  std::optional<Reply> error_reply(ErrorKind kind) const override;
  Reply malformed_reply(const std::string& why) const override;
  bool is_authorized(const Request& request) const override;
};

std::unique_ptr<SimulatedProvider> make_spark_server();
std::unique_ptr<SimulatedProvider> make_spark_http_server();

}  // namespace lian::test
