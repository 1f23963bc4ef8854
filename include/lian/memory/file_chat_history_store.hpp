#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "lian/memory/chat_history_store.hpp"

namespace lian {
inline namespace v0 {

class HistoryFile;

/// Sessions in one file of JSON lines (LangChain's FileChatMessageHistory, for many sessions): a
/// line names the format, each further one is what one call added, with a checksum. Adding appends
/// a line and waits until it is on the disk; clearing a session writes the file anew without it.
/// Several handles and processes may use the file at once: each works alone, under a lock of the
/// file's, and sees what the others did. The places of the lines are held in memory, the messages
/// are not.
///
/// After a kill the file may end within a line whose call had not returned: that line is dropped,
/// with a warning event and an entry in `recovered()`. Anything else that is not as it was written
/// is Error{storage} naming file, line and byte; so is a file of another version of lian.
/// Thread-safe; work runs on the Runtime's threads for blocking work.
class LIAN_API FileChatHistoryStore final : public ChatHistoryStore {
 public:
  /// Opens the file, or makes it, readable by its owner alone, and checks it. Blocks. A file that
  /// cannot be written is only read. Throws Error{storage}, Error{config}.
  explicit FileChatHistoryStore(std::string_view path, Context context = Context());
  ~FileChatHistoryStore() override;

  /// A sentence for each line that was cut off and dropped since the file was opened.
  std::vector<std::string> recovered() const;
  std::string name() const override;

 private:
  Task<> append(std::string session, Messages messages, Context context) override;
  Task<Messages> read(std::string session, HistoryPage page, Context context) const override;
  Task<std::size_t> count(std::string session, Context context) const override;
  Task<> erase(std::string session, Context context) override;
  Task<std::vector<SessionInfo>> list(Context context) const override;

  std::shared_ptr<HistoryFile> file_;
};

}  // namespace v0
}  // namespace lian
