#include <memory>
#include <string>

#include "lian/core/error.hpp"
#include "lian/core/utf8.hpp"
#include "model/provider/api_error.hpp"
#include "model/provider/embedding_rows.hpp"
#include "model/provider/json_text.hpp"
#include "model/provider/qwen.hpp"
#include "model/provider/qwen_error.hpp"
#include "model/provider/qwen_reader.hpp"

namespace lian {
inline namespace v0 {

namespace {

// Throws what a reply without output means.
[[noreturn]] void throw_no_output(std::string_view json, std::string_view comments = {}) {
  const Json body = parse_or_null(json);
  if (!scalar_text(body["code"]).empty() || !body["error"].is_null())
    throw qwen_error_in_reply(json, comments);
  throw_not_json("qwen", json, 0, "it has no output");
}

// The stream is complete when every choice has a finish reason; there is no other sign.
class QwenStreamDecoder final : public ChatStreamDecoder {
 public:
  QwenStreamDecoder(bool cumulative, std::size_t choices)
      : reader_(cumulative), expected_(choices) {}

  bool decode(const StreamEvent& event, ChatPiece& piece) override {
    piece.clear();
    if (event.type == "error" || event.type == "bare")
      throw qwen_error_in_reply(event.data, event.other);
    if (event.data.find_first_not_of(" \t\r\n") == std::string_view::npos) return false;
    if (event.data.starts_with("[DONE]")) return false;  // a gateway's
    if (reader_.read(event.data, piece)) return true;
    if (event.type != "result" && event.type != "message") return false;
    throw_no_output(event.data, event.other);
  }
  bool next(ChatPiece& piece) override { return reader_.next(piece); }
  bool complete() const noexcept override {
    return reader_.begun() > 0 && reader_.finished() == reader_.begun();
  }
  bool finished() const noexcept override { return complete() && reader_.begun() >= expected_; }

 private:
  QwenReader reader_;
  std::size_t expected_;
};

}  // namespace

std::unique_ptr<ChatStreamDecoder> QwenChatCodec::decoder(const ChatRequest& request) const {
  const Json& extra = request.options.extra();
  constexpr const char* name = "incremental_output";
  const Json incremental = extra.contains(name) ? extra[name] : extra["parameters"][name];
  const bool cumulative = incremental.is_bool() && !incremental.as_bool();
  return std::make_unique<QwenStreamDecoder>(
      cumulative, static_cast<std::size_t>(request.options.n().value_or(1)));
}

AIMessage QwenChatCodec::decode(const HttpReply& reply) const {
  const std::string repaired = utf8::repair(reply.body);
  try {
    static_cast<void>(Json::parse(repaired));  // whole to its last byte
  } catch (const ParseError& error) {
    throw_not_json("qwen", repaired, error.offset, error.message());
  }
  std::string copy;
  const std::string_view body = padded(repaired, copy);
  QwenReader reader(false);
  ChatPiece piece;
  if (!reader.read(body, piece)) throw_no_output(body);
  if (reader.finished() != reader.begun())
    throw_not_json("qwen", body, 0, "a choice has no finish_reason");
  AIMessage message;
  do {
    append(message, std::move(piece));
    piece.clear();
  } while (reader.next(piece));
  finish(message);
  return message;
}

ApiError QwenChatCodec::classify(const HttpReply& reply, const Endpoint& endpoint) const {
  return qwen_error(reply, endpoint);
}

}  // namespace v0
}  // namespace lian
