/// A chat model and a retriever that do as they are told.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "lian/core/pipe.hpp"
#include "lian/core/sleep.hpp"
#include "lian/data/retriever.hpp"
#include "lian/model/chat_model.hpp"

namespace lian::test {

/// What a scripted model does and what it was asked.
struct Script {
  std::vector<std::string> pieces;
  std::optional<Error> error;  ///< thrown behind the pieces
  bool stalls = false;         ///< never ends behind the pieces
  std::vector<Messages> asked;
};

class ScriptedChat final : public ChatStep {
 public:
  explicit ScriptedChat(std::shared_ptr<Script> script) : script_(std::move(script)) {}
  std::string name() const override { return "scripted"; }
  bool streams() const noexcept override { return true; }
  std::shared_ptr<const ChatStep> with_options(const ChatOptions&) const override {
    return std::make_shared<ScriptedChat>(script_);
  }

  Task<AIMessage> run(ChatInput in, Context context) const override {
    Stream<ChatPiece> pieces =
        transform(detail::split_stream<ChatInput>(std::move(in)), std::move(context));
    Task<AIMessage> joining = join<AIMessage>(std::move(pieces));
    co_return co_await std::move(joining);
  }

  Stream<ChatPiece> transform(Stream<ChatInput> in, Context) const override {
    Task<ChatInput> joining = join<ChatInput>(std::move(in));
    ChatInput input = co_await std::move(joining);
    script_->asked.push_back(std::move(input.messages));
    ChatPiece piece;
    for (const std::string& text : script_->pieces) {
      piece.clear();
      piece.text = text;
      co_yield piece;
    }
    if (script_->stalls) {
      Sleep sleeping = lian::sleep(std::chrono::hours(1));
      co_await sleeping;
    }
    if (script_->error) throw Error(*script_->error);
    piece.clear();
    piece.usage = Usage(20, 3);
    piece.model = "scripted-1";
    piece.finish_reason = FinishReason::stop;
    co_yield piece;
  }

 private:
  std::shared_ptr<Script> script_;
};

inline ChatModel scripted(std::shared_ptr<Script> script) {
  return ChatModel(std::make_shared<ScriptedChat>(std::move(script)));
}

/// Gives these documents, whatever is asked.
inline Retriever fixed_retriever(Documents documents) {
  return step([documents](std::string) { return documents; }, "retriever");
}

inline Document document(std::string text, std::string source, std::uint64_t byte_begin = 0,
                         std::uint64_t line_begin = 1) {
  Document result(std::move(text));
  result.metadata.set("source", std::move(source));
  const auto lines = static_cast<std::uint64_t>(
      std::count(result.text.begin(), result.text.end(), '\n'));
  result.span = Span(byte_begin, byte_begin + result.text.size(), line_begin, line_begin + lines);
  return result;
}

}  // namespace lian::test
