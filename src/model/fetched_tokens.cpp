#include "model/fetched_tokens.hpp"

#include <algorithm>
#include <utility>

#include "lian/core/http_transport.hpp"
#include "lian/core/runtime.hpp"

namespace lian {
inline namespace v0 {

namespace {

constexpr std::chrono::seconds most_margin = std::chrono::hours(1);

}  // namespace

FetchedTokens::FetchedTokens(std::unique_ptr<const TokenGrant> grant, std::chrono::seconds timeout,
                             std::chrono::seconds min_interval, std::string first)
    : grant_(std::move(grant)),
      timeout_(timeout),
      min_interval_(min_interval),
      token_(std::move(first)),
      stale_(Steady::time_point::max()) {}

Task<std::string> FetchedTokens::token(Context context) {
  std::string known = current();
  if (!known.empty()) co_return known;
  Function<Task<std::string>()> make = [this, context] { return fetch_token(context); };
  Task<std::string> flying = flights_.run("token", std::move(make));
  co_return co_await std::move(flying);
}

std::string FetchedTokens::current() const {
  const std::lock_guard lock(mutex_);
  return Steady::now() < stale_ ? token_ : std::string();
}

Task<std::string> FetchedTokens::fetch_token(Context context) {
  std::string known = current();  // of a flight that landed just before
  if (!known.empty()) co_return known;
  HttpRequest request = grant_->ask(std::chrono::system_clock::now());
  HttpLimits limits;
  limits.connect_timeout(timeout_).first_byte_timeout(timeout_).idle_timeout(timeout_);
  Task<HttpReply> fetching = context.runtime().http().fetch(std::move(request), limits);
  const HttpReply reply = co_await std::move(fetching);
  TokenGrant::Token token = grant_->read(reply);
  keep(token);
  co_return token.text;
}

void FetchedTokens::keep(const TokenGrant::Token& token) {
  const std::lock_guard lock(mutex_);
  token_ = token.text;
  obtained_ = Steady::now();
  stale_ = obtained_ + token.lifetime - std::min(most_margin, token.lifetime / 10);
  replacement_ = std::exchange(was_refused_, false);
  accepted_ = false;
}

bool FetchedTokens::refused(const std::string& token) {
  if (!grant_) return false;
  const std::lock_guard lock(mutex_);
  if (token != token_) return true;
  if (replacement_ && !accepted_ && Steady::now() - obtained_ < min_interval_) return false;
  token_.clear();
  was_refused_ = true;
  return true;
}

void FetchedTokens::accepted(const std::string& token) {
  const std::lock_guard lock(mutex_);
  if (token == token_) accepted_ = true;
}

}  // namespace v0
}  // namespace lian
