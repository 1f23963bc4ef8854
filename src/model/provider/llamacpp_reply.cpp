#include <memory>
#include <string>
#include <utility>

#include "lian/core/error.hpp"
#include "lian/core/utf8.hpp"
#include "model/provider/api_error.hpp"
#include "model/provider/embedding_rows.hpp"
#include "model/provider/json_fields.hpp"
#include "model/provider/json_text.hpp"
#include "model/provider/llamacpp.hpp"
#include "model/provider/openai_error.hpp"

namespace lian {
inline namespace v0 {

namespace {

constexpr std::string_view provider = "llamacpp";

FinishReason finish_reason(std::string_view word) {
  if (word == "eos" || word == "word") return FinishReason::stop;
  if (word == "limit") return FinishReason::length;
  return FinishReason::other;
}

// Reads replies of /completion and /infill, whole ones and events alike. Not thread-safe.
class CompletionReader {
 public:
  // `json` has 64 readable bytes behind its end; `piece` must be clear. Throws ApiError,
  // ParseError.
  void read(std::string_view json, ChatPiece& piece) {
    bool is_reply = false, is_error = false;
    json_.read(json, [&](const JsonValue& top) {
      top.fields([&](const JsonKey& key, const JsonValue& value) {
        if (key == "error")
          is_error = !value.is_null();
        else if (key == "content")
          is_reply = true, value.append_to(piece.text);
        else
          read_field(key, value, piece);
      });
    });
    if (is_error || (!is_reply && is_openai_error(json)))
      throw openai_error_in_reply(json, named(provider));
    if (!is_reply) throw_not_json(provider, json, 0, "it has no content");
    if (stopped_) end(piece);
  }
  bool stopped() const noexcept { return stopped_; }

 private:
  void read_field(const JsonKey& key, const JsonValue& value, ChatPiece& piece) {
    if (key == "stop") {
      stopped_ = value.boolean();
    } else if (key == "tokens_evaluated") {
      usage_.input_tokens = value.integer();
    } else if (key == "tokens_predicted") {
      usage_.output_tokens = value.integer();
    } else if (key == "stop_type") {
      value.assign_to(piece.raw_finish_reason);
    } else if (key == "stopped_eos") {
      if (value.boolean()) piece.raw_finish_reason = "eos";
    } else if (key == "stopped_word") {
      if (value.boolean()) piece.raw_finish_reason = "word";
    } else if (key == "stopped_limit") {
      if (value.boolean()) piece.raw_finish_reason = "limit";
    } else if (key == "completion_probabilities") {
      read_logprobs(value, piece.logprobs);
    } else if (stopped_) {  // the events between say it too
      read_end_field(key, value, piece);
    }
  }

  void read_end_field(const JsonKey& key, const JsonValue& value, ChatPiece& piece) {
    if (key == "model") return value.assign_to(piece.model);
    keep_field(key, value, piece.extra);
    if (!(key == "timings")) return;
    const Json cached = piece.extra["timings"]["cache_n"];
    if (cached.is_integer()) usage_.cached_tokens = cached.as_int();
  }

  void end(ChatPiece& piece) {
    usage_.total_tokens = usage_.input_tokens + usage_.output_tokens;
    piece.usage = usage_;
    piece.finish_reason = finish_reason(piece.raw_finish_reason);
  }

  JsonReader json_{provider};
  Usage usage_;
  bool stopped_ = false;
};

class CompletionStreamDecoder final : public ChatStreamDecoder {
 public:
  bool decode(const StreamEvent& event, ChatPiece& piece) override {
    piece.clear();
    if (event.type == "error" || event.type == "bare")
      throw openai_error_in_reply(event.data, named(provider));
    if (event.data.starts_with("[DONE]")) return false;
    reader_.read(event.data, piece);
    return !piece.text.empty() || !piece.logprobs.empty() || reader_.stopped();
  }
  bool complete() const noexcept override { return reader_.stopped(); }
  bool finished() const noexcept override { return reader_.stopped(); }

 private:
  CompletionReader reader_;
};

}  // namespace

std::unique_ptr<ChatStreamDecoder> LlamaCppCompletionCodec::decoder(const ChatRequest&) const {
  return std::make_unique<CompletionStreamDecoder>();
}

AIMessage LlamaCppCompletionCodec::decode(const HttpReply& reply) const {
  const std::string repaired = utf8::repair(reply.body);
  try {
    static_cast<void>(Json::parse(repaired));  // whole to its last byte
  } catch (const ParseError& error) {
    throw_not_json(provider, repaired, error.offset, error.message());
  }
  std::string copy;
  const std::string_view body = padded(repaired, copy);
  CompletionReader reader;
  ChatPiece piece;
  reader.read(body, piece);
  if (!reader.stopped()) throw_not_json(provider, body, 0, "it did not stop");
  AIMessage message;
  append(message, std::move(piece));
  finish(message);
  return message;
}

ApiError LlamaCppCompletionCodec::classify(const HttpReply& reply, const Endpoint& endpoint) const {
  return openai_error(reply, endpoint);
}

std::int64_t LlamaCppCompletionCodec::decode_count(const HttpReply& reply) const {
  const std::string body = utf8::repair(reply.body);
  const Json tokens = parse_or_null(body)["tokens"];
  if (tokens.is_array()) return static_cast<std::int64_t>(tokens.size());
  if (is_openai_error(body)) throw openai_error_in_reply(body, named(provider));
  throw_not_json(provider, body, 0, "it has no tokens");
}

}  // namespace v0
}  // namespace lian
