#pragma once
// A simulated Gemini (generativelanguage v1beta): generateContent, streamGenerateContent in both
// framings, countTokens, batchEmbedContents and the list of models in two pages. It refuses what
// the real one refuses, also a function call that comes back without the signature it was given.
// On Vertex it is the same protocol below a project's path, with a token in place of the key,
// publishers' models, and embeddings by :predict.

#include <map>
#include <string>

#include "support/google_server.hpp"

namespace lian::test {

class GeminiServer final : public GoogleServer {
 public:
  enum class Host { generativelanguage, vertex };
  explicit GeminiServer(Host host = Host::generativelanguage) : vertex_(host == Host::vertex) {}
  ~GeminiServer() override { stop(); }
  std::string provider() const override { return vertex_ ? "vertex" : "gemini"; }
  std::string url() { return server().url() + (vertex_ ? "/v1beta1" : "/v1beta"); }
  /// Where it is and as whom, with the right key or token.
  ModelConfig config(ModelConfig config = ModelConfig());
  ChatModel model(ModelConfig config = ModelConfig()) override;
  ChatModel model_with_wrong_key() override;
  std::optional<EmbeddingModel> embeddings(ModelConfig config = ModelConfig()) override;

 private:
  bool is_authorized(const Request& request) const override;
  int wrong_key_status() const override { return vertex_ ? 401 : 400; }
  Reply respond(const Request& request, const nlohmann::json& body) override;
  void understand(const nlohmann::json& body);
  void check_signatures(const nlohmann::json& contents) const;
  std::vector<nlohmann::json> chunks();
  nlohmann::json usage(int pieces) const;

  bool vertex_;
  std::map<std::string, std::string> signatures_;  // of calls, by their id
};

/// Throws GoogleRefusal unless it is a GenerateContentRequest that Gemini takes.
void check_gemini_request(const nlohmann::json& body);

}  // namespace lian::test
