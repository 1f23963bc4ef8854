#pragma once
// A simulated Vertex AI with PaLM's models: :predict and :serverStreamingPredict of chat-bison and
// text-bison, textembedding-gecko, countTokens.

#include <string>

#include "support/google_server.hpp"

namespace lian::test {

class VertexPalmServer final : public GoogleServer {
 public:
  ~VertexPalmServer() override { stop(); }
  std::string provider() const override { return "vertex"; }
  /// Where it is and as what project, with the right token.
  ModelConfig config(ModelConfig config = ModelConfig());
  ChatModel model(ModelConfig config = ModelConfig()) override;
  ChatModel model_with_wrong_key() override;
  TextModel text(ModelConfig config = ModelConfig());
  std::optional<EmbeddingModel> embeddings(ModelConfig config = ModelConfig()) override;

 private:
  bool is_authorized(const Request& request) const override;
  int wrong_key_status() const override { return 401; }
  Reply respond(const Request& request, const nlohmann::json& body) override;
  void understand(const nlohmann::json& instance, const nlohmann::json& parameters, bool chat);
  Reply predicted(bool chat) const;
  Reply streamed(bool chat, const std::string& query) const;
};

/// Answers a :predict of Vertex's models of embeddings.
Reply vertex_embeddings(const nlohmann::json& body);

}  // namespace lian::test
