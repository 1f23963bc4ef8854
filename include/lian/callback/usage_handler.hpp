#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "lian/core/event.hpp"

namespace lian {
inline namespace v0 {

/// Adds up the tokens of every chat model run that it sees, in all and by model (LangChain's
/// UsageMetadataCallbackHandler), and what they cost. lian knows no prices: the program gives them.
/// Thread-safe.
class LIAN_API UsageHandler final : public Handler {
 public:
  /// Prices by the name the provider answers with, e.g. "gpt-4o-mini-2024-07-18".
  using Prices = std::map<std::string, TokenPrice>;

  UsageHandler();
  explicit UsageHandler(Prices prices);
  ~UsageHandler() override;
  void on_event(const Event& event) override;

  Usage total() const;
  std::map<std::string, Usage> by_model() const;
  /// Of the models that have a price, in the prices' currency.
  double cost() const;
  std::map<std::string, double> cost_by_model() const;
  /// Models that used tokens and have no price, sorted: they are not in `cost`.
  std::vector<std::string> unpriced_models() const;
  /// Model runs that ended well; those whose provider said nothing of usage count as well.
  std::size_t runs() const;
  /// Of these, runs whose provider said nothing of usage: neither tokens nor cost hold them.
  std::size_t runs_without_usage() const;
  /// Forgets everything but the prices.
  void reset();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace v0
}  // namespace lian
