#include "lian/model/output_parser.hpp"

namespace lian {
inline namespace v0 {

namespace {

class TextOf final : public Step<AIMessage, std::string> {
 public:
  Task<std::string> run(AIMessage message, Context) const override { co_return message.text(); }

  Stream<std::string> transform(Stream<ChatPiece> in, Context) const override {
    while (ChatPiece* piece = co_await in.next())
      if (piece->choice == 0 && !piece->text.empty()) co_yield piece->text;
  }
  bool streams() const noexcept override { return true; }
  std::string name() const override { return "parser"; }
  StepKind kind() const noexcept override { return StepKind::parser; }
};

}  // namespace

StrOutputParser::StrOutputParser()
    : Runnable<AIMessage, std::string>(std::make_shared<TextOf>()) {}

}  // namespace v0
}  // namespace lian
