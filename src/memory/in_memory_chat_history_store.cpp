#include "lian/memory/in_memory_chat_history_store.hpp"

#include <iterator>
#include <map>
#include <mutex>
#include <shared_mutex>
#include <utility>

#include "memory/message_text.hpp"

namespace lian {
inline namespace v0 {

struct InMemoryChatHistoryStore::State {
  struct Session {
    Messages messages;
    std::int64_t updated_us = 0;
  };
  std::shared_mutex mutex;
  std::map<std::string, Session, std::less<>> sessions;
};

InMemoryChatHistoryStore::InMemoryChatHistoryStore() : state_(std::make_unique<State>()) {}
InMemoryChatHistoryStore::~InMemoryChatHistoryStore() = default;

std::string InMemoryChatHistoryStore::name() const { return "memory"; }

// `this` is kept by the caller while a task of its runs.
Task<> InMemoryChatHistoryStore::append(std::string session, Messages messages, Context context) {
  context.check();
  message_texts(messages);  // refuses what no other store could keep
  const std::lock_guard lock(state_->mutex);
  State::Session& own = state_->sessions[session];
  own.messages.insert(own.messages.end(), std::move_iterator(messages.begin()),
                      std::move_iterator(messages.end()));
  own.updated_us = now_us();
  co_return;
}

Task<Messages> InMemoryChatHistoryStore::read(std::string session, HistoryPage page,
                                              Context context) const {
  context.check();
  const std::shared_lock lock(state_->mutex);
  const auto found = state_->sessions.find(session);
  if (found == state_->sessions.end()) co_return Messages();
  const Messages& all = found->second.messages;
  const auto [begin, end] = page.range(all.size());
  co_return Messages(all.begin() + static_cast<std::ptrdiff_t>(begin),
                     all.begin() + static_cast<std::ptrdiff_t>(end));
}

Task<std::size_t> InMemoryChatHistoryStore::count(std::string session, Context context) const {
  context.check();
  const std::shared_lock lock(state_->mutex);
  const auto found = state_->sessions.find(session);
  co_return found == state_->sessions.end() ? 0 : found->second.messages.size();
}

Task<> InMemoryChatHistoryStore::erase(std::string session, Context context) {
  context.check();
  const std::lock_guard lock(state_->mutex);
  state_->sessions.erase(session);
  co_return;
}

Task<std::vector<SessionInfo>> InMemoryChatHistoryStore::list(Context context) const {
  context.check();
  std::vector<SessionInfo> sessions;
  {
    const std::shared_lock lock(state_->mutex);
    for (const auto& [id, session] : state_->sessions) {
      SessionInfo& info = sessions.emplace_back();
      info.id = id;
      info.messages = session.messages.size();
      info.updated_us = session.updated_us;
    }
  }
  sort_sessions(sessions);
  co_return sessions;
}

}  // namespace v0
}  // namespace lian
