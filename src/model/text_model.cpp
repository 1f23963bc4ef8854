#include "lian/model/text_model.hpp"

#include <utility>

namespace lian {
inline namespace v0 {

namespace {

// Text in and out of a model that speaks messages.
class TextStep final : public Step<std::string, std::string> {
 public:
  explicit TextStep(ChatModel chat) : chat_(std::move(chat)) {}

  Task<std::string> run(std::string prompt, Context context) const override {
    ChatInput input(std::move(prompt));
    Task<AIMessage> asking = chat_.ainvoke(std::move(input), std::move(context));
    const AIMessage message = co_await std::move(asking);
    co_return message.text();
  }
  Stream<std::string> transform(Stream<std::string> in, Context context) const override {
    Task<std::string> joining = join<std::string>(std::move(in));
    std::string prompt = co_await std::move(joining);
    ChatInput input(std::move(prompt));
    Stream<ChatPiece> pieces = chat_.astream(std::move(input), std::move(context));
    while (ChatPiece* piece = co_await pieces.next())
      if (piece->choice == 0 && !piece->text.empty()) co_yield piece->text;
  }
  bool streams() const noexcept override { return chat_.step()->streams(); }
  bool is_sequence() const noexcept override { return true; }  // the model names itself
  StepKind kind() const noexcept override { return StepKind::chat_model; }
  std::string name() const override { return "text"; }

 private:
  ChatModel chat_;
};

}  // namespace

TextModel::TextModel(std::shared_ptr<const ChatStep> step)
    : TextModel(ChatModel(std::move(step))) {}

TextModel::TextModel(const ChatModel& model)
    : Runnable<std::string, std::string>(std::make_shared<TextStep>(model)), chat_(model) {}

TextModel TextModel::bind(const ChatOptions& options) const {
  return TextModel(chat_.bind(options));
}

TextModel TextModel::with_retry(int attempts) const {
  return TextModel(chat_.with_retry(attempts));
}

TextModel TextModel::with_timeout(std::chrono::nanoseconds limit) const {
  return TextModel(chat_.with_timeout(limit));
}

TextModel TextModel::with_fallbacks(std::vector<TextModel> others) const {
  std::vector<ChatModel> chats;
  for (TextModel& other : others) chats.push_back(std::move(other.chat_));
  return TextModel(chat_.with_fallbacks(std::move(chats)));
}

}  // namespace v0
}  // namespace lian
