#pragma once
// Anthropic, simulated: messages, counts of tokens, text completions and the list of models. It
// refuses what the real one refuses; it shares no code with the library.

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "support/simulated_provider.hpp"

namespace lian::test {

/// Every member function may be called from any thread.
class ClaudeServer final : public SimulatedProvider {
 public:
  ClaudeServer();
  ~ClaudeServer() override;

  std::string provider() const override { return "claude"; }
  ChatModel model(ModelConfig config = ModelConfig()) override;
  ChatModel model_with_wrong_key() override;
  std::optional<EmbeddingModel> embeddings(ModelConfig) override { return std::nullopt; }
  void answer(Script script) override;
  bool fail(ErrorKind kind) override;
  void deliver(std::function<void(Reply&)> how) override;
  Seen seen() const override;
  std::vector<std::string> refused() const override;
  RawServer& server() override { return *server_; }

  static std::string key() { return "sk-ant-test-key"; }
  /// Fails so many requests as `fail` says, then answers again.
  bool fail(ErrorKind kind, int times);

 private:
  Reply handle(const Request& request);
  Reply route(const Request& request);
  Reply post(const Request& request, const nlohmann::json& body);
  Reply refuse(int status, const std::string& type, const std::string& message);
  static bool has_key(const Request& request);
  static Reply models(const Request& request);

  mutable std::mutex mutex_;
  Script script_;
  std::function<void(Reply&)> how_;
  std::optional<Seen> seen_;
  std::vector<std::string> refused_;
  ErrorKind failure_ = ErrorKind::server;
  int failures_left_ = 0;  // -1: all
  std::unique_ptr<RawServer> server_;
};

std::unique_ptr<SimulatedProvider> make_claude_server();

}  // namespace lian::test
