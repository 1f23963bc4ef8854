#pragma once
// Baichuan's signed API of 2023, simulated: /v1/chat and /v1/stream/chat. It recomputes each
// signature; it shares no code with the library.

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "support/simulated_provider.hpp"

namespace lian::test {

/// Every member function may be called from any thread.
class BaichuanServer final : public SimulatedProvider {
 public:
  BaichuanServer();
  ~BaichuanServer() override;

  std::string provider() const override { return "baichuan"; }
  ChatModel model(ModelConfig config = ModelConfig()) override;
  ChatModel model_with_wrong_key() override;
  std::optional<EmbeddingModel> embeddings(ModelConfig) override { return std::nullopt; }
  void answer(Script script) override;
  bool fail(ErrorKind kind) override;
  void deliver(std::function<void(Reply&)> how) override;
  Seen seen() const override;
  std::vector<std::string> refused() const override;
  RawServer& server() override { return *server_; }

  static std::string key() { return "baichuan-key-0123"; }
  static std::string secret() { return "baichuan-secret-4567"; }
  /// Fails so many requests with that code, then answers again; -1: all.
  void fail_with(int code, int times);

 private:
  Reply handle(const Request& request);
  Reply answered(const Request& request);
  Reply refuse(const std::string& why);

  mutable std::mutex mutex_;
  Script script_;
  std::function<void(Reply&)> how_;
  std::optional<Seen> seen_;
  std::vector<std::string> refused_;
  int failure_ = 0, failures_left_ = 0;
  std::unique_ptr<RawServer> server_;
};

std::unique_ptr<SimulatedProvider> make_baichuan_server();

}  // namespace lian::test
