#pragma once

#include <memory>
#include <string>

#include "lian/core/context.hpp"
#include "lian/core/function.hpp"
#include "lian/core/task.hpp"

namespace lian {
inline namespace v0 {

/// Gives the token that requests are signed with where it is not the key itself: fetched from the
/// provider, or given by the user's function. Shared by all models of a line; thread-safe.
class TokenSource {
 public:
  virtual ~TokenSource() = default;
  /// A token that should be valid now; many callers that need a new one share one fetch.
  virtual Task<std::string> token(Context context) = 0;
  /// The provider has refused `token`: the next call of `token` gives another one. False when a
  /// newer one would be no better (it was obtained a moment ago).
  virtual bool refused(const std::string& token) = 0;
  /// A request with `token` was answered: when it is refused later, it has expired.
  virtual void accepted(const std::string& token) { static_cast<void>(token); }
};

/// The tokens a user's function gives; it is asked before each try, by one thread at a time.
std::shared_ptr<TokenSource> tokens_of(std::shared_ptr<Function<std::string()>> ask);

}  // namespace v0
}  // namespace lian
