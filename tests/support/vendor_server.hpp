#pragma once
// A vendor of OpenAI's dialect, simulated by its row of data in tests/data/vendors: where it
// listens, what it takes and refuses, how it words its replies, streams and errors. The README of
// that folder explains the members and names the vendors' pages they come from.

#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "support/scripted_server.hpp"

namespace lian::test {

class VendorServer final : public ScriptedServer {
 public:
  /// `name`: of a file of tests/data/vendors, without ".json".
  explicit VendorServer(const std::string& name);
  ~VendorServer() override { stop(); }

  std::string provider() const override { return rules_["provider"]; }
  ChatModel model(ModelConfig config = ModelConfig()) override;
  ChatModel model_with_wrong_key() override;
  std::optional<EmbeddingModel> embeddings(ModelConfig config = ModelConfig()) override;
  const nlohmann::json& rules() const { return rules_; }
  std::string key() const { return rules_["key"]; }

 private:
  ModelConfig configured(ModelConfig config, const std::string& with_key);
  Reply respond(const Request& request) override;
  Reply embed(const nlohmann::json& body) const;
  std::optional<Reply> error_reply(ErrorKind kind) const override;
  Reply malformed_reply(const std::string& why) const override;
  bool is_authorized(const Request& request) const override;

  nlohmann::json rules_;
};

std::unique_ptr<SimulatedProvider> make_vendor_server(const std::string& name);

}  // namespace lian::test
