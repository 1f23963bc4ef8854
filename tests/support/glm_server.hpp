#pragma once
// Zhipu's GLM simulated: API v4 with its embeddings, and API v3 of 2023, each with what the vendor
// refuses refused.

#include <memory>

#include "support/scripted_server.hpp"

namespace lian::test {

class GlmServer final : public ScriptedServer {
 public:
  GlmServer();
  ~GlmServer() override;
  std::string provider() const override { return "glm"; }
  ChatModel model(ModelConfig config = ModelConfig()) override;
  ChatModel model_with_wrong_key() override;
  std::optional<EmbeddingModel> embeddings(ModelConfig config = ModelConfig()) override;
  static std::string key() { return "test0id0test0id0.test0secret0"; }
  /// Its clock runs ahead by that much, for tokens.
  void set_clock(std::chrono::milliseconds ahead, int requests = -1);
  int tokens_seen() const { return tokens_seen_; }

 protected:
  Reply respond(const Request& request) override;
  std::optional<Reply> error_reply(ErrorKind kind) const override;
  Reply malformed_reply(const std::string& why) const override;
  bool is_authorized(const Request& request) const override;
  std::optional<Reply> greet(const Request& request, std::optional<ErrorKind> failing) override;

 private:
  std::string url() { return server().url() + "/api/paas/v4"; }
  std::chrono::milliseconds ahead_{0};
  int ahead_requests_ = 0;
  int tokens_seen_ = 0;
};

class ChatGlmServer final : public ScriptedServer {
 public:
  ChatGlmServer();
  ~ChatGlmServer() override;
  std::string provider() const override { return "glm"; }
  ChatModel model(ModelConfig config = ModelConfig()) override;
  ChatModel model_with_wrong_key() override;
  std::optional<EmbeddingModel> embeddings(ModelConfig) override { return std::nullopt; }

 protected:
  Reply respond(const Request& request) override;
  std::optional<Reply> error_reply(ErrorKind kind) const override;
  Reply malformed_reply(const std::string& why) const override;
  bool is_authorized(const Request& request) const override;
};

std::unique_ptr<SimulatedProvider> make_glm_server();
std::unique_ptr<SimulatedProvider> make_chatglm_server();

}  // namespace lian::test
