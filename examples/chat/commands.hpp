#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "lian/memory/chat_message_history.hpp"

/// The session that is talked in, and what can be done with it and the others by /commands.
class Sessions {
 public:
  Sessions(std::shared_ptr<lian::ChatHistoryStore> store, std::string session);

  const std::string& current() const noexcept { return history_.session(); }
  const lian::ChatMessageHistory& history() const noexcept { return history_; }

  /// Runs a line that begins with '/'; false when it ends the program. Throws lian::Error for a
  /// command that is wrong.
  bool run(std::string_view line);

 private:
  void begin(std::string name);
  void list() const;
  void show(std::string_view count) const;

  std::shared_ptr<lian::ChatHistoryStore> store_;
  lian::ChatMessageHistory history_;
};
