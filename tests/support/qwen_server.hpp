#pragma once
// DashScope simulated: text-generation, multimodal-generation, text embeddings and the list of
// models, with what the vendor refuses refused.

#include <memory>

#include "support/scripted_server.hpp"

namespace lian::test {

class QwenServer final : public ScriptedServer {
 public:
  QwenServer();
  ~QwenServer() override;
  std::string provider() const override { return "qwen"; }
  ChatModel model(ModelConfig config = ModelConfig()) override;
  ChatModel model_with_wrong_key() override;
  std::optional<EmbeddingModel> embeddings(ModelConfig config = ModelConfig()) override;
  std::string url() { return server().url() + "/api/v1"; }
  static std::string key() { return "sk-dashscope-test-key"; }

 protected:
  Reply respond(const Request& request) override;
  std::optional<Reply> error_reply(ErrorKind kind) const override;
  Reply malformed_reply(const std::string& why) const override;
  bool is_authorized(const Request& request) const override;

 private:
  Reply generate(const Request& request, bool multimodal);
};

std::unique_ptr<SimulatedProvider> make_qwen_server();

}  // namespace lian::test
