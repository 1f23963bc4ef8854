#pragma once

#include <chrono>
#include <cstddef>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "lian/core/function.hpp"
#include "lian/model/chat_model.hpp"

namespace lian {
inline namespace v0 {
namespace testing {

/// One reply of a script: a message, or an error thrown on purpose. Chained setters. Regular value.
class LIAN_API ScriptedReply {
 public:
  ScriptedReply() = default;
  ScriptedReply(const char* text) : ScriptedReply(std::string(text)) {}
  ScriptedReply(std::string text);
  ScriptedReply(AIMessage message) : message_(std::move(message)) {}
  /// Throws a copy of it instead of answering.
  explicit ScriptedReply(const Error& error) : error_(error.copy()) {}

  /// Adds a call of a tool; `arguments` is JSON text, sent as it is, be it broken.
  ScriptedReply& call(std::string name, std::string arguments, std::string id = {});
  ScriptedReply& usage(std::int64_t input_tokens, std::int64_t output_tokens);
  /// Why the model stopped; default stop, or tool_calls when it calls tools.
  ScriptedReply& finish(FinishReason reason);
  /// The pieces of the text when streamed; default: words with the white space before them.
  ScriptedReply& pieces(std::vector<std::string> texts);
  /// Streamed, throws `error` instead of the piece of that number (from 0); at the end when there
  /// are fewer. Not streamed, throws it as well (LangChain's error_on_chunk_number).
  ScriptedReply& fail_at_piece(std::size_t number, const Error& error);
  /// Waits before the reply begins.
  ScriptedReply& after(std::chrono::nanoseconds wait) { return wait_ = wait, *this; }

 private:
  friend class ScriptedChatStep;
  AIMessage message_;
  std::vector<std::string> pieces_;
  std::exception_ptr error_;
  std::optional<std::size_t> error_piece_;
  std::optional<FinishReason> finish_;
  std::chrono::nanoseconds wait_{0};
};

/// A chat model that answers from a script, with no network (LangChain's FakeListChatModel and
/// GenericFakeChatModel). It records what it was asked. Copies and models bound from it share script
/// and record. Thread-safe; calls take replies in the order in which they begin.
class LIAN_API ScriptedChatModel : public ChatModel {
 public:
  using Reply = Function<ScriptedReply(const ChatRequest& request) const>;

  /// `cycle`: begins anew behind the last reply; else a further call is Error{config}.
  explicit ScriptedChatModel(std::vector<ScriptedReply> replies, bool cycle = false);
  /// Answers with what the function makes of what was asked; it may be called from several threads.
  explicit ScriptedChatModel(Reply reply);

  /// What it was asked, in order: messages, settings and tools as bound, whether streamed.
  std::vector<ChatRequest> requests() const;
  std::size_t calls() const;

 private:
  explicit ScriptedChatModel(std::shared_ptr<struct ScriptState> state);
  std::shared_ptr<struct ScriptState> state_;
};

}  // namespace testing
}  // namespace v0
}  // namespace lian
