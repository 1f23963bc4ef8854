#include <memory>
#include <utility>

#include "lian/core/error.hpp"
#include "lian/core/utf8.hpp"
#include "model/provider/json_text.hpp"
#include "model/provider/openai.hpp"
#include "model/provider/openai_error.hpp"
#include "model/provider/openai_finish.hpp"
#include "model/provider/openai_reader.hpp"

namespace lian {
inline namespace v0 {
namespace {

constexpr std::size_t kPadding = 64;

bool is_blank(std::string_view text) {
  return text.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

// The sign that ends a stream is "[DONE]". A reply of text counts as complete with it even if the
// finish reason is missing; one with tool calls does not.
class OpenAIStreamDecoder : public ChatStreamDecoder {
 public:
  explicit OpenAIStreamDecoder(const OpenAIDialect& dialect)
      : reader_(OpenAIReader::make(dialect)), dialect_(dialect) {}

  bool decode(const StreamEvent& event, ChatPiece& piece) override {
    const std::string_view data = event.data;
    clear(piece);
    if (done_ || is_blank(data)) return false;
    if (event.type == "error") throw openai_error_in_reply(data, dialect_);
    if (data.starts_with("[DONE]")) {
      done_ = true;
      piece.tool_calls.clear();
      return add_missing_finish(piece);
    }
    reader_->read(data, OpenAIReader::Kind::chunk, piece);
    if (!piece.extra.is_null()) read_groq(piece.extra["x_groq"], piece);
    return holds_something(piece);
  }

  bool next(ChatPiece& piece) override { return reader_->next(piece); }

  bool complete() const noexcept override {
    if (!reader_->any_choice()) return false;
    if (done_ && (dialect_.accept_missing_finish || !reader_->any_tool_call())) return true;
    if (!reader_->all_finished()) return false;
    return done_ || (dialect_.accept_missing_done && !reader_->any_tool_call());
  }

  bool finished() const noexcept override { return done_; }

 private:
  // Keeps the fragments' strings: the reader uses them again.
  void clear(ChatPiece& piece) {
    spare_calls_.swap(piece.tool_calls);
    piece.clear();
    spare_calls_.swap(piece.tool_calls);
  }

  bool add_missing_finish(ChatPiece& piece) const {
    if (!dialect_.accept_missing_finish || !reader_->any_choice() || reader_->all_finished())
      return false;
    piece.finish_reason = missing_finish_reason(reader_->any_tool_call());
    return true;
  }

  // Groq tells beside the choices what a stream has used, and why it ends early.
  void read_groq(const Json& beside, ChatPiece& piece) const {
    if (!beside.is_object()) return;
    if (beside["error"].is_string()) {
      const Json error = Json::object({{"error", beside["error"]}});
      throw openai_error_in_reply(error.dump(), dialect_);
    }
    const Json input = beside["usage"]["prompt_tokens"];
    const Json output = beside["usage"]["completion_tokens"];
    if (piece.usage || !input.is_integer() || !output.is_integer()) return;
    piece.usage = Usage(input.as_int(), output.as_int());
  }

  static bool holds_something(const ChatPiece& piece) {
    return !piece.text.empty() || !piece.tool_calls.empty() || !piece.reasoning.empty() ||
           !piece.raw_finish_reason.empty() || piece.usage || !piece.refusal.empty() ||
           !piece.id.empty() || !piece.model.empty() || !piece.logprobs.empty() ||
           !piece.refusal_logprobs.empty() || !piece.parts.empty() || !piece.extra.is_null();
  }

  std::unique_ptr<OpenAIReader> reader_;
  OpenAIDialect dialect_;
  bool done_ = false;
  std::vector<ToolCallPiece> spare_calls_;
};

}  // namespace

std::unique_ptr<ChatStreamDecoder> OpenAIChatCodec::decoder(const ChatRequest&) const {
  return std::make_unique<OpenAIStreamDecoder>(dialect_);
}

AIMessage OpenAIChatCodec::decode(const HttpReply& reply) const {
  std::string copy;
  std::string_view body = reply.body;
  if (!utf8::is_valid(body)) body = copy = utf8::repair(body);
  if (is_blank(body)) throw_not_json(dialect_.name, body, 0, {});
  if (reply.body.capacity() < reply.body.size() + kPadding || !copy.empty()) {
    copy.assign(body);
    copy.reserve(copy.size() + kPadding);
    body = copy;
  }

  const auto reader = OpenAIReader::make(dialect_);
  AIMessage message;
  ChatPiece piece;
  reader->read(body, OpenAIReader::Kind::reply, piece);
  do {
    if (piece.raw_finish_reason.empty() && !dialect_.accept_missing_finish) {
      throw_not_json(dialect_.name, body, 0, "a choice has no finish_reason");
    }
    if (piece.finish_reason == FinishReason::none)
      piece.finish_reason = missing_finish_reason(!piece.tool_calls.empty());
    piece.provider = dialect_.name;
    append(message, std::move(piece));
    piece.clear();
  } while (reader->next(piece));
  finish(message);
  return message;
}

ApiError OpenAIChatCodec::classify(const HttpReply& reply, const Endpoint& endpoint) const {
  return openai_error(reply, endpoint, dialect_);
}

}  // namespace v0
}  // namespace lian
