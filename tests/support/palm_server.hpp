#pragma once
// A simulated PaLM API (generativelanguage v1beta2): generateMessage, generateText, embedText,
// countMessageTokens and the list of models. There is no streaming call.

#include <string>

#include "support/google_server.hpp"

namespace lian::test {

class PalmServer final : public GoogleServer {
 public:
  ~PalmServer() override { stop(); }
  std::string provider() const override { return "palm"; }
  std::string url() { return server().url() + "/v1beta2"; }
  ChatModel model(ModelConfig config = ModelConfig()) override;
  ChatModel model_with_wrong_key() override;
  TextModel text(ModelConfig config = ModelConfig());
  std::optional<EmbeddingModel> embeddings(ModelConfig config = ModelConfig()) override;

 private:
  bool is_authorized(const Request& request) const override;
  int wrong_key_status() const override { return 400; }
  Reply respond(const Request& request, const nlohmann::json& body) override;
  Reply message(const nlohmann::json& body);
  Reply completion(const nlohmann::json& body);
  std::string answer_text() const;
};

/// Checks {"context", "examples", "messages"} of either PaLM chat and tells what it says.
void understand_palm_chat(const nlohmann::json& prompt, const std::string& user,
                          const std::string& model, Seen& seen);

}  // namespace lian::test
