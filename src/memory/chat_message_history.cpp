#include "lian/memory/chat_message_history.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <mutex>
#include <utility>

#include "lian/core/error.hpp"
#include "lian/core/runtime.hpp"
#include "lian/core/utf8.hpp"
#include "lian/memory/in_memory_chat_history_store.hpp"
#include "memory/message_text.hpp"

namespace lian {
inline namespace v0 {

std::pair<std::size_t, std::size_t> HistoryPage::range(std::size_t size) const noexcept {
  const std::size_t begin = std::min(offset_, size);
  const std::size_t end = begin + std::min(limit_.value_or(size), size - begin);
  if (newest_) return {size - end, size - begin};
  return {begin, end};
}

// ------------------------------------------------------------------ what stores share

std::vector<std::string> message_texts(const Messages& messages) {
  std::vector<std::string> texts;
  texts.reserve(messages.size());
  for (std::size_t i = 0; i < messages.size(); ++i) {
    try {
      texts.push_back(to_json(messages[i]).dump());
      Json::parse("[[" + texts.back() + "]]");  // as deep as it may lie in a store
    } catch (const Error& error) {
      throw Error(ErrorKind::validation,
                  fmt::format("message {} of {} cannot be stored, so none is: {}", i + 1,
                              messages.size(), error.message()));
    }
  }
  return texts;
}

std::int64_t now_us() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::microseconds>(now).count();
}

void sort_sessions(std::vector<SessionInfo>& sessions) {
  std::sort(sessions.begin(), sessions.end(), [](const SessionInfo& a, const SessionInfo& b) {
    return a.updated_us != b.updated_us ? a.updated_us > b.updated_us : a.id < b.id;
  });
}

struct ChatHistoryStore::Turns {
  // Drops the locks that nobody holds or waits for, each time their number has doubled.
  void tidy() {
    if (locks.size() < tidy_at) return;
    std::erase_if(locks, [](const auto& entry) { return entry.second.expired(); });
    tidy_at = std::max<std::size_t>(64, 2 * locks.size());
  }
  std::mutex mutex;
  std::map<std::string, std::weak_ptr<const AsyncMutex>> locks;
  std::size_t tidy_at = 64;
};

ChatHistoryStore::ChatHistoryStore() : turns_(std::make_unique<Turns>()) {}

std::shared_ptr<const AsyncMutex> ChatHistoryStore::turn_of(const std::string& session) const {
  const std::lock_guard lock(turns_->mutex);
  std::weak_ptr<const AsyncMutex>& known = turns_->locks[session];
  if (auto turn = known.lock()) return turn;
  const auto turn = std::make_shared<const AsyncMutex>();
  known = turn;
  turns_->tidy();
  return turn;
}
ChatHistoryStore::~ChatHistoryStore() = default;

std::vector<SessionInfo> ChatHistoryStore::sessions(Context context) const {
  Runtime& runtime = context.runtime();
  return block_on(asessions(std::move(context)), runtime);
}

Task<std::vector<SessionInfo>> ChatHistoryStore::asessions(Context context) const {
  return list(std::move(context));
}

// ------------------------------------------------------------------ one session

namespace {

// The store lives as long as what it was asked for.
using Store = std::shared_ptr<ChatHistoryStore>;

template <class T>
Task<T> keeping([[maybe_unused]] Store store, Task<T> task) {
  if constexpr (std::is_void_v<T>)
    co_await std::move(task);
  else
    co_return co_await std::move(task);
}

Task<> nothing_to_do() { co_return; }

void check_session(const std::string& session) {
  if (session.empty() || !utf8::is_valid(session) || session.find('\0') != session.npos)
    throw Error(ErrorKind::validation,
                "a session's name must be UTF-8 and neither empty nor hold a NUL byte");
}

}  // namespace

ChatMessageHistory::ChatMessageHistory()
    : store_(std::make_shared<InMemoryChatHistoryStore>()), session_("default") {}

ChatMessageHistory::ChatMessageHistory(std::shared_ptr<ChatHistoryStore> store, std::string session)
    : store_(std::move(store)), session_(std::move(session)) {
  if (!store_) throw Error(ErrorKind::config, "a ChatMessageHistory needs a store; this is null");
  check_session(session_);
}

Task<Messages> ChatMessageHistory::amessages(HistoryPage page, Context context) const {
  return keeping(store_, store_->read(session_, page, std::move(context)));
}

Messages ChatMessageHistory::messages(HistoryPage page, Context context) const {
  Runtime& runtime = context.runtime();
  return block_on(amessages(page, std::move(context)), runtime);
}

Task<std::size_t> ChatMessageHistory::asize(Context context) const {
  return keeping(store_, store_->count(session_, std::move(context)));
}

std::size_t ChatMessageHistory::size(Context context) const {
  Runtime& runtime = context.runtime();
  return block_on(asize(std::move(context)), runtime);
}

Task<> ChatMessageHistory::aadd_messages(Messages messages, Context context) const {
  if (messages.empty()) return nothing_to_do();
  return keeping(store_, store_->append(session_, std::move(messages), std::move(context)));
}

void ChatMessageHistory::add_messages(Messages messages, Context context) const {
  Runtime& runtime = context.runtime();
  block_on(aadd_messages(std::move(messages), std::move(context)), runtime);
}

void ChatMessageHistory::add_message(Message message, Context context) const {
  add_messages(Messages(1, std::move(message)), std::move(context));
}

void ChatMessageHistory::add_user_message(std::string text, Context context) const {
  add_message(user(std::move(text)), std::move(context));
}

void ChatMessageHistory::add_ai_message(std::string text, Context context) const {
  add_message(assistant(std::move(text)), std::move(context));
}

Task<> ChatMessageHistory::aclear(Context context) const {
  return keeping(store_, store_->erase(session_, std::move(context)));
}

void ChatMessageHistory::clear(Context context) const {
  Runtime& runtime = context.runtime();
  block_on(aclear(std::move(context)), runtime);
}

}  // namespace v0
}  // namespace lian
