#include <utility>

#include "model/provider/gemini.hpp"
#include "model/provider/gemini_reader.hpp"
#include "model/provider/json_text.hpp"

namespace lian {
inline namespace v0 {
namespace {

constexpr std::size_t kPadding = 64;

bool holds_something(const ChatPiece& piece) {
  return !piece.text.empty() || !piece.reasoning.empty() || !piece.tool_calls.empty() ||
         !piece.parts.empty() || !piece.places.empty() || !piece.raw_finish_reason.empty() ||
         piece.usage || !piece.id.empty() || !piece.model.empty() || !piece.logprobs.empty() ||
         !piece.extra.is_null();
}

class GeminiStreamDecoder final : public ChatStreamDecoder {
 public:
  GeminiStreamDecoder(std::string_view provider, Framing framing)
      : reader_(provider), in_array_(framing == Framing::json_array) {}

  bool decode(const StreamEvent& event, ChatPiece& piece) override {
    piece.clear();
    if (in_array_ && event.type == "end") {
      ended_ = true;
      return false;
    }
    if (event.data.find_first_not_of(" \t\r\n") == std::string_view::npos) return false;
    reader_.read(event.data, piece);
    return holds_something(piece);
  }
  bool next(ChatPiece& piece) override { return reader_.next(piece); }
  void ended() override { ended_ = ended_ || !in_array_; }
  bool complete() const noexcept override { return ended_ && reader_.finished(); }
  bool finished() const noexcept override { return in_array_ && ended_; }

 private:
  GeminiReader reader_;
  bool in_array_, ended_ = false;
};

}  // namespace

std::unique_ptr<ChatStreamDecoder> GeminiChatCodec::decoder(const ChatRequest&) const {
  return std::make_unique<GeminiStreamDecoder>(provider_, framing_);
}

// One response, or the chunks of a stream that a server answered with as one array.
AIMessage GeminiChatCodec::decode(const HttpReply& reply) const {
  const Json root = google_reply(reply, provider_);
  GeminiReader reader(provider_);
  AIMessage message;
  ChatPiece piece;
  const std::vector<Json> responses = root.is_array() ? root.items() : std::vector<Json>{root};
  for (const Json& response : responses) {
    std::string text = response.dump();
    text.reserve(text.size() + kPadding);
    piece.clear();
    reader.read(text, piece);
    do {
      piece.provider = provider_;
      append(message, std::move(piece));
      piece.clear();
    } while (reader.next(piece));
  }
  if (!reader.finished())
    throw_not_json(provider_, reply.body, 0, "no candidate with a finishReason");
  finish(message);
  return message;
}

}  // namespace v0
}  // namespace lian
