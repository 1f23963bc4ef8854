#pragma once
// Baidu's Qianfan v1, simulated: OAuth tokens, bce-auth-v1, chat, text completions, embeddings. It
// refuses what the real one is known to refuse; it shares no code with the library.

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "support/simulated_provider.hpp"

namespace lian::test {

/// Every member function may be called from any thread.
class ErnieServer final : public SimulatedProvider {
 public:
  ErnieServer();
  ~ErnieServer() override;

  std::string provider() const override { return "ernie"; }
  ChatModel model(ModelConfig config = ModelConfig()) override;
  ChatModel model_with_wrong_key() override;
  std::optional<EmbeddingModel> embeddings(ModelConfig config = ModelConfig()) override;
  void answer(Script script) override;
  bool fail(ErrorKind kind) override;
  void deliver(std::function<void(Reply&)> how) override;
  Seen seen() const override;
  std::vector<std::string> refused() const override;
  RawServer& server() override { return *server_; }

  static std::string application_key() { return "AK_EXAMPLE_0123"; }
  static std::string application_secret() { return "SK_EXAMPLE_4567"; }
  static std::string iam_key() { return "ALTAK_EXAMPLE"; }
  static std::string iam_secret() { return "IAM_SECRET_89ab"; }

  /// Settings of a model that fetches its token by OAuth; `model()` has one to begin with.
  ModelConfig oauth_config() const;
  /// Settings of a model that signs by the IAM pair.
  ModelConfig signing_config() const;
  /// Every token given so far counts as expired (error 111).
  void expire_tokens();
  /// So does every token it gives from now on.
  void refuse_all_tokens(bool refuse);
  /// What `expires_in` says from now on, in seconds.
  void token_life(int seconds);
  int tokens_given() const;
  /// Fails so many requests with that code, then answers again; -1: all.
  void fail_with(int error_code, int times);

 private:
  Reply handle(const Request& request);
  Reply give_token(const Request& request);
  std::optional<Reply> check_access(const Request& request);
  Reply chat(const nlohmann::json& body, const std::string& path);
  Reply completion(const nlohmann::json& body);
  Reply embed(const nlohmann::json& body);
  Reply answered(const nlohmann::json& body, const std::string& object);
  Reply refuse(int code, const std::string& why);

  mutable std::mutex mutex_;
  Script script_;
  std::function<void(Reply&)> how_;
  std::optional<Seen> seen_;
  std::vector<std::string> refused_;
  std::set<std::string> valid_tokens_{"24.given+to/begin=with"};
  int tokens_given_ = 0, token_life_ = 2592000, failure_ = 0, failures_left_ = 0;
  bool refuse_tokens_ = false;
  std::unique_ptr<RawServer> server_;
};

std::unique_ptr<SimulatedProvider> make_ernie_server();

}  // namespace lian::test
