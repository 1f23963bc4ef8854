#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "lian/memory/chat_history_store.hpp"

namespace lian {
inline namespace v0 {

/// The messages of one session (LangChain's BaseChatMessageHistory). A cheap handle: copies, and
/// handles of the same session and store, see the same messages. The blocking functions lease a
/// loop and drive it on the calling thread. Throws what the store throws. Thread-safe.
class LIAN_API ChatMessageHistory {
 public:
  /// A history in memory, of its own.
  ChatMessageHistory();
  /// The session of that name, which may be new. Throws Error{validation} for a name that is empty
  /// or not UTF-8.
  ChatMessageHistory(std::shared_ptr<ChatHistoryStore> store, std::string session);

  /// All messages, or some, in the order in which they were added.
  Messages messages(HistoryPage page = HistoryPage(), Context context = Context()) const;
  Task<Messages> amessages(HistoryPage page = HistoryPage(), Context context = Context()) const;
  /// How many messages there are.
  std::size_t size(Context context = Context()) const;
  Task<std::size_t> asize(Context context = Context()) const;

  /// Adds all messages or, when it throws, none, and returns when they are stored for good. Who is
  /// cancelled meanwhile does not know which.
  void add_messages(Messages messages, Context context = Context()) const;
  Task<> aadd_messages(Messages messages, Context context = Context()) const;
  void add_message(Message message, Context context = Context()) const;
  void add_user_message(std::string text, Context context = Context()) const;
  void add_ai_message(std::string text, Context context = Context()) const;

  /// Forgets the session.
  void clear(Context context = Context()) const;
  Task<> aclear(Context context = Context()) const;

  const std::string& session() const noexcept { return session_; }
  const std::shared_ptr<ChatHistoryStore>& store() const noexcept { return store_; }

 private:
  std::shared_ptr<ChatHistoryStore> store_;
  std::string session_;
};

}  // namespace v0
}  // namespace lian
