#pragma once
// Ollama simulated, as ollama.com serves it (with a key): chat, generate, embed, tags and pull. A
// field of the wrong type is refused as Go's decoder does; so is one Ollama does not know, which it
// would ignore.

#include <atomic>
#include <memory>

#include "support/scripted_server.hpp"

namespace lian::test {

class OllamaServer final : public ScriptedServer {
 public:
  OllamaServer();
  ~OllamaServer() override;
  std::string provider() const override { return "ollama"; }
  ChatModel model(ModelConfig config = ModelConfig()) override;
  ChatModel model_with_wrong_key() override;
  std::optional<EmbeddingModel> embeddings(ModelConfig config = ModelConfig()) override;
  TextModel text_model();
  ModelConfig config();
  static std::string key() { return "ollama-test-key-0123"; }
  /// A server from before 2025: its tool calls have neither id nor index.
  void be_old() { old_ = true; }

 protected:
  Reply respond(const Request& request) override;
  std::optional<Reply> error_reply(ErrorKind kind) const override;
  Reply malformed_reply(const std::string& why) const override;
  bool is_authorized(const Request& request) const override;

 private:
  Reply chat(const nlohmann::json& body);
  Reply generate(const nlohmann::json& body);
  std::string lines_of(const std::string& model, bool is_chat) const;
  nlohmann::json calls() const;
  std::atomic<bool> old_ = false;
};

std::unique_ptr<SimulatedProvider> make_ollama_server();

}  // namespace lian::test
