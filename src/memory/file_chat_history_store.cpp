#include "lian/memory/file_chat_history_store.hpp"

#include <type_traits>
#include <utility>

#include "lian/core/offload.hpp"
#include "memory/history_file.hpp"

namespace lian {
inline namespace v0 {
namespace {

void warn(HistoryFile& file, const Context& context) {
  for (const std::string& sentence : file.recovered(true)) context.warn("chat_history", sentence);
}

// Runs the work on a thread of its own, and tells what was found damaged and dropped.
template <class Work>
Task<std::invoke_result_t<Work&>> on_file(std::shared_ptr<HistoryFile> file, Work work,
                                          Context context) {
  Task<std::invoke_result_t<Work&>> working = offload(std::move(work));
  if constexpr (std::is_void_v<std::invoke_result_t<Work&>>) {
    co_await std::move(working);
    warn(*file, context);
  } else {
    auto result = co_await std::move(working);
    warn(*file, context);
    co_return result;
  }
}

}  // namespace

FileChatHistoryStore::FileChatHistoryStore(std::string_view path, Context context)
    : file_(std::make_shared<HistoryFile>(path)) {
  warn(*file_, context);
}

FileChatHistoryStore::~FileChatHistoryStore() = default;

std::vector<std::string> FileChatHistoryStore::recovered() const { return file_->recovered(false); }

std::string FileChatHistoryStore::name() const { return "file:" + file_->path(); }

Task<> FileChatHistoryStore::append(std::string session, Messages messages, Context context) {
  auto work = [file = file_, session = std::move(session), messages = std::move(messages)] {
    file->append(session, messages);
  };
  return on_file(file_, std::move(work), std::move(context));
}

Task<Messages> FileChatHistoryStore::read(std::string session, HistoryPage page,
                                          Context context) const {
  auto work = [file = file_, session = std::move(session), page] {
    return file->read(session, page);
  };
  return on_file(file_, std::move(work), std::move(context));
}

Task<std::size_t> FileChatHistoryStore::count(std::string session, Context context) const {
  auto work = [file = file_, session = std::move(session)] { return file->count(session); };
  return on_file(file_, std::move(work), std::move(context));
}

Task<> FileChatHistoryStore::erase(std::string session, Context context) {
  auto work = [file = file_, session = std::move(session)] { file->erase(session); };
  return on_file(file_, std::move(work), std::move(context));
}

Task<std::vector<SessionInfo>> FileChatHistoryStore::list(Context context) const {
  auto work = [file = file_] { return file->sessions(); };
  return on_file(file_, std::move(work), std::move(context));
}

}  // namespace v0
}  // namespace lian
