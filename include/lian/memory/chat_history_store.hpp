#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "lian/core/async_mutex.hpp"
#include "lian/core/context.hpp"
#include "lian/core/message.hpp"
#include "lian/core/task.hpp"

namespace lian {
inline namespace v0 {

namespace detail {
class HistoryTurn;
}

/// Which messages of a session are wanted; chained setters. Default: all. They always come in the
/// order in which they were added. Regular value.
class LIAN_API HistoryPage {
 public:
  HistoryPage() = default;
  /// How many messages to pass over; default 0.
  HistoryPage& offset(std::size_t n) { return offset_ = n, *this; }
  /// How many messages to give at most; default all.
  HistoryPage& limit(std::size_t n) { return limit_ = n, *this; }
  /// Counts `offset` and `limit` from the newest message backwards; default false.
  HistoryPage& newest(bool v) { return newest_ = v, *this; }

  std::size_t offset() const noexcept { return offset_; }
  const std::optional<std::size_t>& limit() const noexcept { return limit_; }
  bool newest() const noexcept { return newest_; }
  /// The places [first, second) of a session that holds `size` messages.
  std::pair<std::size_t, std::size_t> range(std::size_t size) const noexcept;

 private:
  std::size_t offset_ = 0;
  std::optional<std::size_t> limit_;
  bool newest_ = false;
};

/// A session that holds messages.
struct SessionInfo {
  SessionInfo() = default;
  std::string id;
  std::size_t messages = 0;
  /// When messages were last added, microseconds since the Unix epoch.
  std::int64_t updated_us = 0;
  friend bool operator==(const SessionInfo&, const SessionInfo&) = default;
};

/// Where the messages of many sessions are kept; what an implementer of a history derives from.
/// Users hold a ChatMessageHistory, which is one session of a store. Thread-safe.
///
/// A store keeps these promises: messages come back as they were, in the order in which they were
/// added; those added by one call are all there, next to each other, or none; when the call has
/// returned they are stored for good; text that is not UTF-8 is refused with Error{validation};
/// what cannot be read or written is Error{storage} that names the file.
class LIAN_API ChatHistoryStore {
 public:
  ChatHistoryStore();
  virtual ~ChatHistoryStore();
  ChatHistoryStore(const ChatHistoryStore&) = delete;
  ChatHistoryStore& operator=(const ChatHistoryStore&) = delete;

  /// The sessions that hold messages, the last used first. The blocking form leases a loop.
  std::vector<SessionInfo> sessions(Context context = Context()) const;
  Task<std::vector<SessionInfo>> asessions(Context context = Context()) const;
  /// Appears in errors and events.
  virtual std::string name() const = 0;

 private:
  friend class ChatMessageHistory;
  friend class detail::HistoryTurn;
  // `session` is not empty and UTF-8, `messages` not empty.
  virtual Task<> append(std::string session, Messages messages, Context context) = 0;
  virtual Task<Messages> read(std::string session, HistoryPage page, Context context) const = 0;
  virtual Task<std::size_t> count(std::string session, Context context) const = 0;
  virtual Task<> erase(std::string session, Context context) = 0;
  virtual Task<std::vector<SessionInfo>> list(Context context) const = 0;

  // The lock that turns of the session are run under; to be kept as long as it is held.
  std::shared_ptr<const AsyncMutex> turn_of(const std::string& session) const;

  struct Turns;
  std::unique_ptr<Turns> turns_;
};

}  // namespace v0
}  // namespace lian
