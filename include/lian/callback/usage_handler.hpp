#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <string>

#include "lian/core/event.hpp"

namespace lian {
inline namespace v0 {

/// Adds up the tokens of every chat model run that it sees, in all and by model (LangChain's
/// UsageMetadataCallbackHandler). Thread-safe.
class LIAN_API UsageHandler final : public Handler {
 public:
  UsageHandler();
  ~UsageHandler() override;
  void on_event(const Event& event) override;

  Usage total() const;
  std::map<std::string, Usage> by_model() const;
  /// Model runs that ended well; those whose provider said nothing of usage count as well.
  std::size_t runs() const;
  void reset();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace v0
}  // namespace lian
