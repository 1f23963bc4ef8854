#include "lian/memory/with_message_history.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <string_view>
#include <utility>

#include "lian/core/error.hpp"
#include "memory/value_messages.hpp"

namespace lian {
inline namespace v0 {

SessionHistories::SessionHistories(ChatMessageHistory history) : one_(std::move(history)) {}

SessionHistories::SessionHistories(std::shared_ptr<ChatHistoryStore> store)
    : SessionHistories(
          [store](const std::string& session) { return ChatMessageHistory(store, session); }) {
  if (!store) throw Error(ErrorKind::config, "with_message_history: the store is null");
}

ChatMessageHistory SessionHistories::find(const Context& context,
                                          const std::string& session_key) const {
  if (one_) return *one_;
  const Value* session = context.metadata().find(session_key);
  if (session != nullptr && session->text() != nullptr) return (*find_)(*session->text());
  throw Error(ErrorKind::config,
              fmt::format("the call names no session; give it a "
                          "lian::Context().with_metadata(\"{}\", \"the session's name\")",
                          session_key));
}

namespace detail {
namespace {

constexpr std::string_view turns_key = "lian.turns";  // the turns that enclose a run

// One session of one store object.
std::string name_of(const ChatMessageHistory& history) {
  return fmt::format("{}/{}", static_cast<const void*>(history.store().get()), history.session());
}

std::string key_of(const Values& values, const std::string& asked, std::string_view usual) {
  if (!asked.empty()) return asked;
  return values.size() == 1 ? values.begin()->name : std::string(usual);
}

}  // namespace

HistoryTurn::HistoryTurn(const SessionHistories& histories, const MessageHistoryOptions& options,
                         Context context)
    : options_(options),
      context_(std::move(context)),
      history_(histories.find(context_, options.session_key())) {}

HistoryTurn::~HistoryTurn() = default;

bool HistoryTurn::within_itself() const {
  const Value* turns = context_.metadata().find(turns_key);
  const Value::List* list = turns != nullptr ? turns->list() : nullptr;
  return list != nullptr &&
         std::find(list->begin(), list->end(), Value(name_of(history_))) != list->end();
}

Task<> HistoryTurn::begin() {
  if (!within_itself()) {
    turn_ = history_.store()->turn_of(history_.session());
    AsyncMutex::Guard guard;
    {
      auto acquire = turn_->lock();
      guard = co_await acquire;
    }
    guard_ = std::move(guard);
    const Value* turns = context_.metadata().find(turns_key);
    Value::List list =
        turns != nullptr && turns->list() != nullptr ? *turns->list() : Value::List();
    list.emplace_back(name_of(history_));
    context_ = context_.with_metadata(turns_key, Value(std::move(list)));
  }
  Task<Messages> loading = history_.amessages(HistoryPage(), context_);
  past_ = co_await std::move(loading);
}

ChatInput HistoryTurn::with_past(ChatInput in) {
  return ChatInput(with_past(std::move(in.messages)));
}

Messages HistoryTurn::with_past(Messages in) {
  fresh_ = std::move(in);
  Messages all = std::move(past_);
  all.insert(all.end(), fresh_.begin(), fresh_.end());
  return all;
}

Values HistoryTurn::with_past(Values in) {
  const std::string key = key_of(in, options_.input_messages_key(), "input");
  fresh_ = value_messages(in.at(key), Role::user, key);
  if (!options_.history_messages_key().empty())
    return in.set(options_.history_messages_key(), Value(std::move(past_)));
  Messages all = std::move(past_);
  all.insert(all.end(), fresh_.begin(), fresh_.end());
  return in.set(key, Value(std::move(all)));
}

Task<> HistoryTurn::save(const std::string& reply) { return save(Messages{assistant(reply)}); }

Task<> HistoryTurn::save(const Message& reply) { return save(Messages{reply}); }

Task<> HistoryTurn::save(const Messages& reply) {
  Messages all = std::move(fresh_);
  all.insert(all.end(), reply.begin(), reply.end());
  return history_.aadd_messages(std::move(all), context_);
}

Task<> HistoryTurn::save(const Values& reply) {
  const std::string key = key_of(reply, options_.output_messages_key(), "output");
  return save(value_messages(reply.at(key), Role::assistant, key));
}

}  // namespace detail
}  // namespace v0
}  // namespace lian
