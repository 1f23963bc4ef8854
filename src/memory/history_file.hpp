#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "lian/memory/chat_history_store.hpp"
#include "memory/locked_file.hpp"

namespace lian {
inline namespace v0 {

/// The work of a FileChatHistoryStore, immediate. Thread-safe.
class HistoryFile {
 public:
  explicit HistoryFile(std::string_view path);

  void append(const std::string& session, const Messages& messages);
  Messages read(const std::string& session, const HistoryPage& page);
  std::size_t count(const std::string& session);
  void erase(const std::string& session);
  std::vector<SessionInfo> sessions();

  /// What was dropped, a sentence each; those that nobody was told of yet when `fresh`.
  std::vector<std::string> recovered(bool fresh);
  const std::string& path() const noexcept { return file_.path(); }

 private:
  // One line of the file: what one call added.
  struct Line {
    std::uint64_t offset = 0, bytes = 0, number = 0;
    std::size_t messages = 0;
  };
  struct Session {
    std::vector<Line> lines;
    std::size_t messages = 0;
    std::int64_t updated_us = 0;
  };

  // With the mutex and the file's lock held:
  void catch_up(bool alone);
  void begin_file();
  void take_line(std::string_view line);
  void check_header(std::string_view line) const;
  void take_messages(std::string_view line, std::uint64_t number);
  void drop_tail(std::string_view tail, bool alone);
  void add_messages_of(const Line& line, std::size_t first, const HistoryPage& page,
                       std::size_t size, Messages& out) const;
  [[noreturn]] void damaged(std::uint64_t line, std::uint64_t offset, std::string_view how) const;

  std::mutex mutex_;
  LockedFile file_;
  std::uint64_t generation_ = 0;         // of the file that sessions_ is of
  std::uint64_t known_ = 0, lines_ = 0;  // bytes and lines of the file that are in sessions_
  std::uint64_t tail_told_ = 0;          // the size of the file whose cut-off end was told of
  std::map<std::string, Session, std::less<>> sessions_;
  std::vector<std::string> recovered_;
  std::size_t told_ = 0;
};

}  // namespace v0
}  // namespace lian
