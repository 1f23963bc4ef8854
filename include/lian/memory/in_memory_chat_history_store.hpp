#pragma once

#include <memory>
#include <string>
#include <vector>

#include "lian/memory/chat_history_store.hpp"

namespace lian {
inline namespace v0 {

/// Sessions in memory, gone with the store. Thread-safe.
class LIAN_API InMemoryChatHistoryStore final : public ChatHistoryStore {
 public:
  InMemoryChatHistoryStore();
  ~InMemoryChatHistoryStore() override;
  std::string name() const override;

 private:
  Task<> append(std::string session, Messages messages, Context context) override;
  Task<Messages> read(std::string session, HistoryPage page, Context context) const override;
  Task<std::size_t> count(std::string session, Context context) const override;
  Task<> erase(std::string session, Context context) override;
  Task<std::vector<SessionInfo>> list(Context context) const override;

  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace v0
}  // namespace lian
