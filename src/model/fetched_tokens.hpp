#pragma once

#include <chrono>
#include <memory>
#include <mutex>
#include <string>

#include "lian/core/http.hpp"
#include "lian/core/single_flight.hpp"
#include "model/token_source.hpp"

namespace lian {
inline namespace v0 {

/// How a vendor hands out tokens: pure functions. Thread-safe.
class TokenGrant {
 public:
  struct Token {
    Token() = default;
    std::string text;
    std::chrono::seconds lifetime{};
  };
  virtual ~TokenGrant() = default;
  virtual HttpRequest ask(std::chrono::system_clock::time_point now) const = 0;
  /// A reply of any status. Throws ApiError for one that is no token.
  virtual Token read(const HttpReply& reply) const = 0;
};

/// Tokens fetched when they are needed, kept until shortly before they expire (an hour, or a tenth
/// of a shorter life). Callers that need one at the same time share one fetch.
class FetchedTokens final : public TokenSource {
 public:
  /// `timeout` ends a fetch whose answer does not come. A token that was fetched because its
  /// predecessor was refused, and that has never been accepted, is not replaced within
  /// `min_interval`. `first` is used until it is refused; without a grant, always.
  FetchedTokens(std::unique_ptr<const TokenGrant> grant, std::chrono::seconds timeout,
                std::chrono::seconds min_interval, std::string first = {});

  Task<std::string> token(Context context) override;
  bool refused(const std::string& token) override;
  void accepted(const std::string& token) override;

 private:
  using Steady = std::chrono::steady_clock;
  std::string current() const;
  void keep(const TokenGrant::Token& token);
  Task<std::string> fetch_token(Context context);

  const std::unique_ptr<const TokenGrant> grant_;
  const std::chrono::seconds timeout_, min_interval_;
  const SingleFlight<std::string> flights_;

  mutable std::mutex mutex_;  // guards what follows
  std::string token_;
  Steady::time_point obtained_, stale_;
  bool was_refused_ = false;  // the predecessor of the next token
  bool replacement_ = false;  // for a token that was refused
  bool accepted_ = false;
};

}  // namespace v0
}  // namespace lian
