#include "model/token_source.hpp"

#include <mutex>
#include <utility>

#include "lian/core/error.hpp"

namespace lian {
inline namespace v0 {
namespace {

class GivenTokens final : public TokenSource {
 public:
  explicit GivenTokens(std::shared_ptr<Function<std::string()>> ask) : ask_(std::move(ask)) {}

  Task<std::string> token(Context) override { co_return asked(); }
  // It was asked a moment ago: asking again gives no better one.
  bool refused(const std::string&) override { return false; }

 private:
  std::string asked() {
    const std::lock_guard lock(mutex_);
    std::string token = (*ask_)();
    if (token.empty())
      throw Error(
          ErrorKind::authentication,
          "the function given to ModelConfig().bearer_token(…) gave an empty token; nothing "
          "was sent");
    return token;
  }

  std::mutex mutex_;
  std::shared_ptr<Function<std::string()>> ask_;
};

}  // namespace

std::shared_ptr<TokenSource> tokens_of(std::shared_ptr<Function<std::string()>> ask) {
  return std::make_shared<GivenTokens>(std::move(ask));
}

}  // namespace v0
}  // namespace lian
